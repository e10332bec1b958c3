package io.helios.repl.tests.bench;

import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Catching up. In each round every contender makes its target equal and its slot; then the backlog is produced, once;
 * then they drain it one after another, beginning with another one each round. Measured from the start of the contender
 * to the moment when its target shows the last transaction.
 */
final class BacklogBenchmark {

  /** One contender's one turn. */
  record Turn(double seconds, double sourceCpu, double targetCpu, double ownCpu) {
    double cpu() {
      return sourceCpu + targetCpu + ownCpu;
    }
  }

  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final Servers servers;
  private final List<Contender> contenders;
  private final int warmUp;
  private final Map<Contender, List<Turn>> turns = new LinkedHashMap<>();

  /** @param warmUp rounds before the others, which warm caches and the virtual machine up and do not count */
  BacklogBenchmark(Servers servers, List<Contender> contenders, int warmUp) {
    this.servers = servers;
    this.contenders = contenders;
    this.warmUp = warmUp;
    contenders.forEach(c -> turns.put(c, new ArrayList<>()));
  }

  String run(int rounds) throws Exception {
    for (int round = 1 - warmUp; round <= rounds; round++) {
      round(round);
    }
    return table(rounds);
  }

  private void round(int round) throws Exception {
    List<Contender> order = new ArrayList<>(contenders);
    Collections.rotate(order, round + warmUp);
    String sourceDatabase = servers.newDatabase(servers.source());
    Map<Contender, DatabasePair> pairs = new LinkedHashMap<>();
    try (Connection source = servers.source().connect(sourceDatabase)) {
      BenchTable.create(source);
      BenchTable.fill(source, BenchTable.TENANTS, BenchTable.ROWS_PER_TENANT);
      for (Contender contender : order) {
        DatabasePair pair =
            new DatabasePair(
                servers.source(), sourceDatabase, servers.target(), servers.newDatabase(servers.target()), BenchTable.TENANTS);
        pairs.put(contender, pair);
        contender.prepare(pair);
      }
      BenchTable.produceBacklog(source);
      BenchTable.mark(source, BenchTable.TENANTS);
      String expected = BenchTable.fingerprint(source);
      for (Contender contender : order) {
        Turn turn = turn(contender, Objects.requireNonNull(pairs.get(contender)), expected);
        System.out.printf(
            "round %s  %-28s %6.2f s   CPU %5.2f s (source %.2f, target %.2f, own %.2f)%n",
            round <= 0 ? "warm-up" : String.valueOf(round), contender.name(), turn.seconds, turn.cpu(), turn.sourceCpu, turn.targetCpu, turn.ownCpu);
        if (round > 0) {
          turns.computeIfAbsent(contender, c -> new ArrayList<>()).add(turn);
        }
      }
    }
    for (DatabasePair pair : pairs.values()) {
      servers.drop(servers.target(), pair.targetDatabase());
    }
    servers.drop(servers.source(), sourceDatabase);
  }

  private Turn turn(Contender contender, DatabasePair pair, String expected) throws Exception {
    servers.settle();
    CpuClock sourceClock = new CpuClock(servers.source());
    CpuClock targetClock = new CpuClock(servers.target());
    try (Connection target = pair.connectTarget()) {
      double sourceCpu = sourceClock.seconds();
      double targetCpu = targetClock.seconds();
      double ownCpu = contender.cpuSeconds();
      long started = System.nanoTime();
      contender.start();
      double seconds = (BenchTable.awaitMark(target, BenchTable.TENANTS, PATIENCE) - started) / 1e9;
      Turn turn =
          new Turn(
              seconds, sourceClock.seconds() - sourceCpu, targetClock.seconds() - targetCpu, contender.cpuSeconds() - ownCpu);
      contender.stop();
      String found = BenchTable.fingerprint(target);
      if (!found.equals(expected)) {
        throw new IllegalStateException(contender.name() + " ended with " + found + " instead of " + expected);
      }
      return turn;
    }
  }

  private String table(int rounds) {
    StringBuilder text = new StringBuilder();
    text.append("%s changes in %s transactions over %d tenants of one shared table, medians of %d rounds.%n%n"
        .formatted(Figures.thousands(BenchTable.CHANGES), Figures.thousands(BenchTable.TRANSACTIONS), BenchTable.TENANTS, rounds));
    text.append("| contender | seconds | changes/s | CPU s: source | target | own process | all | speed | CPU |\n");
    text.append("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    List<Turn> first = turns.values().iterator().next();
    for (Map.Entry<Contender, List<Turn>> entry : turns.entrySet()) {
      List<Turn> its = entry.getValue();
      double seconds = Figures.median(its.stream().map(Turn::seconds).toList());
      double cpu = Figures.median(its.stream().map(Turn::cpu).toList());
      text.append(
          "| %s | %s | %s | %s | %s | %s | %s | %s | %s |%n"
              .formatted(
                  entry.getKey().name(),
                  Figures.seconds(seconds),
                  Figures.thousands(BenchTable.CHANGES / seconds),
                  Figures.seconds(Figures.median(its.stream().map(Turn::sourceCpu).toList())),
                  Figures.seconds(Figures.median(its.stream().map(Turn::targetCpu).toList())),
                  Figures.seconds(Figures.median(its.stream().map(Turn::ownCpu).toList())),
                  Figures.seconds(cpu),
                  Figures.ratio(Figures.median(first.stream().map(Turn::seconds).toList()) / seconds),
                  Figures.ratio(cpu / Figures.median(first.stream().map(Turn::cpu).toList()))));
    }
    text.append("\nSpeed is how many times as fast as the first line, CPU how many times its CPU seconds.\n");
    return text.toString();
  }
}
