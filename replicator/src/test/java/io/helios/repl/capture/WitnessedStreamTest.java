package io.helios.repl.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.relay.Provenance;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** The last transaction captured stood at 180, and the journal goes to 200. */
class WitnessedStreamTest {

  private final ScriptedWalStream server = new ScriptedWalStream();
  private final WitnessedStream stream =
      new WitnessedStream(server, "shop", new Provenance(7, 1, 180, 5, 9), new Lsn(200));

  private static ByteBuffer begin(long commitLsn, long micros, int xid) {
    return ByteBuffer.allocate(21).put((byte) 'B').putLong(commitLsn).putLong(micros).putInt(xid).flip();
  }

  private void refused() {
    assertThatThrownBy(() -> {
          while (!server.isSpent()) {
            stream.poll();
          }
          stream.poll();
        })
        .isInstanceOfSatisfying(
            OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.SOURCE_HISTORY));
    assertThat(server.released()).isEqualTo(Lsn.INVALID);
  }

  @Test
  void theSameTransactionAgainAndThenNewOnesIsTheHistoryThatWasCaptured() {
    server.say(begin(100, 1, 1), begin(180, 5, 9), begin(200, 6, 10), begin(260, 7, 11));
    for (int i = 0; i < 4; i++) {
      assertThat(stream.poll()).isNotNull();
    }
    server.keepAliveAt(300);
    assertThat(stream.receivedUpTo()).isEqualTo(new Lsn(300));
  }

  @Test
  void nothingIsToldOfOrReleasedBeforeItIsKnownWhoseHistoryItIs() {
    server.say(begin(180, 5, 9)).silence();
    server.keepAliveAt(190);
    stream.release(new Lsn(150), false);
    stream.poll();
    stream.poll();
    assertThat(stream.receivedUpTo()).isEqualTo(Lsn.INVALID);
    assertThat(stream.mayRelease()).isFalse();
    server.keepAliveAt(200);
    stream.poll();
    assertThat(stream.receivedUpTo()).isEqualTo(new Lsn(200));
    assertThat(stream.mayRelease()).isTrue();
    assertThat(server.released()).as("what might go then may have to stay now").isEqualTo(Lsn.INVALID);
    stream.release(new Lsn(140), false);
    assertThat(server.released()).isEqualTo(new Lsn(140));
  }

  @Test
  void anotherTransactionInItsPlaceIsAnotherHistory() {
    server.say(begin(180, 6, 9));
    refused();
  }

  @Test
  void anotherTransactionIdInItsPlaceIsAnotherHistory() {
    server.say(begin(180, 5, 8));
    refused();
  }

  @Test
  void aLaterTransactionWithoutItIsAnotherHistory() {
    server.say(begin(100, 1, 1), begin(210, 6, 10));
    refused();
  }

  @Test
  void aTransactionWhereThereWasNoneIsAnotherHistory() {
    server.say(begin(180, 5, 9), begin(190, 6, 10));
    refused();
  }

  @Test
  void silenceBeyondItWithoutItIsAnotherHistory() {
    server.silence();
    server.keepAliveAt(181);
    refused();
  }
}
