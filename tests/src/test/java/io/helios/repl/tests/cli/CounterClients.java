package io.helios.repl.tests.cli;

import io.helios.repl.tests.cli.HomeHistory.Increment;
import io.helios.repl.tests.fixture.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Clients that increment a tenant's counter all the time, two at each home, whichever of these takes it. They notice no cut. */
final class CounterClients implements AutoCloseable {

  private static final int AT_EACH = 2;
  private static final long REST = Duration.ofMillis(3).toNanos();

  private final ConcurrentLinkedQueue<Increment> history = new ConcurrentLinkedQueue<>();
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicBoolean stop = new AtomicBoolean();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final String increment;

  CounterClients(String tenant, Database old, Database next) {
    this.increment = "UPDATE counters SET n = n + 1 WHERE tenant_id = '" + tenant + "' RETURNING n";
    for (Database home : List.of(old, next)) {
      for (int i = 0; i < AT_EACH; i++) {
        int at = home.equals(old) ? HomeHistory.OLD : HomeHistory.NEW;
        threads.add(Thread.ofPlatform().name("counter-" + tenant).start(() -> run(at, home)));
      }
    }
  }

  private void run(int home, Database database) {
    @Nullable Connection connection = null;
    try {
      while (!stop.get()) {
        if (connection == null) {
          connection = database.connect();
        }
        long invoked = System.nanoTime();
        try (Statement statement = connection.createStatement();
            ResultSet row = statement.executeQuery(increment)) {
          if (!row.next()) {
            throw new IllegalStateException("no counter");
          }
          history.add(new Increment(home, invoked, System.nanoTime(), row.getLong(1)));
        } catch (SQLException e) {
          if (!"25006".equals(e.getSQLState())) {
            history.add(new Increment(home, invoked, System.nanoTime(), -1));
            connection.close();
            connection = null;
          }
        }
        LockSupport.parkNanos(REST);
      }
    } catch (SQLException | RuntimeException e) {
      failure.compareAndSet(null, e);
    } finally {
      close(connection);
    }
  }

  private static void close(@Nullable Connection connection) {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  HomeHistory history() {
    Throwable failed = failure.get();
    if (failed != null) {
      throw new AssertionError("a client failed", failed);
    }
    return new HomeHistory(List.copyOf(history));
  }

  /** How many increments were acknowledged there that began after this moment. */
  long taken(int home, long since) {
    return history().all().stream().filter(i -> i.home() == home && i.isAcknowledged() && i.invoked() > since).count();
  }

  HomeHistory end() throws InterruptedException {
    close();
    return history();
  }

  @Override
  public void close() throws InterruptedException {
    stop.set(true);
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
