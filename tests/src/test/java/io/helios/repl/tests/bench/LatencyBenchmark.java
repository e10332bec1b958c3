package io.helios.repl.tests.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * From commit to visible. One session commits 300 one-row transactions a second at the source, round the tenants, and
 * notes the time when each COMMIT has returned. Another asks the target again and again, without a pause of more than
 * 0.2 ms, which of them it shows, and notes when it first did. Both clocks are one process's monotonic clock.
 */
final class LatencyBenchmark {

  static final int PER_SECOND = 300;
  private static final int WARM_UP = PER_SECOND * 10;
  private static final int COUNTED = PER_SECOND * 20;
  private static final long FIRST_ID = 10_000_000;

  private final Servers servers;

  LatencyBenchmark(Servers servers) {
    this.servers = servers;
  }

  String run(List<Contender> contenders) throws Exception {
    StringBuilder text = new StringBuilder();
    text.append("%d transactions a second over %d tenants, %s of them counted, milliseconds.%n%n"
        .formatted(PER_SECOND, BenchTable.TENANTS, Figures.thousands(COUNTED)));
    text.append("| contender | p50 | p95 | p99 | worst |\n| --- | ---: | ---: | ---: | ---: |\n");
    for (Contender contender : contenders) {
      double[] millis = measure(contender);
      String line =
          "| %s | %s | %s | %s | %s |%n"
              .formatted(
                  contender.name(),
                  Figures.millis(Figures.percentile(millis, 0.50)),
                  Figures.millis(Figures.percentile(millis, 0.95)),
                  Figures.millis(Figures.percentile(millis, 0.99)),
                  Figures.millis(Figures.percentile(millis, 1)));
      System.out.print("latency " + line);
      text.append(line);
    }
    return text.toString();
  }

  private double[] measure(Contender contender) throws Exception {
    DatabasePair pair = servers.newPair(BenchTable.TENANTS);
    try (Connection source = pair.connectSource()) {
      BenchTable.create(source);
      BenchTable.fill(source, BenchTable.TENANTS, BenchTable.ROWS_PER_TENANT);
      contender.prepare(pair);
      servers.settle();
      contender.start();
      try (Connection target = pair.connectTarget()) {
        BenchTable.execute(target, "CREATE INDEX ON item (id)");
        return measure(source, target);
      } finally {
        contender.stop();
      }
    } finally {
      servers.drop(pair);
    }
  }

  private static double[] measure(Connection source, Connection target) throws Exception {
    int total = WARM_UP + COUNTED;
    AtomicLongArray committed = new AtomicLongArray(total);
    AtomicLong failed = new AtomicLong();
    Thread writer = Thread.ofPlatform().name("latency-writer").start(() -> {
      try {
        write(source, committed);
      } catch (SQLException e) {
        failed.set(1);
      }
    });
    long[] seen = read(target, total, failed);
    writer.join();
    double[] millis = new double[COUNTED];
    for (int i = 0; i < COUNTED; i++) {
      millis[i] = Math.max(0, seen[WARM_UP + i] - committed.get(WARM_UP + i)) / 1e6;
    }
    return millis;
  }

  private static void write(Connection source, AtomicLongArray committed) throws SQLException {
    try (PreparedStatement insert =
        source.prepareStatement("INSERT INTO item VALUES (?, ?, 'a new item', 12.50, 1, '{\"n\": 1}', now())")) {
      long begin = System.nanoTime();
      for (int i = 0; i < committed.length(); i++) {
        long due = begin + i * 1_000_000_000L / PER_SECOND;
        for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
          LockSupport.parkNanos(wait);
        }
        insert.setInt(1, 1 + i % BenchTable.TENANTS);
        insert.setLong(2, FIRST_ID + i);
        insert.executeUpdate();
        committed.set(i, System.nanoTime());
      }
    }
  }

  /** Tenants may overtake each other: asks for everything after the last one up to which nothing is missing. */
  private static long[] read(Connection target, int total, AtomicLong failed) throws SQLException {
    long[] seen = new long[total];
    int complete = 0;
    long deadline = System.nanoTime() + 120_000_000_000L;
    try (PreparedStatement query = target.prepareStatement("SELECT id FROM item WHERE id >= ?")) {
      while (complete < total) {
        query.setLong(1, FIRST_ID + complete);
        try (ResultSet rows = query.executeQuery()) {
          long now = System.nanoTime();
          while (rows.next()) {
            int i = (int) (rows.getLong(1) - FIRST_ID);
            if (seen[i] == 0) {
              seen[i] = now;
            }
          }
        }
        while (complete < total && seen[complete] != 0) {
          complete++;
        }
        if (System.nanoTime() > deadline || failed.get() != 0) {
          throw new IllegalStateException("the target shows " + complete + " of " + total);
        }
        LockSupport.parkNanos(200_000);
      }
    }
    return seen;
  }
}
