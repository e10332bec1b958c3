package io.helios.repl.migration.traffic;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;

/**
 * One connection to a pooler's admin console, kept open since opening one takes longer than what it is for. A connection that was lost in
 * the meantime is opened anew, once. One command at a time; any thread.
 */
final class AdminConsole implements AutoCloseable {

  private final ConnectionSettings settings;
  private @Nullable Connection connection;

  AdminConsole(ConnectionSettings settings) {
    this.settings = settings;
  }

  /** The pooler has answered with an error: it is alive, and did not do what it was asked for. */
  static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient SQLException answer;

    RefusedException(SQLException answer) {
      super(answer);
      this.answer = answer;
    }

    SQLException answer() {
      return answer;
    }
  }

  /** How somebody gives a command by hand. */
  static String psql(ConnectionSettings settings, String command) {
    return "psql -h " + settings.host() + " -p " + settings.port() + " -U " + settings.user() + " " + settings.database()
        + " -c '" + command + "'";
  }

  private interface Work<T> {
    T on(Statement statement) throws SQLException;
  }

  void command(String command, Duration patience) throws RefusedException {
    run(statement -> statement.execute(command), patience);
  }

  /** The rows of a SHOW, by the names of their columns. */
  List<Map<String, String>> rows(String command, Duration patience) throws RefusedException {
    return run(
        statement -> {
          try (ResultSet rows = statement.executeQuery(command)) {
            List<Map<String, String>> all = new ArrayList<>();
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
              Map<String, String> row = new HashMap<>();
              for (int i = 1; i <= columns; i++) {
                String value = rows.getString(i);
                if (value != null) {
                  row.put(rows.getMetaData().getColumnLabel(i), value);
                }
              }
              all.add(row);
            }
            return all;
          }
        },
        patience);
  }

  private synchronized <T> T run(Work<T> work, Duration patience) throws RefusedException {
    long end = System.nanoTime() + patience.toNanos();
    boolean kept = connection != null;
    while (true) {
      Duration left = Duration.ofNanos(Math.max(end - System.nanoTime(), 1_000_000));
      Connection open = open(left);
      try (Statement statement = open.createStatement()) {
        open.setNetworkTimeout(Runnable::run, Math.clamp(left.plusNanos(999_999).toMillis(), 1, Integer.MAX_VALUE));
        return work.on(statement);
      } catch (SQLException e) {
        if (e instanceof PSQLException answer && answer.getServerErrorMessage() != null && !isClosed(open)) {
          throw new RefusedException(e);
        }
        close();
        if (!kept || System.nanoTime() >= end) {
          throw unreachable(String.valueOf(e.getMessage()), e);
        }
        kept = false;
      }
    }
  }

  private Connection open(Duration patience) {
    Connection open = connection;
    if (open != null) {
      return open;
    }
    try {
      open = PgConnections.openConsole(settings, "traffic", patience);
    } catch (TransientException e) {
      throw unreachable(e.problem().why(), e);
    } catch (OperatorException e) {
      throw new OperatorException(
          new Problem(
              ErrorCode.POOLER_REFUSED,
              "the pooler at " + settings.place() + " does not let \"" + settings.user() + "\" in",
              e.problem().why(),
              e.problem().hint()),
          e);
    }
    connection = open;
    return open;
  }

  private static boolean isClosed(Connection open) throws RefusedException {
    try {
      return open.isClosed();
    } catch (SQLException e) {
      throw new RefusedException(e);
    }
  }

  private HeliosException unreachable(String why, Exception cause) {
    return new TransientException(
        new Problem(
            ErrorCode.POOLER_UNREACHABLE,
            "the pooler's admin console at " + settings.place() + " cannot be reached",
            why.strip().replaceAll("\\s*[\\r\\n]+\\s*", " "),
            psql(settings, "SHOW DATABASES")),
        cause);
  }

  @Override
  public synchronized void close() {
    Connection open = connection;
    connection = null;
    try {
      if (open != null) {
        open.close();
      }
    } catch (SQLException e) {
      // It is of no use any more in any case.
    }
  }
}
