package io.helios.repl.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.postgres.Lsn;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Fences, step by step; what they are for is shown on real servers. */
class HorizonTest {

  private final Horizon horizon = new Horizon(Duration.ofMinutes(15), List.of());

  private static PollMoment moment(boolean standby, long micros) {
    return new PollMoment(90, 100, "now", "later", micros, Lsn.parse("0/1"), Lsn.parse("0/1"), standby);
  }

  private static RunningTransactions running(Set<String> virtual, Set<String> prepared) {
    return new RunningTransactions(virtual, prepared, Long.MIN_VALUE, 0);
  }

  @Test
  void whoIsGoneAndMayHaveBeenPreparedIsWaitedForUnderItsOtherName() {
    horizon.note(Map.of(1, "m"), moment(false, 0), running(Set.of("3/1"), Set.of()));
    assertThat(horizon.isDue(moment(false, 0))).isFalse();
    horizon.look(running(Set.of("3/1"), Set.of("7")));
    assertThat(horizon.risen()).isEmpty();
    horizon.look(running(Set.of("3/2"), Set.of("7", "8")));
    assertThat(horizon.risen()).isEmpty();
    horizon.look(running(Set.of("3/2"), Set.of("8", "9"))); // 9 is newer
    assertThat(horizon.risen()).isEmpty();
    horizon.look(running(Set.of("3/2"), Set.of("9")));
    assertThat(horizon.risen()).containsExactly(Map.entry(1, "m"));
    assertThat(horizon.isDue(moment(false, 0))).isTrue();
  }

  @Test
  void atAStandbyTheReplayMustBePastTheLongestTransactionAndEveryOlderOneOver() {
    long minute = Duration.ofMinutes(1).toNanos() / 1000;
    horizon.note(Map.of(1, "m"), moment(true, 0), new RunningTransactions(Set.of(), Set.of(), -5, 90));
    horizon.look(new RunningTransactions(Set.of(), Set.of(), 15 * minute, 100));
    assertThat(horizon.risen()).as("the margin").isEmpty();
    horizon.look(new RunningTransactions(Set.of(), Set.of(), 16 * minute, 99));
    assertThat(horizon.risen()).as("an older one is in progress").isEmpty();
    assertThat(horizon.isDue(moment(true, minute))).isFalse();
    assertThat(horizon.isDue(moment(true, 2 * minute))).isTrue();
    horizon.look(new RunningTransactions(Set.of(), Set.of(), 16 * minute, 100));
    assertThat(horizon.risen()).containsEntry(1, "m");
  }

  @Test
  void idsAreWidenedAcrossTheEndOfAnEpoch() {
    long epoch = 1L << 32;
    SeenRows seen = new SeenRows(epoch - 10);
    PollMoment poll = new PollMoment(epoch - 2, epoch + 5, "now", "later", 0, Lsn.INVALID, Lsn.INVALID, false);
    seen.begin(poll);
    assertThat(seen.span()).isEqualTo(14);
    seen.add(epoch - 1); // as 32 bits
    seen.add(3);
    seen.complete(poll);
    assertThat(seen.below()).isEqualTo(epoch - 2);
    assertThat(seen.bits()).isEqualTo(new byte[] {(byte) 0b0010_0010});
  }
}
