package io.helios.repl.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class FrameWireTest {

  private static final UUID TENANT = new UUID(-5, 6);

  private static Frame frame(long sequence, int sealed) {
    byte[] bytes = new byte[sealed];
    byte[] salt = new byte[32];
    new Random(sequence).nextBytes(bytes);
    new Random(-sequence).nextBytes(salt);
    return new Frame(
        new FrameHeader(TENANT, FrameHeader.STREAM, 3, 7, 1, 9, 4, sequence, -9, -8, 0, 0, true, 2, 1, sealed, sealed), salt, bytes);
  }

  @Test
  void framesArriveAsTheyAreInTheJournal() {
    List<Frame> sent = List.of(frame(1, 20), frame(2, 5_000));
    List<Frame> came = FrameWire.decodeFrames(FrameWire.encode(sent));
    assertThat(came).hasSameSizeAs(sent);
    for (int i = 0; i < sent.size(); i++) {
      assertThat(came.get(i).header()).isEqualTo(sent.get(i).header());
      assertThat(came.get(i).salt()).isEqualTo(sent.get(i).salt());
      assertThat(came.get(i).sealed()).isEqualTo(sent.get(i).sealed());
    }
    assertThat(FrameWire.decodeFrames(FrameWire.encode(List.of()))).isEmpty();
  }

  @Test
  void newsAndWhatIsAppliedArriveAsTheyWere() {
    FrameWire.News news =
        new FrameWire.News(
            -3,
            new FrameSource.Arrivals(17, List.of(TENANT, new UUID(1, 1))),
            List.of(
                new FrameWire.Enclosed(TENANT, true, List.of(frame(3, 40), frame(4, 30))), new FrameWire.Enclosed(new UUID(1, 1), false, List.of())));
    FrameWire.News came = FrameWire.decodeNews(FrameWire.encode(news));
    assertThat(came.capturedUpTo()).isEqualTo(-3);
    assertThat(came.arrivals()).isEqualTo(news.arrivals());
    assertThat(came.enclosed()).usingRecursiveComparison().isEqualTo(news.enclosed());
    FrameWire.Followed followed = new FrameWire.Followed(TENANT, -5, 12);
    assertThat(FrameWire.Followed.parse(followed.toString())).isEqualTo(followed);
    Map<UUID, Long> applied = Map.of(TENANT, -1L, new UUID(1, 1), 5L);
    assertThat(FrameWire.decodeApplied(FrameWire.encode(applied))).isEqualTo(applied);
  }

  @Test
  void whatIsCutLengthenedOrAnythingElseIsRefusedByName() {
    byte[] frames = FrameWire.encode(List.of(frame(1, 20), frame(2, 50)));
    byte[] news = FrameWire.encode(new FrameWire.News(1, new FrameSource.Arrivals(2, List.of(TENANT)), List.of(new FrameWire.Enclosed(TENANT, true, List.of(frame(7, 30))))));
    byte[] applied = FrameWire.encode(Map.of(TENANT, 1L));
    for (int length = 0; length < frames.length; length++) {
      byte[] cut = Arrays.copyOf(frames, length);
      assertThatThrownBy(() -> FrameWire.decodeFrames(cut)).as("cut at " + length).isInstanceOf(CorruptionException.class);
    }
    for (int length = 0; length < news.length; length++) {
      byte[] cut = Arrays.copyOf(news, length);
      assertThatThrownBy(() -> FrameWire.decodeNews(cut)).isInstanceOf(CorruptionException.class);
    }
    for (int length = 0; length < applied.length; length++) {
      byte[] cut = Arrays.copyOf(applied, length);
      assertThatThrownBy(() -> FrameWire.decodeApplied(cut)).isInstanceOf(CorruptionException.class);
    }
    assertThatThrownBy(() -> FrameWire.decodeFrames(Arrays.copyOf(frames, frames.length + 1))).isInstanceOf(CorruptionException.class);
    assertThatThrownBy(() -> FrameWire.decodeFrames(news)).isInstanceOf(CorruptionException.class);
    assertThatThrownBy(() -> FrameWire.decodeNews(applied)).isInstanceOf(CorruptionException.class);
  }

  @Test
  void alteredBytesAreFramesOrRefusedAndNeverABug() {
    byte[] frames = FrameWire.encode(List.of(frame(1, 20), frame(2, 50)));
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      byte[] altered = frames.clone();
      for (int n = 0; n <= random.nextInt(3); n++) {
        altered[random.nextInt(altered.length)] = (byte) random.nextInt();
      }
      try {
        FrameWire.decodeFrames(altered);
      } catch (CorruptionException e) {
        assertThat(e.problem().hint()).isNotBlank();
      }
    }
  }
}
