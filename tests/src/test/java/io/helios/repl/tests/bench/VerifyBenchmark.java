package io.helios.repl.tests.bench;

import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What it takes to compare a tenant of a million rows, in a table that it shares with others, on both sides. */
final class VerifyBenchmark {

  private static final int ROWS = 1_000_000;
  private static final int OTHERS = 10;
  private static final int ROWS_OF_OTHERS = 100_000;
  private static final int ALTERED = 100;

  /** One verification. */
  private record Turn(double seconds, double source, double target, double own, double heldMillis, double bytes, long differing) {}

  private final Servers servers;

  VerifyBenchmark(Servers servers) {
    this.servers = servers;
  }

  String run(HeliosRepl engine, int rounds) throws Exception {
    DatabasePair pair = servers.newPair(1);
    try (Connection source = pair.connectSource()) {
      BenchTable.create(source);
      BenchTable.fill(source, 1, ROWS - 1);
      BenchTable.execute(
          source,
          "INSERT INTO item SELECT t, id, title, amount, state, data, changed FROM item, generate_series(2, " + (OTHERS + 1)
              + ") t WHERE tenant_id = 1 AND id < " + ROWS_OF_OTHERS);
      BenchTable.execute(source, "VACUUM ANALYZE item");
    }
    engine.prepare(pair);
    StringBuilder table = new StringBuilder(
        "%s rows of one tenant on both sides, beside %s of %d others at the source; medians of %d rounds.\n\n"
            .formatted(Figures.thousands(ROWS), Figures.thousands((double) OTHERS * ROWS_OF_OTHERS), OTHERS, rounds)
            + "| sessions a side | seconds | rows/s of a side | CPU s: source | target | own process | applier held, ms | MiB read |\n"
            + "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    try {
      engine.start();
      engine.awaitStreaming();
      turn(engine, 2);
      for (int sessions : List.of(1, 2, 4)) {
        table.append(line(String.valueOf(sessions), turns(engine, sessions, rounds)));
      }
      try (Connection target = pair.connectTarget()) {
        BenchTable.execute(target, "SET session_replication_role = replica");
        BenchTable.execute(target, "UPDATE item SET state = 7 WHERE tenant_id = 1 AND id % " + ROWS / ALTERED + " = 5");
      }
      List<Turn> differing = turns(engine, 2, rounds);
      table.append(line("2, with %d rows that differ".formatted(differing.getFirst().differing()), differing));
    } finally {
      engine.stop();
      servers.drop(pair);
    }
    System.out.print(table);
    return table.toString();
  }

  private List<Turn> turns(HeliosRepl engine, int sessions, int rounds) throws Exception {
    List<Turn> turns = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      turns.add(turn(engine, sessions));
    }
    return turns;
  }

  private Turn turn(HeliosRepl engine, int sessions) throws Exception {
    CpuClock source = new CpuClock(servers.source());
    CpuClock target = new CpuClock(servers.target());
    double atSource = source.seconds();
    double atTarget = target.seconds();
    double own = engine.cpuSeconds();
    List<Long> figures = engine.verify(sessions);
    return new Turn(
        figures.get(0) / 1000.0,
        source.seconds() - atSource,
        target.seconds() - atTarget,
        engine.cpuSeconds() - own,
        figures.get(1),
        figures.get(3),
        figures.get(4));
  }

  private static String line(String name, List<Turn> turns) {
    double seconds = Figures.median(turns.stream().map(Turn::seconds).toList());
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s | %s | %s | %s | %s | %s |%n",
        name,
        Figures.seconds(seconds),
        Figures.thousands(ROWS / seconds),
        Figures.seconds(Figures.median(turns.stream().map(Turn::source).toList())),
        Figures.seconds(Figures.median(turns.stream().map(Turn::target).toList())),
        Figures.seconds(Figures.median(turns.stream().map(Turn::own).toList())),
        Figures.thousands(Figures.median(turns.stream().map(Turn::heldMillis).toList())),
        Figures.thousands(Figures.median(turns.stream().map(Turn::bytes).toList()) / 1048576));
  }
}
