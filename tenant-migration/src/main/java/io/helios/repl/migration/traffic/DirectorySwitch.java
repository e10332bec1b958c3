package io.helios.repl.migration.traffic;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.migration.traffic.TrafficSettings.DirectoryColumn;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.status.Finding;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Switches by one row of a table in which applications look their tenants up, with a NOTIFY in the same transaction for those who
 * keep what they have read. A directory cannot make anybody wait: pause and resume do nothing, and the fence keeps writers waiting.
 *
 * <p>The row's epoch only grows: a call of an older move changes nothing and says so. Values go as parameters of no type, so
 * that each column reads them as its own. One connection, kept open; one move at a time.
 */
final class DirectorySwitch implements TrafficSwitch {

  /** What {@code pg_notify} takes ({@code NOTIFY_PAYLOAD_MAX_LENGTH} in {@code src/backend/commands/async.c}). */
  private static final int PAYLOAD = 7_999;

  private final TrafficSettings.Directory settings;
  private final List<DirectoryColumn> columns;
  private final String update;
  private @Nullable Connection connection;

  DirectorySwitch(TrafficSettings.Directory settings) {
    this.settings = settings;
    this.columns = settings.columns().keySet().stream().sorted().toList();
    String epoch = column(DirectoryColumn.EPOCH);
    this.update =
        "UPDATE " + table()
            + " SET " + columns.stream().map(c -> column(c) + " = ?").collect(Collectors.joining(", "))
            + " WHERE " + Identifiers.quote(settings.tenantColumn()) + " OPERATOR(pg_catalog.=) ?"
            + " AND (" + epoch + " IS NULL OR " + epoch + " OPERATOR(pg_catalog.<=) ?)";
  }

  @Override
  public String name() {
    return "directory " + settings.schema() + "." + settings.table();
  }

  @Override
  public List<Finding> check(TrafficMove move) {
    try {
      write(move, false);
      return List.of();
    } catch (HeliosException e) {
      return List.of(TrafficCheck.error(e.problem()));
    }
  }

  @Override
  public void pause(TrafficMove move, Duration within) {}

  @Override
  public void change(TrafficMove move) {
    write(move, true);
  }

  @Override
  public void resume(TrafficMove move) {}

  /** @param keep false for a dry run: all is done, and rolled back */
  private synchronized void write(TrafficMove move, boolean keep) {
    boolean kept = connection != null;
    while (true) {
      Connection open = open(move);
      try {
        transaction(open, move, keep);
        return;
      } catch (SQLException e) {
        boolean lost = e.getSQLState() == null || e.getSQLState().startsWith("08") || e.getSQLState().startsWith("57P");
        close();
        if (!kept || !lost) {
          throw refused(e);
        }
        kept = false;
      } catch (HeliosException e) {
        close();
        throw e;
      }
    }
  }

  private Connection open(TrafficMove move) {
    Connection open = connection;
    if (open == null) {
      open = PgConnections.open(settings.database(), "traffic", move.tenant());
      connection = open;
      try (Statement statement = open.createStatement()) {
        open.setNetworkTimeout(Runnable::run, (int) settings.timeout().plusSeconds(1).toMillis());
        open.setAutoCommit(false);
        statement.execute("SET statement_timeout = " + settings.timeout().toMillis());
        open.commit();
      } catch (SQLException e) {
        close();
        throw refused(e);
      }
    }
    return open;
  }

  private void transaction(Connection open, TrafficMove move, boolean keep) throws SQLException {
    int rows;
    try (PreparedStatement statement = open.prepareStatement(update)) {
      int i = 1;
      for (DirectoryColumn column : columns) {
        untyped(statement, i++, value(column, move));
      }
      untyped(statement, i++, Names.check(move.key(), "key"));
      untyped(statement, i, Long.toString(move.epoch()));
      rows = statement.executeUpdate();
    }
    if (rows != 1) {
      throw notOne(open, move, rows);
    }
    if (settings.channel() != null) {
      notify(open, settings.channel(), MoveDocument.of(move, TrafficPhase.CHANGE));
    }
    if (keep) {
      open.commit();
    } else {
      open.rollback();
    }
  }

  private static void notify(Connection open, String channel, String payload) throws SQLException {
    if (payload.getBytes(UTF_8).length > PAYLOAD) {
      throw new OperatorException(new Problem(
          ErrorCode.DIRECTORY_REFUSED,
          "a notification would be longer than the " + PAYLOAD + " bytes that PostgreSQL takes",
          "the tenant's key and the names of its homes are too long together",
          "leave channel: out of the directory"));
    }
    try (PreparedStatement statement = open.prepareStatement("SELECT pg_catalog.pg_notify(?, ?)")) {
      statement.setString(1, channel);
      statement.setString(2, payload);
      statement.execute();
    }
  }

  private OperatorException notOne(Connection open, TrafficMove move, int rows) throws SQLException {
    long there;
    try (PreparedStatement statement = open.prepareStatement(
        "SELECT pg_catalog.count(*) FROM " + table() + " WHERE " + Identifiers.quote(settings.tenantColumn()) + " OPERATOR(pg_catalog.=) ?")) {
      untyped(statement, 1, move.key());
      try (ResultSet row = statement.executeQuery()) {
        there = row.next() ? row.getLong(1) : 0;
      }
    }
    open.rollback();
    String tenant = "tenant \"" + move.tenant() + "\"";
    if (rows == 0 && there == 1) {
      return new OperatorException(new Problem(
          ErrorCode.DIRECTORY_EPOCH_AHEAD,
          name() + " has " + tenant + " in a later epoch than " + move.epoch(),
          "a later move has been written there",
          "SELECT * FROM " + table() + " shows it; a wrong epoch there is mended by hand"));
    }
    return new OperatorException(new Problem(
        ErrorCode.DIRECTORY_ROW_MISSING,
        name() + " has " + (there == 0 ? "no row" : there + " rows") + " for " + tenant,
        "a move changes one row, found by the tenant's key in column " + settings.tenantColumn(),
        there == 0 ? "INSERT a row for the tenant into " + table() : "make " + Identifiers.quote(settings.tenantColumn()) + " unique"));
  }

  /** Of no type, so that the server takes it as that of the column. */
  private static void untyped(PreparedStatement statement, int index, String value) throws SQLException {
    statement.setObject(index, value, Types.OTHER);
  }

  private static String value(DirectoryColumn column, TrafficMove move) {
    HomeAddress to = move.to();
    return switch (column) {
      case HOME -> to.name();
      case REGION -> to.region();
      case HOST -> to.host();
      case PORT -> Integer.toString(to.port());
      case DATABASE -> to.database();
      case EPOCH -> Long.toString(move.epoch());
    };
  }

  private String table() {
    return Identifiers.quote(settings.schema(), settings.table());
  }

  private String column(DirectoryColumn column) {
    String name = settings.columns().get(column);
    if (name == null) {
      throw new IllegalStateException("no column for " + column);
    }
    return Identifiers.quote(name);
  }

  private HeliosException refused(SQLException e) {
    return SqlStates.classify(
        e,
        ErrorCode.DIRECTORY_REFUSED,
        name() + " at " + settings.database().place() + " cannot be written",
        "GRANT SELECT, UPDATE ON " + table() + " TO " + Identifiers.quote(settings.database().user()));
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
