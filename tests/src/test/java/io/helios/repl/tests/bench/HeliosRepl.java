package io.helios.repl.tests.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** This project's engine, in a process of its own that lives as long as the contender does. */
final class HeliosRepl implements Contender {

  static final String POLLING = "polling";
  static final String SYNCHRONOUS = "synchronous";
  private static final String SLOT = "helios_bench";

  private final Process process;
  private final PrintWriter commands;
  private final BufferedReader replies;
  private final String heapLimit;
  private final String capture;
  private final String traced;
  private final String slot;
  private @Nullable DatabasePair pair;
  private @Nullable Path directory;

  /**
   * Starts the process.
   *
   * @param heapLimit as for {@code -Xmx}
   */
  HeliosRepl(String heapLimit) throws IOException {
    this(heapLimit, "", List.of());
  }

  /** With traces of a share of its changes, 0 to 1. */
  static HeliosRepl traced(String heapLimit, URI collector, String share) throws IOException {
    return new HeliosRepl(heapLimit, "", List.of(collector.toString(), share));
  }

  /** @param polling whether the source is polled each second, instead of its WAL being read */
  HeliosRepl(String heapLimit, boolean polling) throws IOException {
    this(heapLimit, polling ? POLLING : "", List.of());
  }

  /** As the standby that commits wait for. */
  static HeliosRepl synchronous(String heapLimit) throws IOException {
    return new HeliosRepl(heapLimit, SYNCHRONOUS, List.of());
  }

  /**
   * @param capture what is not the default of it
   * @param traces a collector and a share, or nothing
   */
  private HeliosRepl(String heapLimit, String capture, List<String> traces) throws IOException {
    this.heapLimit = heapLimit;
    this.capture = capture;
    this.traced = traces.isEmpty() ? "" : ", traces of " + traces.get(1);
    this.slot = traces.isEmpty() ? SLOT : SLOT + "_traced_" + traces.get(1).replace('.', '_');
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseParallelGC", "-Xmx" + heapLimit));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), EngineProcess.class.getName(), slot));
    command.addAll(traces);
    this.process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    this.commands = new PrintWriter(process.outputWriter(UTF_8), true);
    this.replies = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
  }

  @Override
  public String name() {
    return capture.equals(POLLING) ? "helios-repl, polling each second" : "helios-repl" + traced;
  }

  @Override
  public String description() {
    return "one engine with each tenant on its own, heap limit " + heapLimit;
  }

  @Override
  public void prepare(DatabasePair newPair) throws Exception {
    pair = newPair;
    directory = Files.createTempDirectory("helios-bench");
    if (capture.equals(POLLING)) {
      try (Connection source = newPair.connectSource()) {
        BenchTable.execute(source, "CREATE INDEX ON item (changed)");
      }
    }
    open("open");
    ask("streaming");
    ask("close");
    try (Connection target = newPair.connectTarget()) {
      BenchTable.execute(target, "VACUUM ANALYZE item");
    }
  }

  @Override
  public void start() throws IOException {
    open("reopen");
  }

  private void open(String how) throws IOException {
    DatabasePair now = pair;
    if (now == null) {
      throw new IllegalStateException("not prepared");
    }
    ask(
        "%s %d %s %d %s %s %d%s"
            .formatted(
                how, now.source().port(), now.sourceDatabase(), now.target().port(), now.targetDatabase(), directory, now.tenants(),
                capture.isEmpty() ? "" : " " + capture));
  }

  @Override
  public void stop() throws Exception {
    ask("close");
    DatabasePair then = pair;
    Path left = directory;
    if (then == null || left == null) {
      return;
    }
    pair = null;
    dropSlot(then, slot);
    try (Stream<Path> files = Files.walk(left)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** The server notices that the engine has let go of the slot a moment after it has. */
  private static void dropSlot(DatabasePair pair, String slot) throws SQLException, InterruptedException {
    try (Connection source = pair.connectSource()) {
      String busy = "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '" + slot + "' AND active";
      while (!"0".equals(DatabasePair.value(source, busy))) {
        Thread.sleep(10);
      }
      BenchTable.execute(
          source, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '" + slot + "'");
    }
  }

  /** Bytes of heap in use after a collection. */
  long heap() throws IOException {
    return Long.parseLong(ask("heap"));
  }

  void awaitStreaming() throws IOException {
    ask("streaming");
  }

  /** Compares the first tenant: milliseconds, those that the applier was held, rows and bytes read, keys that differ. */
  List<Long> verify(int sessions) throws IOException {
    return Arrays.stream(ask("verify " + sessions).split(" ", -1)).map(Long::valueOf).toList();
  }

  @Override
  public String note() throws IOException {
    return "heap limit " + heapLimit + ", at most " + (Long.parseLong(ask("peak")) >> 20) + " MiB of it used";
  }

  @Override
  public double cpuSeconds() {
    return process.info().totalCpuDuration().map(Duration::toNanos).orElse(0L) / 1e9;
  }

  private String ask(String command) throws IOException {
    commands.println(command);
    String reply = replies.readLine();
    if (reply == null || !reply.startsWith("ok")) {
      throw new IOException("the engine's process answered \"" + command + "\" with " + reply);
    }
    return reply.substring(2).strip();
  }

  @Override
  public void close() throws IOException {
    commands.close();
    try {
      if (process.waitFor(20, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    process.destroyForcibly();
  }
}
