package io.helios.repl.server;

import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.error.HeliosException;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the sessions of the server whose place another one takes, at its sources and targets: one that is stopped, or whose machine is gone without
 * a word, still reads its slots and may hold locks in transactions that nobody ends. What it had not committed is rolled back. Observers are
 * left alone.
 */
final class Eviction {

  private static final Logger LOG = LoggerFactory.getLogger(Eviction.class);
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** A role may end its own sessions. A synchronous stream calls itself by its slot's name. */
  private static final String END =
      """
      SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(a.pid)) FROM pg_catalog.pg_stat_activity a
      WHERE a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
        AND a.usename OPERATOR(pg_catalog.=) CURRENT_USER
        AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
        AND (a.application_name OPERATOR(pg_catalog.~~) 'helios-repl/%' OR a.application_name OPERATOR(pg_catalog.=) ?)
        AND a.application_name OPERATOR(pg_catalog.<>) ALL ('{helios-repl/observe,helios-repl/control}'::pg_catalog.text[])
      """;

  private Eviction() {}

  /** At all of them at once. What cannot be reached is left, and told of in the log. */
  static void of(ServerConfiguration configuration) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (SourceSettings source : configuration.sources()) {
      threads.add(begin("source " + source.name(), source.connection(), source.slot()));
    }
    for (TargetSettings target : configuration.targets()) {
      threads.add(begin("target " + target.name(), target.connection(), ""));
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static Thread begin(String where, ConnectionSettings settings, String slot) {
    return Thread.ofVirtual().name("helios-eviction").start(() -> end(where, settings, slot));
  }

  private static void end(String where, ConnectionSettings settings, String slot) {
    try (Connection connection = PgConnections.openProbe(settings, "eviction", PATIENCE)) {
      connection.setNetworkTimeout(Runnable::run, Math.toIntExact(PATIENCE.toMillis()));
      try (PreparedStatement statement = connection.prepareStatement(END)) {
        statement.setString(1, slot);
        try (ResultSet row = statement.executeQuery()) {
          row.next();
          LOG.info("{}: {} sessions of the server that was active are ended", where, row.getLong(1));
        }
      }
    } catch (SQLException | HeliosException e) {
      LOG.warn("{}: the sessions of the server that was active cannot be ended: {}", where, e.getMessage());
    }
  }
}
