package io.helios.repl.tests.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The demonstration as a process of its own, as a user starts it. */
@Tag("long")
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DemoProcessTest {

  @TempDir private Path temporary;

  @Test
  void onceEndsWithBothSidesEqual() throws Exception {
    try (Run run = new Run("demo", "--once", "--tenants", "3")) {
      run.readUntil(line -> false);
      assertThat(run.process.waitFor()).as("%s", run.lines).isZero();
      assertThat(run.lines).anyMatch(line -> line.contains("3 of 3 tenants equal on both sides"));
    }
    assertNothingIsLeft();
  }

  @Test
  void anInterruptEndsItAndLeavesNothingBehind() throws Exception {
    try (Run run = new Run("demo", "--tenants", "2")) {
      run.readUntil(line -> line.contains("transactions at the source"));
      List<ProcessHandle> children = run.process.descendants().toList();
      new ProcessBuilder("kill", "-INT", String.valueOf(run.process.pid())).start().waitFor();
      run.readUntil(line -> false);
      assertThat(run.process.waitFor()).as("%s", run.lines).isEqualTo(130);
      assertThat(children).noneMatch(ProcessHandle::isAlive);
    }
    assertNothingIsLeft();
  }

  private void assertNothingIsLeft() throws IOException {
    try (Stream<Path> left = Files.list(temporary)) {
      assertThat(left.map(p -> p.getFileName().toString())).noneMatch(name -> name.startsWith("helios-repl-demo"));
    }
  }

  /** The program as a process; its output, line by line. */
  private final class Run implements AutoCloseable {

    private final List<String> lines = new ArrayList<>();
    private final Process process;

    Run(String... arguments) throws IOException {
      // Whoever started the tests in the background has SIGINT ignored, and children would inherit that.
      List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Djava.io.tmpdir=" + temporary));
      command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.helios.repl.cli.Main"));
      command.addAll(List.of(arguments));
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().put("XDG_STATE_HOME", temporary.resolve("state").toString());
      process = builder.start();
    }

    private void readUntil(Predicate<String> enough) throws IOException {
      BufferedReader output = process.inputReader(UTF_8);
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        lines.add(line);
        if (enough.test(line)) {
          return;
        }
      }
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}
