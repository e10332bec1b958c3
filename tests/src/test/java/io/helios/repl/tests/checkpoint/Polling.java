package io.helios.repl.tests.checkpoint;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Roles;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;

/** Two databases, and a login at the source that may read, and nothing else. */
final class Polling {

  static final CaptureMode.Checkpoint MODE =
      new CaptureMode.Checkpoint(
          "changed", Duration.ofMillis(50), null, null, null, CaptureMode.Checkpoint.LONGEST_TRANSACTION);

  private Polling() {}

  /** The tables must be there. */
  static ConnectionSettings reader(Database source) {
    String role = "reader_" + source.name();
    source.execute("CREATE ROLE " + role + " LOGIN", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role);
    return Roles.login(source, role);
  }

  static Replication replicate(Path directory, Database source, ConnectionSettings reader, Database target) {
    return new Replication(MODE, directory, source, reader, target, new Tenancy.ByColumn("tenant_id"));
  }

  /** Whole polls, so many of them, all applied. */
  static void polls(Replication replication, UUID tenant, int count) throws InterruptedException {
    for (int i = 0; i < count; i++) {
      replication.catchUp(tenant);
    }
  }

  /** A session in an open transaction. */
  static Session begin(Database source, String... statements) {
    try {
      Session session = new Session(source.connect());
      session.connection.setAutoCommit(false);
      session.run("SELECT 1");
      session.run(statements);
      return session;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Somebody else at the source. */
  record Session(Connection connection) implements AutoCloseable {

    void run(String... statements) {
      try (Statement statement = connection.createStatement()) {
        for (String sql : statements) {
          statement.execute(sql);
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    String value(String sql) {
      try (Statement statement = connection.createStatement();
          var row = statement.executeQuery(sql)) {
        row.next();
        return row.getString(1);
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    void commit() {
      try {
        connection.commit();
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {
      try {
        connection.close();
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
