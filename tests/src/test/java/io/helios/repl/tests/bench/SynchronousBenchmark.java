package io.helios.repl.tests.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What a commit costs that waits until the replica has it: {@code synchronous_commit = remote_apply}, with the contender as the
 * only synchronous standby, and without one. Sessions insert one row a transaction, one after the other.
 */
final class SynchronousBenchmark {

  private static final int SESSIONS = 8;
  private static final int WARM_UP = 1_000;
  private static final int COUNTED = 3_000;
  private static final long FIRST_ID = 10_000_000;

  private final Servers servers;

  SynchronousBenchmark(Servers servers) {
    this.servers = servers;
  }

  String run(List<Contender> contenders) throws Exception {
    StringBuilder text = new StringBuilder();
    text.append("%s commits of one session, and of %d at once, over %d tenants; milliseconds.%n%n"
        .formatted(Figures.thousands(COUNTED), SESSIONS, BenchTable.TENANTS));
    text.append("| waits for | p50 | p99 | worst | p50 of %d | commits a second of %d |%n| --- | ---: | ---: | ---: | ---: | ---: |%n"
        .formatted(SESSIONS, SESSIONS));
    text.append(measure(null));
    for (Contender contender : contenders) {
      text.append(measure(contender));
    }
    return text.toString();
  }

  private String measure(@Nullable Contender contender) throws Exception {
    DatabasePair pair = servers.newPair(BenchTable.TENANTS);
    try (Connection source = pair.connectSource()) {
      BenchTable.create(source);
      BenchTable.fill(source, BenchTable.TENANTS, 100);
      if (contender != null) {
        contender.prepare(pair);
        servers.settle();
        contender.start();
        standby(source, "*");
      }
      try {
        commit(pair, contender != null, 1, WARM_UP, FIRST_ID);
        double[] alone = commit(pair, contender != null, 1, COUNTED, FIRST_ID + WARM_UP);
        long began = System.nanoTime();
        double[] together =
            commit(pair, contender != null, SESSIONS, COUNTED, FIRST_ID + WARM_UP + COUNTED);
        double seconds = (System.nanoTime() - began) / 1e9;
        String line =
            "| %s | %s | %s | %s | %s | %s |%n".formatted(
                contender == null ? "nobody" : contender.name(),
                Figures.millis(Figures.percentile(alone, 0.50)),
                Figures.millis(Figures.percentile(alone, 0.99)),
                Figures.millis(Figures.percentile(alone, 1)),
                Figures.millis(Figures.percentile(together, 0.50)),
                Figures.thousands(Math.round(together.length / seconds)));
        System.out.print("synchronous " + line);
        return line;
      } finally {
        standby(source, "");
        if (contender != null) {
          contender.stop();
        }
      }
    } finally {
      servers.drop(pair);
    }
  }

  private static void standby(Connection source, String names) throws SQLException {
    BenchTable.execute(source, "ALTER SYSTEM SET synchronous_standby_names = '" + names + "'");
    BenchTable.execute(source, "SELECT pg_reload_conf()");
  }

  /** Milliseconds of each commit. */
  private static double[] commit(DatabasePair pair, boolean waits, int sessions, int each, long firstId)
      throws InterruptedException, ExecutionException {
    AtomicLong next = new AtomicLong(firstId);
    CountDownLatch ready = new CountDownLatch(sessions);
    try (ExecutorService threads = Executors.newFixedThreadPool(sessions)) {
      List<Future<double[]>> all = new ArrayList<>();
      for (int s = 0; s < sessions; s++) {
        all.add(threads.submit(() -> {
          double[] millis = new double[each];
          try (Connection connection = pair.connectSource()) {
            BenchTable.execute(connection, "SET synchronous_commit = " + (waits ? "remote_apply" : "local"));
            try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO item VALUES (?, ?, 'a new item', 12.50, 1, '{\"n\": 1}', now())")) {
              ready.countDown();
              ready.await();
              for (int i = 0; i < each; i++) {
                insert.setInt(1, 1 + i % BenchTable.TENANTS);
                insert.setLong(2, next.getAndIncrement());
                long began = System.nanoTime();
                insert.executeUpdate();
                millis[i] = (System.nanoTime() - began) / 1e6;
              }
            }
          }
          return millis;
        }));
      }
      double[] millis = new double[sessions * each];
      for (int s = 0; s < sessions; s++) {
        System.arraycopy(all.get(s).get(), 0, millis, s * each, each);
      }
      return millis;
    }
  }
}
