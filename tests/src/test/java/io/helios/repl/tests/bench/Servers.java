package io.helios.repl.tests.bench;

import io.helios.repl.demo.LocalPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** The source's and the target's server of a run, PostgreSQL 17 with durable commits. */
final class Servers implements AutoCloseable {

  /** Room enough that no checkpoint and no vacuum falls into one contender's turn and not into another's. */
  static final Map<String, String> SETTINGS =
      Map.of(
          "fsync", "on", "synchronous_commit", "on", "shared_buffers", "512MB", "max_wal_size", "16GB", "checkpoint_timeout", "1h", "autovacuum", "off");

  private final LocalPostgres source = LocalPostgres.start(SETTINGS);
  private final LocalPostgres target = LocalPostgres.start(SETTINGS);
  private final AtomicInteger databases = new AtomicInteger();

  Servers() throws IOException {}

  LocalPostgres source() {
    return source;
  }

  LocalPostgres target() {
    return target;
  }

  String newDatabase(LocalPostgres server) throws SQLException {
    String name = "bench" + databases.incrementAndGet();
    DatabasePair.execute(server, "postgres", "CREATE DATABASE " + name);
    return name;
  }

  /** New databases at both sides. */
  DatabasePair newPair(int tenants) throws SQLException {
    return new DatabasePair(source, newDatabase(source), target, newDatabase(target), tenants);
  }

  void drop(DatabasePair pair) throws SQLException {
    drop(target, pair.targetDatabase());
    drop(source, pair.sourceDatabase());
  }

  void drop(LocalPostgres server, String database) throws SQLException {
    DatabasePair.execute(server, "postgres", "DROP DATABASE " + database + " WITH (FORCE)");
  }

  /** Writes out what earlier turns left, so that the next one starts like them. */
  void settle() throws SQLException {
    DatabasePair.execute(source, "postgres", "CHECKPOINT");
    DatabasePair.execute(target, "postgres", "CHECKPOINT");
  }

  String version() throws SQLException {
    try (Connection connection = source.connect("postgres")) {
      return DatabasePair.value(connection, "SHOW server_version");
    }
  }

  @Override
  public void close() throws IOException {
    try {
      source.close();
    } finally {
      target.close();
    }
  }
}
