package io.helios.repl.tests.net;

import io.helios.repl.tests.fixture.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/**
 * Two tables and transactions that never end: inserts, updates and deletes of two tenants, {@code a} and {@code b}, in a table
 * with a key and in one without, where what comes twice stays twice.
 */
final class LiveLoad implements AutoCloseable {

  static final String[] TABLES = {
    "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))",
    "CREATE TABLE log (tenant_id text NOT NULL, n int, note text)",
    "ALTER TABLE log REPLICA IDENTITY FULL"
  };

  /** Everything that must be equal on both sides, at any time at which nothing is on its way. */
  static final String[] EVERYTHING = {
    "SELECT * FROM orders ORDER BY tenant_id, id",
    "SELECT tenant_id, n, note, count(*) FROM log GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
  };

  private final Database source;
  private final Thread thread;
  private volatile boolean stopping;
  private volatile int transactions;
  private volatile @Nullable SQLException failure;

  private LiveLoad(Database source) {
    this.source = source;
    this.thread = Thread.ofPlatform().daemon().name("load").start(this::run);
  }

  /** Makes the tables, with so many rows of each tenant. */
  static void prepare(Database source, int rows) {
    source.execute(TABLES);
    String numbers = " FROM generate_series(1, " + rows + ") i, unnest('{a,b}'::text[]) t";
    source.execute(
        "INSERT INTO orders SELECT t, i, repeat(md5(i::text), 3)" + numbers,
        "INSERT INTO log SELECT t, i % 1000, 'before'" + numbers);
  }

  static LiveLoad start(Database source) {
    return new LiveLoad(source);
  }

  /** Committed so far. */
  int transactions() {
    return transactions;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
  private void run() {
    try (Connection connection = source.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int i = 0; !stopping; i++) {
        String tenant = i % 2 == 0 ? "'a'" : "'b'";
        int id = 1_000_000 + i;
        statement.execute("INSERT INTO orders VALUES (" + tenant + ", " + id + ", 'live')");
        statement.execute("INSERT INTO log VALUES (" + tenant + ", " + i % 50 + ", 'live')");
        if (i % 3 == 0) {
          statement.execute("UPDATE orders SET note = note || '!' WHERE tenant_id = " + tenant + " AND id = " + (id - 6));
          statement.execute("DELETE FROM orders WHERE tenant_id = " + tenant + " AND id = " + (id - 90));
          statement.execute("DELETE FROM log WHERE ctid = (SELECT min(ctid) FROM log WHERE tenant_id = " + tenant
              + " AND n = " + i % 50 + " AND note = 'live')");
        }
        connection.commit();
        transactions++;
        Thread.sleep(5);
      }
    } catch (SQLException e) {
      failure = e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends it; what it had committed stays. */
  @Override
  public void close() {
    stopping = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
  }
}
