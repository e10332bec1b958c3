package io.helios.repl.failover.observation;

import io.helios.repl.error.HeliosException;
import io.helios.repl.failover.observation.Sample.Kind;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a PostgreSQL over a connection of its own, which it opens anew every few looks: a session that lives on tells nothing of whether
 * clients can still come in. One thread at a time.
 */
public final class SqlProbe implements Probe {

  private static final Logger LOG = LoggerFactory.getLogger(SqlProbe.class);

  private static final int LOOKS_PER_CONNECTION = 4;

  private static final String QUESTION =
      """
      SELECT r, CASE WHEN r THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END
      FROM (SELECT pg_catalog.pg_is_in_recovery() AS r) AS s\
      """;

  private final Endpoint endpoint;
  private final Duration timeout;
  private @Nullable Connection connection;
  private int looks;

  public SqlProbe(Endpoint endpoint, Duration timeout) {
    this.endpoint = endpoint;
    this.timeout = timeout;
  }

  @Override
  public Seen look() {
    Connection open = connection;
    if (open != null && looks++ < LOOKS_PER_CONNECTION) {
      try {
        return ask(open);
      } catch (SQLException e) {
        close();
        if (e.getCause() instanceof SocketTimeoutException) {
          return Seen.failure(Kind.UNANSWERED, "no answer within " + timeout.toMillis() + " ms");
        }
      }
    }
    close();
    return begin();
  }

  private Seen begin() {
    long begun = System.nanoTime();
    Seen unreachable = endpoint.connection().way() == null ? knock() : null;
    if (unreachable != null) {
      return unreachable;
    }
    try {
      Connection opened = PgConnections.openProbe(endpoint.connection(), "observe", timeout);
      connection = opened;
      looks = 0;
      Duration left = timeout.multipliedBy(2).minusNanos(System.nanoTime() - begun);
      waitFor(opened, left.compareTo(timeout) < 0 ? left : timeout);
      Seen seen = ask(opened);
      waitFor(opened, timeout);
      return seen;
    } catch (SQLException e) {
      close();
      return Seen.failure(Kind.UNANSWERED, "it takes connections, and the question failed");
    } catch (HeliosException e) {
      return switch (e.problem().code()) {
        // Something of the network, or a server that is starting, stopping or recovering.
        case UNREACHABLE -> Seen.failure(endpoint.connection().way() == null ? Kind.UNANSWERED : Kind.SILENT, e.problem().message());
        // It lives, and does not let us in.
        default -> Seen.failure(Kind.ANSWERED, e.problem().message());
      };
    }
  }

  private static void waitFor(Connection open, Duration most) throws SQLException {
    open.setNetworkTimeout(Runnable::run, Math.toIntExact(Math.max(1, most.toMillis())));
  }

  /** Whether anything listens there. pgjdbc would tell neither in milliseconds nor a refusal from silence. */
  private @Nullable Seen knock() {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(endpoint.connection().host(), endpoint.connection().port()), Math.toIntExact(timeout.toMillis()));
      return null;
    } catch (ConnectException e) {
      return Seen.failure(Kind.REFUSED, "nothing listens at " + endpoint.connection().place());
    } catch (IOException e) {
      return Seen.failure(Kind.SILENT, "nothing answers at " + endpoint.connection().place());
    }
  }

  private static Seen ask(Connection open) throws SQLException {
    try (Statement statement = open.createStatement();
        ResultSet row = statement.executeQuery(QUESTION)) {
      row.next();
      String wal = row.getString(2);
      return new Seen(Kind.ANSWERED, row.getBoolean(1), wal == null ? null : Lsn.parse(wal), null);
    }
  }

  @Override
  public void close() {
    Connection open = connection;
    connection = null;
    if (open != null) {
      try {
        open.close();
      } catch (SQLException e) {
        LOG.debug("a connection to {} that observed it ended badly", endpoint.id(), e);
      }
    }
  }
}
