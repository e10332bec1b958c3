package io.helios.repl.runbook;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A hook: a program of the operator's own, started with its arguments as they are, no shell between. It has the runner's
 * environment but its token, and is ended with its children when its time is over. One thread waits, one reads.
 */
final class HookProcess {

  static final int TIMED_OUT = -1;

  private static final Duration GRACE = Duration.ofSeconds(5);

  private HookProcess() {}

  /**
   * Runs it to its end.
   *
   * @return its exit code, or {@link #TIMED_OUT}
   * @throws IOException when it cannot be started
   * @throws InterruptedException when this thread was interrupted; the program is ended then
   */
  static int run(Action.Hook hook, Map<String, String> environment, Duration timeout, Consumer<String> printed)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(hook.argv()).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.environment().remove("HELIOS_TOKEN");
    builder.environment().putAll(hook.environment());
    Process process = builder.start();
    Thread reader = Thread.ofPlatform().daemon().name("helios-hook-output").start(() -> read(process, printed));
    try {
      process.getOutputStream().close();
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        return TIMED_OUT;
      }
      reader.join(GRACE.toMillis()); // a child of its own may hold the pipe open
      return process.exitValue();
    } finally {
      end(process);
    }
  }

  private static void read(Process process, Consumer<String> printed) {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      lines.lines().forEach(printed);
    } catch (IOException | UncheckedIOException e) {
      printed.accept("(its output broke off: " + e.getMessage() + ")");
    }
  }

  /** With its children, which would else go on. */
  private static void end(Process process) {
    if (!process.isAlive()) {
      return;
    }
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    boolean interrupted = Thread.interrupted();
    try {
      if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
