package io.helios.repl.tests.catalog;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.capture.SourceCheck;
import io.helios.repl.capture.SourceScope;
import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.status.Finding;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** A database of its own with a plain role of its own that may replicate and read; the slot's name is its own too. */
final class Source implements AutoCloseable {

  private static final AtomicInteger COUNT = new AtomicInteger();

  final LocalPostgres server;
  final String database;
  final String role = "plain" + COUNT.incrementAndGet();
  final String slot = "helios_" + role;

  /** @param setup statements, run by the superuser, who then owns what they make */
  Source(LocalPostgres server, String setup) {
    this.server = server;
    this.database = Postgres.createDatabase(server);
    Postgres.execute(
        server,
        database,
        "CREATE ROLE " + role + " LOGIN REPLICATION",
        setup,
        "DO 'DECLARE s name; BEGIN FOR s IN SELECT nspname FROM pg_namespace WHERE nspname !~ ''^pg_'' LOOP EXECUTE"
            + " format(''GRANT USAGE ON SCHEMA %1$I TO " + role + "; GRANT SELECT ON ALL TABLES IN SCHEMA %1$I TO " + role
            + "'', s); END LOOP; END'");
  }

  SourceScope scope(Tenancy tenancy, String... globs) {
    return new SourceScope("shop", tenancy, new TableFilter(List.of(globs)), null, slot, slot);
  }

  /** Polled: the role then has no right to replicate. */
  SourceScope polled(CaptureMode.Checkpoint checkpoint, Tenancy tenancy, String... globs) {
    run("ALTER ROLE " + role + " NOREPLICATION");
    return new SourceScope("shop", checkpoint, tenancy, new TableFilter(List.of(globs)), null, slot, slot);
  }

  List<Finding> check(SourceScope scope) throws SQLException {
    try (Connection connection = connect()) {
      return SourceCheck.run(connection, scope, false);
    }
  }

  /** As the plain role. */
  Connection connect() {
    return PgConnections.open(
        new ConnectionSettings("127.0.0.1", server.port(), database, role, null, Map.of()), "check", null);
  }

  /** As the superuser, line by line. */
  void run(String sql) {
    Postgres.execute(server, database, sql.split("\n"));
  }

  @Override
  public void close() {
    run("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '" + slot
        + "' AND NOT active");
  }
}
