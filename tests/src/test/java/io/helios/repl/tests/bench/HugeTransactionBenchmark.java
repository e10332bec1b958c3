package io.helios.repl.tests.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * One transaction of 2,000,000 rows for one tenant, while nine others commit a small one every 50 ms. Measured: from its
 * commit to its being visible, and how long the others waited meanwhile at worst.
 */
final class HugeTransactionBenchmark {

  static final int ROWS = 2_000_000;
  private static final int TENANTS = 10;
  private static final int HUGE = 1;

  private final Servers servers;

  HugeTransactionBenchmark(Servers servers) {
    this.servers = servers;
  }

  String run(List<Contender> contenders) throws Exception {
    StringBuilder text = new StringBuilder();
    text.append("One transaction of %s rows; nine other tenants commit one row every 50 ms meanwhile.%n%n".formatted(Figures.thousands(ROWS)));
    text.append("| contender | commit to visible, s | the others' worst wait, s | notes |\n| --- | ---: | ---: | --- |\n");
    for (Contender contender : contenders) {
      String line = measure(contender);
      System.out.print("huge transaction " + line);
      text.append(line);
    }
    return text.toString();
  }

  private String measure(Contender contender) throws Exception {
    DatabasePair pair = servers.newPair(TENANTS);
    try (Connection source = pair.connectSource();
        Connection other = pair.connectSource()) {
      BenchTable.create(source);
      BenchTable.fill(source, TENANTS, 10);
      contender.prepare(pair);
      servers.settle();
      contender.start();
      try (Connection target = pair.connectTarget();
          OtherTenants others = new OtherTenants(other, pair)) {
        source.setAutoCommit(false);
        BenchTable.execute(
            source,
            "INSERT INTO item SELECT %d, 1000000 + i, 'row ' || i, 1, 0, jsonb_build_object('n', i), now() FROM generate_series(1, %d) i"
                .formatted(HUGE, ROWS));
        BenchTable.execute(source, "UPDATE item SET state = -1 WHERE id = 0 AND tenant_id = " + HUGE);
        others.beginCounting();
        source.commit();
        long committed = System.nanoTime();
        double seconds = (BenchTable.awaitMark(target, HUGE, Duration.ofMinutes(10)) - committed) / 1e9;
        double worst = others.finish();
        long rows = Long.parseLong(DatabasePair.value(target, "SELECT count(*) FROM item WHERE tenant_id = " + HUGE));
        if (rows != ROWS + 11) {
          throw new IllegalStateException("the target has " + rows + " rows");
        }
        return "| %s | %s | %s | %s |%n"
            .formatted(contender.name(), Figures.seconds(seconds), Figures.seconds(worst), contender.note());
      } finally {
        contender.stop();
      }
    } finally {
      servers.drop(pair);
    }
  }

  /** One thread that commits a row of some other tenant, waits until the target shows it, notes how long, and goes on. */
  private static final class OtherTenants implements AutoCloseable {

    private final Thread thread;
    private volatile boolean counting;
    private volatile boolean stopping;
    private volatile double worstSeconds;

    OtherTenants(Connection source, DatabasePair pair) {
      thread = Thread.ofPlatform().name("other-tenants").start(() -> run(source, pair));
    }

    void beginCounting() {
      counting = true;
    }

    double finish() throws InterruptedException {
      stopping = true;
      thread.join();
      return worstSeconds;
    }

    private void run(Connection source, DatabasePair pair) {
      try (Connection target = pair.connectTarget()) {
        for (int n = 1; !stopping; n++) {
          int tenant = HUGE + 1 + n % (TENANTS - 1);
          BenchTable.execute(
              source, "UPDATE item SET state = %d WHERE id = 5 AND tenant_id = %d".formatted(n, tenant));
          long committed = System.nanoTime();
          String sql = "SELECT count(*) FROM item WHERE id = 5 AND tenant_id = %d AND state = %d".formatted(tenant, n);
          while ("0".equals(DatabasePair.value(target, sql))) {
            Thread.sleep(2);
          }
          if (counting) {
            worstSeconds = Math.max(worstSeconds, (System.nanoTime() - committed) / 1e9);
          }
          Thread.sleep(50);
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      stopping = true;
      thread.interrupt();
    }
  }
}
