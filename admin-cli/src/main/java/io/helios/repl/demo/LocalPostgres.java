package io.helios.repl.demo;

import io.helios.repl.postgres.ConnectionSettings;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.embedded.PgBinaryResolver;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A real PostgreSQL server of its own on a free loopback port, from the binaries on the class path or those that a
 * resolver gives; gone, with its data, when closed. {@code wal_level} is logical unless set otherwise. Started as root it
 * runs in a user namespace of its own. Any thread.
 */
public final class LocalPostgres implements AutoCloseable {

  /** Settings of every server, unless others are given. */
  public static final Map<String, String> DEFAULTS =
      Map.of(
          "wal_level", "logical",
          // The library's default is off, and then WAL reaches a walsender only every 200 ms (wal_writer_delay).
          "synchronous_commit", "on",
          "max_wal_senders", "20",
          "max_replication_slots", "20",
          "max_connections", "120");

  private final int port;
  private final Closeable server;

  private LocalPostgres(int port, Closeable server) {
    this.port = port;
    this.server = server;
  }

  /** One that was started in another manner, on loopback, with a superuser {@code postgres} who needs no password. */
  public static LocalPostgres of(int port, Closeable server) {
    return new LocalPostgres(port, server);
  }

  /** Starts PostgreSQL 17 with the given settings on top of the defaults. */
  public static LocalPostgres start(Map<String, String> settings) throws IOException {
    return start(settings, null, null, 0);
  }

  /**
   * Starts a server.
   *
   * @param binaries where other binaries come from, or null for the ones on the class path
   * @param dataDirectory a data directory to create or to start again (it then stays), or null for a passing one
   * @param port a port to listen on, or 0 for a free one
   */
  public static LocalPostgres start(
      Map<String, String> settings, @Nullable PgBinaryResolver binaries, @Nullable Path dataDirectory, int port)
      throws IOException {
    Map<String, String> all = new LinkedHashMap<>(DEFAULTS);
    all.putAll(settings);
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder().setPGStartupWait(Duration.ofSeconds(60)).setLocaleConfig("locale", "C.UTF-8");
    all.forEach(builder::setServerConfig);
    if (binaries != null) {
      builder.setPgBinaryResolver(binaries);
    }
    if (dataDirectory != null) {
      builder.setDataDirectory(dataDirectory).setCleanDataDirectory(false);
    }
    if (port != 0) {
      builder.setPort(port);
    }
    EmbeddedPostgres embedded = builder.start();
    return new LocalPostgres(embedded.getPort(), embedded);
  }

  public int port() {
    return port;
  }

  /** As the superuser {@code postgres}, who needs no password here. */
  public ConnectionSettings settings(String database) {
    return new ConnectionSettings("127.0.0.1", port(), database, "postgres", null, Map.of());
  }

  /** A plain superuser connection for setting things up. */
  public Connection connect(String database) throws SQLException {
    return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port() + "/" + database + "?user=postgres");
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
