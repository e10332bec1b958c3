package io.helios.repl.migration.traffic;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Switches by a program of the operator's. It is run once for each phase, which is its last argument; what it is about stands in
 * whole environment variables and nowhere else, so nothing that a tenant is called can become an option or reach a shell. Of this
 * server's environment it gets what finds programs and their language, no secret.
 */
final class CommandSwitch implements PhaseSwitch {

  /** What is handed down of our own environment. */
  private static final List<String> INHERITED = List.of("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR");

  /** How much of its last words is told. */
  private static final int TAIL = 1_000;

  private static final Duration LAST_WORDS = Duration.ofMillis(200);

  private final TrafficSettings.Command settings;

  CommandSwitch(TrafficSettings.Command settings) {
    this.settings = settings;
  }

  @Override
  public String name() {
    return "command " + Path.of(settings.words().getFirst()).getFileName();
  }

  @Override
  public Duration timeout() {
    return settings.timeout();
  }

  @Override
  public void call(TrafficMove move, TrafficPhase phase, Duration patience) {
    List<String> words = new ArrayList<>(settings.words());
    words.add(phase.word());
    ProcessBuilder builder =
        new ProcessBuilder(words)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    Map<String, String> environment = builder.environment();
    environment.keySet().retainAll(INHERITED);
    environment.putAll(variables(move, phase));
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TRAFFIC_COMMAND_UNUSABLE,
              settings.words().getFirst() + " cannot be run",
              Files.isExecutable(Path.of(settings.words().getFirst()))
                  ? "the system refused to start it"
                  : "it is missing, or " + System.getProperty("user.name") + " may not execute it",
              "chmod a+rx " + settings.words().getFirst()),
          e);
    }
    await(process, phase, patience);
  }

  private void await(Process process, TrafficPhase phase, Duration patience) {
    CompletableFuture<String> words = new CompletableFuture<>();
    Thread.ofVirtual().name("helios-traffic-command").start(() -> words.complete(tail(process.getErrorStream())));
    boolean ended = false;
    try {
      ended = process.waitFor(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (!ended) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    }
    if (!ended) {
      throw new TransientException(problem(
          ErrorCode.TRAFFIC_COMMAND_TIMED_OUT, " did not end within " + patience.toMillis() + " ms", phase, lastWords(words)));
    }
    if (process.exitValue() != 0) {
      throw new OperatorException(problem(
          ErrorCode.TRAFFIC_COMMAND_FAILED, " ended with exit code " + process.exitValue(), phase, lastWords(words)));
    }
  }

  private Problem problem(ErrorCode code, String what, TrafficPhase phase, String lastWords) {
    return new Problem(
        code,
        settings.words().getFirst() + " " + phase.word() + what,
        lastWords.isEmpty() ? "it wrote nothing to stderr" : "it wrote: " + lastWords,
        "mend what it says; run by hand it needs the HELIOS_ variables of docs/traffic.md");
  }

  /** A process that it has left behind may keep its stderr open: that is not waited for. */
  private static String lastWords(CompletableFuture<String> words) {
    try {
      return words.get(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  /** The end of what it says, on one line, without anything that a terminal would act on. */
  private static String tail(InputStream stderr) {
    byte[] last = new byte[0];
    try (stderr) {
      byte[] piece = new byte[TAIL];
      for (int count = stderr.read(piece); count >= 0; count = stderr.read(piece)) {
        int kept = Math.min(last.length, TAIL - count);
        byte[] joined = new byte[kept + count];
        System.arraycopy(last, last.length - kept, joined, 0, kept);
        System.arraycopy(piece, 0, joined, kept, count);
        last = joined;
      }
    } catch (IOException e) {
      // It was ended, and its pipe with it: what was read until then is told.
    }
    return new String(last, UTF_8).strip().replaceAll("\\s*[\\r\\n]+\\s*", " / ").replaceAll("\\p{Cntrl}", " ");
  }

  private static Map<String, String> variables(TrafficMove move, TrafficPhase phase) {
    Map<String, String> all = new HashMap<>();
    all.put("HELIOS_PHASE", phase.word());
    all.put("HELIOS_TENANT", move.tenant());
    all.put("HELIOS_KEY", Names.check(move.key(), "key"));
    all.put("HELIOS_EPOCH", Long.toString(move.epoch()));
    home(all, "HELIOS_FROM_", move.from());
    home(all, "HELIOS_TO_", move.to());
    return all;
  }

  private static void home(Map<String, String> all, String prefix, HomeAddress home) {
    all.put(prefix + "HOME", Names.check(home.name(), "home"));
    all.put(prefix + "REGION", home.region());
    all.put(prefix + "HOST", Names.check(home.host(), "host"));
    all.put(prefix + "PORT", Integer.toString(home.port()));
    all.put(prefix + "DATABASE", Names.check(home.database(), "database"));
  }
}
