package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The program as a process of its own, which can be stopped, woken up and killed. */
final class HeliosProcess implements AutoCloseable {

  final Process process;
  private final Path errors;

  private HeliosProcess(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
  }

  /** @param directory where it leaves its tokens ({@code state}) and what it says on stderr, which is added to the file */
  static HeliosProcess start(Path directory, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx256m",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "io.helios.repl.cli.Main"));
    command.addAll(List.of(arguments));
    Path errors = directory.resolve("stderr");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()));
    builder.environment().put("XDG_STATE_HOME", directory.resolve("state").toString());
    builder.environment().keySet().removeIf(k -> k.startsWith("HELIOS_"));
    return new HeliosProcess(builder.start(), errors);
  }

  /** The line that a server prints when it is ready, or stands by; logs may come before it. */
  String greeting() throws IOException {
    BufferedReader out = process.inputReader();
    String line = out.readLine();
    while (line != null && !line.startsWith("helios-repl server ")) {
      line = out.readLine();
    }
    assertThat(line).as(Files.readString(errors)).isNotNull();
    Thread.ofVirtual().start(() -> drain(out));
    return line;
  }

  /** Who is not read stands still in the end. */
  private void drain(BufferedReader out) {
    try (out;
        BufferedWriter file = Files.newBufferedWriter(errors.resolveSibling("stdout-" + process.pid()))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        file.write(line + "\n");
        file.flush();
      }
    } catch (IOException e) {
      // It has been killed.
    }
  }

  String errors() throws IOException {
    return Files.readString(errors);
  }

  /** {@code STOP}, {@code CONT}, {@code KILL}, {@code TERM}. */
  void signal(String name) throws IOException, InterruptedException {
    assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor()).isZero();
  }

  int ends() throws InterruptedException {
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it has ended").isTrue();
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
