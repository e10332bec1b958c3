package io.helios.repl.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One life of a {@link KillEngine}, seen from outside. */
final class KillProcess implements AutoCloseable {

  /** What a process ends with that SIGKILL has ended. */
  static final int KILLED = 137;

  private final Process process;
  private final BufferedReader replies;
  private final Path errors;

  /** @param arguments as {@link KillEngine} takes them, after the directory */
  KillProcess(Path directory, List<String> arguments) throws IOException {
    this.errors = directory.resolve("stderr");
    List<String> command = new java.util.ArrayList<>(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx192m",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            KillEngine.class.getName(),
            directory.resolve("data").toString()));
    command.addAll(arguments);
    this.process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile())).start();
    this.replies = process.inputReader();
  }

  /** Returns once the engine runs, or false when it died on the way. */
  boolean awaitReady() throws IOException {
    return "ready".equals(replies.readLine());
  }

  /** Sends a command and returns what it answered; null when the process died instead. */
  @Nullable String ask(String command) throws IOException {
    try {
      process.getOutputStream().write((command + "\n").getBytes());
      process.getOutputStream().flush();
    } catch (IOException e) {
      return null; // it is dead already
    }
    return replies.readLine();
  }

  /** A command that has to succeed. */
  String done(String command) throws IOException {
    String reply = ask(command);
    assertThat(reply).as(() -> command + "\n" + log()).isNotNull().startsWith("ok ");
    return String.valueOf(reply).substring(3);
  }

  /** SIGKILL, from outside. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    awaitDeath();
  }

  void awaitDeath() throws InterruptedException {
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).as(() -> "it lives on\n" + log()).isTrue();
    assertThat(process.exitValue()).as(this::log).isEqualTo(KILLED);
  }

  private String log() {
    try {
      return Files.readString(errors);
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
