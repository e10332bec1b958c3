package io.helios.repl.tests.catalog;

import io.helios.repl.apply.TargetCheck;
import io.helios.repl.apply.TargetPreparation;
import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.schema.SchemaPlan;
import io.helios.repl.status.Finding;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** A source database, and a target database with a plain role that may connect there and nothing else. */
final class Pair {

  private static final AtomicInteger COUNT = new AtomicInteger();

  final LocalPostgres server;
  final String sourceDatabase;
  final String targetDatabase;
  final String role = "applier" + COUNT.incrementAndGet();

  Pair(LocalPostgres server, String sourceSetup, String targetSetup) {
    this.server = server;
    this.sourceDatabase = Postgres.createDatabase(server);
    this.targetDatabase = Postgres.createDatabase(server);
    Postgres.execute(server, sourceDatabase, sourceSetup);
    Postgres.execute(
        server, targetDatabase, "CREATE ROLE " + role + " LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC", targetSetup);
  }

  /** So that nothing but what a test is about is found. */
  Pair ready() {
    run("CREATE SCHEMA helios AUTHORIZATION " + role + "; GRANT ALL ON SCHEMA public TO " + role
        + "; GRANT ALL ON ALL TABLES IN SCHEMA public TO " + role + "; GRANT SET ON PARAMETER session_replication_role TO "
        + role);
    return this;
  }

  List<Finding> check() throws SQLException {
    try (Connection source = source();
        Connection target = target()) {
      return TargetCheck.run(target, "shop-eu", source, tables(source));
    }
  }

  SchemaPlan prepare() throws SQLException {
    try (Connection source = source();
        Connection target = target()) {
      return TargetPreparation.run(target, "shop-eu", source, tables(source));
    }
  }

  SchemaPlan plan() throws SQLException {
    try (Connection source = source();
        Connection target = target()) {
      return TargetPreparation.plan(target, source, tables(source));
    }
  }

  static List<TableDefinition> tables(Connection source) throws SQLException {
    return Catalog.tables(source, (schema, table) -> true);
  }

  Connection source() {
    return PgConnections.open(server.settings(sourceDatabase), "check", null);
  }

  /** As the plain role. */
  Connection target() {
    return PgConnections.open(
        new ConnectionSettings("127.0.0.1", server.port(), targetDatabase, role, null, Map.of()), "check", null);
  }

  /** As the superuser, on the target. */
  void run(String sql) {
    Postgres.execute(server, targetDatabase, sql);
  }
}
