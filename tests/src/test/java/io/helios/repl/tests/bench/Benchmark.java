package io.helios.repl.tests.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Runs the measurements and writes their tables into {@code docs/benchmarks.md}. Arguments: any of {@code backlog},
 * {@code latency}, {@code huge}, {@code idle}, {@code verify}, {@code resync}, {@code dashboard}, {@code guard}, {@code traces},
 * {@code synchronous} (all when none is named), {@code rounds=3} and {@code warm-up=10} rounds that do not count.
 */
public final class Benchmark {

  private Benchmark() {}

  public static void main(String[] arguments) throws Exception {
    List<String> wanted = new ArrayList<>(List.of(arguments));
    wanted.removeIf(String::isBlank);
    int rounds = number(wanted, "rounds=", 3);
    int warmUp = number(wanted, "warm-up=", 10);
    if (wanted.isEmpty()) {
      wanted = List.of("backlog", "latency", "huge", "idle", "verify", "resync", "dashboard", "guard", "traces", "synchronous");
    }
    Report report = new Report(Path.of("..", "docs", "benchmarks.md"));
    try (Servers servers = new Servers();
        Contender defaults = NativeSubscription.defaults();
        Contender fastest = NativeSubscription.fastest()) {
      report.section("machine", machine(servers));
      if (wanted.contains("backlog")) {
        try (Contender helios = new HeliosRepl("1g")) {
          report.section("backlog", new BacklogBenchmark(servers, List.of(defaults, fastest, helios), warmUp).run(rounds));
        }
      }
      if (wanted.contains("latency")) {
        try (Contender helios = new HeliosRepl("1g");
            Contender polling = new HeliosRepl("1g", true)) {
          report.section("latency", new LatencyBenchmark(servers).run(List.of(defaults, fastest, helios, polling)));
        }
      }
      if (wanted.contains("huge")) {
        try (Contender helios = new HeliosRepl("512m")) {
          report.section("huge", new HugeTransactionBenchmark(servers).run(List.of(defaults, fastest, helios)));
        }
      }
      if (wanted.contains("idle")) {
        try (HeliosRepl helios = new HeliosRepl("1g")) {
          report.section("idle", new IdleTenantsBenchmark(servers).run(helios));
        }
      }
      if (wanted.contains("verify")) {
        try (HeliosRepl helios = new HeliosRepl("1g")) {
          report.section("verify", new VerifyBenchmark(servers).run(helios, rounds));
        }
      }
      if (wanted.contains("resync")) {
        report.section("resync", new ResyncBenchmark(servers).run());
      }
      if (wanted.contains("traces")) {
        try (TraceSink sink = new TraceSink();
            Contender off = new HeliosRepl("1g");
            Contender some = HeliosRepl.traced("1g", sink.url(), "0.01");
            Contender all = HeliosRepl.traced("1g", sink.url(), "1")) {
          String table = new BacklogBenchmark(servers, List.of(off, some, all), warmUp).run(rounds);
          report.section(
              "traces",
              table + "\nWarm-up and all rounds together sent %d KiB of spans.\n".formatted(sink.bytes() >> 10));
        }
      }
      if (wanted.contains("synchronous")) {
        try (Contender durable = NativeSubscription.durable();
            Contender helios = HeliosRepl.synchronous("1g")) {
          report.section("synchronous", new SynchronousBenchmark(servers).run(List.of(defaults, durable, helios)));
        }
      }
      if (wanted.contains("dashboard")) {
        report.section("dashboard", new DashboardBenchmark().run());
      }
      if (wanted.contains("guard")) {
        report.section("guard", new GuardBenchmark(servers).run(rounds));
      }
    }
  }

  /** Takes it out of what was given. */
  private static int number(List<String> given, String name, int otherwise) {
    int number =
        given.stream().filter(a -> a.startsWith(name)).map(a -> Integer.parseInt(a.substring(name.length()))).findFirst().orElse(otherwise);
    given.removeIf(a -> a.startsWith(name));
    return number;
  }

  private static String machine(Servers servers) throws Exception {
    return "%d cores, %s of memory, %s %s; PostgreSQL %s for source and target, %s; Java %s.%n"
        .formatted(
            Runtime.getRuntime().availableProcessors(),
            memory(),
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            servers.version(),
            settings(),
            System.getProperty("java.version"));
  }

  private static String settings() {
    return Servers.SETTINGS.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(e -> "`" + e.getKey() + " = " + e.getValue() + "`")
        .collect(java.util.stream.Collectors.joining(", "));
  }

  private static String memory() throws IOException {
    String line = Files.readAllLines(Path.of("/proc/meminfo")).getFirst();
    return Math.round(Long.parseLong(line.replaceAll("\\D", "")) / 1048576.0) + " GiB";
  }
}
