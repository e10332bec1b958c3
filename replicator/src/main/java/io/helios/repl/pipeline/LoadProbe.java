package io.helios.repl.pipeline;

import io.helios.repl.error.HeliosException;
import io.helios.repl.pipeline.CopyThrottle.Sample;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a server that copies read or write does: one small query, over a connection of its own, tells how far its physical
 * standbys are behind, and by the time that it takes how busy the server is. A server that cannot be asked says nothing: what
 * is out of reach ends a copy by itself. Any thread; one question at a time.
 */
final class LoadProbe {

  private static final Logger LOG = LoggerFactory.getLogger(LoadProbe.class);

  /** A question that is open for longer than this counts, though nobody knows yet what it will have taken. */
  private static final Duration OVERDUE = Duration.ofSeconds(1);

  /**
   * Walsenders without a logical slot: streams such as ours lag for reasons of their own. Who may not see the servers' statistics
   * (pg_monitor) finds no row here.
   */
  private static final String STANDBYS =
      """
      SELECT r.application_name, pg_catalog.date_part('epoch', r.replay_lag) AS seconds
      FROM pg_catalog.pg_stat_replication r
      WHERE r.state = 'streaming' AND r.replay_lag IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')""";

  private final String name;
  private final ConnectionSettings settings;
  private final Ticker ticker;
  private final AtomicBoolean busy = new AtomicBoolean();
  private final LatencyWindow window = new LatencyWindow();
  private @Nullable Connection connection;
  private volatile List<Sample> found = List.of();
  private volatile long askedNanos;
  private volatile boolean asking;
  private volatile boolean resting = true;
  private volatile boolean closed;

  /** @param name in words: {@code source "shop"} */
  LoadProbe(String name, ConnectionSettings settings, Ticker ticker) {
    this.name = name;
    this.settings = settings;
    this.ticker = ticker;
  }

  /** Asks, unless the last question is still open. Does not wait. */
  void ask(Executor passing) {
    resting = false;
    if (busy.compareAndSet(false, true)) {
      passing.execute(this::askOnce);
    }
  }

  /** Nobody wants to know for now: closes the connection, and keeps what is usual here. */
  void rest(Executor passing) {
    if (!resting && busy.compareAndSet(false, true)) {
      resting = true;
      passing.execute(
          () -> {
            disconnect();
            busy.set(false);
          });
    }
  }

  /** For good. A question that is open closes the connection when it ends. */
  void close(Executor passing) {
    closed = true;
    rest(passing);
  }

  /** What is known just now. */
  List<Sample> samples() {
    List<Sample> samples = found;
    long open = ticker.nanos() - askedNanos;
    if (!asking || open < OVERDUE.toNanos()) {
      return samples;
    }
    List<Sample> overdue = new ArrayList<>(samples);
    overdue.add(new Sample.Latency(name, Duration.ofNanos(open), Duration.ZERO));
    return overdue;
  }

  private void askOnce() {
    try {
      Connection open = connection;
      if (open == null) {
        open = PgConnections.open(settings, "load", null);
        connection = open;
      }
      askedNanos = ticker.nanos();
      asking = true;
      List<Sample> samples = new ArrayList<>(standbys(open));
      window.add(ticker.nanos() - askedNanos);
      samples.add(
          new Sample.Latency(name, Duration.ofNanos(window.nowNanos()), Duration.ofNanos(window.usualNanos())));
      found = List.copyOf(samples);
    } catch (SQLException | HeliosException e) {
      LOG.debug("{} does not tell how busy it is", name, e);
      found = List.of();
      disconnect();
    } finally {
      asking = false;
      if (closed) {
        disconnect();
      }
      busy.set(false);
    }
  }

  private List<Sample> standbys(Connection open) throws SQLException {
    List<Sample> standbys = new ArrayList<>();
    try (Statement statement = open.createStatement();
        ResultSet row = statement.executeQuery(STANDBYS)) {
      while (row.next()) {
        standbys.add(
            new Sample.Lag(
                "standby \"" + row.getString("application_name") + "\" of " + name,
                Duration.ofMillis((long) (row.getDouble("seconds") * 1000))));
      }
    }
    return standbys;
  }

  private void disconnect() {
    Connection open = connection;
    connection = null;
    found = List.of();
    if (open != null) {
      try {
        open.close();
      } catch (SQLException e) {
        LOG.debug("the connection that asked {} for its load was lost already", name, e);
      }
    }
  }
}
