package io.helios.repl.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.postgres.Lsn;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept of a polled source is the last that was written, or nothing. */
class CheckpointFileTest {

  private static final CheckpointState STATE =
      new CheckpointState(
          -5,
          3,
          Lsn.parse("1/2"),
          1L << 40,
          List.of(new TableMark(7, "2026-01-01 00:00:00.000001+00", null), new TableMark(-8, null, "ü")),
          List.of(
              new Horizon.Pending(new Fence.Running(Set.of("3/17", "4/1"), Set.of("99")), Map.of(7, "a", -8, "")),
              new Horizon.Pending(new Fence.Replay(11, 12, false), Map.of())));

  @TempDir Path directory;

  @Test
  void whatWasWrittenIsRead() {
    CheckpointFile file = new CheckpointFile(directory);
    assertThat(file.read()).isEmpty();
    file.write(STATE);
    assertThat(file.read()).contains(STATE);
    file.write(new CheckpointState(1, 1, Lsn.INVALID, 0, List.of(), List.of()));
    assertThat(file.read().orElseThrow().marks()).isEmpty();
    assertThat(directory).isDirectoryContaining("glob:**checkpoint.state").isDirectoryNotContaining("glob:**.new");
  }

  @Test
  void tornOrAlteredAnywhereItIsNothing() throws Exception {
    CheckpointFile file = new CheckpointFile(directory);
    file.write(STATE);
    Path kept = directory.resolve("checkpoint.state");
    byte[] bytes = Files.readAllBytes(kept);
    for (int i = 0; i < bytes.length; i++) {
      Files.write(kept, Arrays.copyOf(bytes, i));
      assertThat(file.read()).as("torn at %d", i).isEmpty();
      byte[] altered = bytes.clone();
      altered[i] ^= 1;
      Files.write(kept, altered);
      assertThat(file.read()).as("altered at %d", i).isEmpty();
    }
  }
}
