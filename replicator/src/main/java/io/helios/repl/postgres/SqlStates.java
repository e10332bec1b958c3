package io.helios.repl.postgres;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * The only place where SQLSTATEs are judged (PostgreSQL: {@code src/backend/utils/errcodes.txt}), and where a server's
 * words are made fit to be shown: its DETAIL carries row values, and so do the messages of some classes.
 */
public final class SqlStates {

  public static final String NO_PASSWORD_OR_TLS = "08004";
  public static final String INVALID_AUTHORIZATION = "28000";
  public static final String INVALID_PASSWORD = "28P01";
  public static final String READ_ONLY = "25006";
  public static final String FAILED_TRANSACTION = "25P02";
  public static final String NO_SUCH_DATABASE = "3D000";
  public static final String NO_RIGHT = "42501";
  public static final String UNDEFINED_OBJECT = "42704";
  public static final String DUPLICATE_OBJECT = "42710";
  public static final String TOO_MANY_CONNECTIONS = "53300";
  public static final String LIMIT_EXCEEDED = "53400";
  public static final String NOT_IN_PREREQUISITE_STATE = "55000";
  public static final String OBJECT_IN_USE = "55006";
  public static final String FILE_MISSING = "58P01";
  public static final String CONNECTION_FAILURE = "08006";
  public static final String SERIALIZATION_FAILURE = "40001";
  public static final String DEADLOCK = "40P01";
  public static final String LOCK_NOT_AVAILABLE = "55P03";
  public static final String CANCELLED = "57014";

  /** Class 08 (connection) and 53 (resources) as a whole, and these: none of them is the statement's own fault. */
  private static final Set<String> TRANSIENT =
      Set.of(
          "25P03", // idle in transaction for too long
          "25P04", // transaction timeout
          SERIALIZATION_FAILURE,
          "40003", // statement completion unknown
          DEADLOCK,
          "55006", // object in use
          LOCK_NOT_AVAILABLE,
          CANCELLED,
          "57P01", // administrator's shutdown
          "57P02", // crash shutdown
          "57P03", // cannot connect now
          "57P05", // idle session timeout
          "58000", // system error
          "58030", // I/O error
          "72000"); // snapshot too old

  private SqlStates() {}

  /** Whether the same may succeed when it is tried again, with nothing changed by anybody. */
  public static boolean isTransient(@Nullable String sqlState) {
    if (sqlState == null || sqlState.equals(NO_PASSWORD_OR_TLS)) {
      return false;
    }
    return sqlState.startsWith("08") || sqlState.startsWith("53") || TRANSIENT.contains(sqlState);
  }

  /** As {@link #isTransient(String)}, and a connection that broke without a SQLSTATE counts too. */
  public static boolean isTransient(SQLException e) {
    return e.getSQLState() == null ? e.getCause() instanceof IOException : isTransient(e.getSQLState());
  }

  /** Whether a lock was not had in time, or not at all for a deadlock: the same may go well right afterwards. */
  public static boolean isLockTrouble(SQLException e) {
    return LOCK_NOT_AVAILABLE.equals(e.getSQLState()) || DEADLOCK.equals(e.getSQLState());
  }

  /** Whether a table, or its schema, is not there. */
  public static boolean isUndefinedTable(SQLException e) {
    return "42P01".equals(e.getSQLState());
  }

  /** Whether a row's key or unique value is taken, or excluded, by another row. */
  public static boolean isKeyConflict(SQLException e) {
    return "23505".equals(e.getSQLState()) || "23P01".equals(e.getSQLState());
  }

  /** Whether the same transaction, begun anew, may well succeed at once. */
  public static boolean isSerializationFailure(SQLException e) {
    return SERIALIZATION_FAILURE.equals(e.getSQLState());
  }

  /** Whether a text is no value of its type: of an enum that lacks it, for one. */
  public static boolean isUnknownValue(SQLException e) {
    return "22P02".equals(e.getSQLState());
  }

  /** Whether bytes are no text of the encoding. */
  public static boolean isBadEncoding(SQLException e) {
    return "22021".equals(e.getSQLState());
  }

  /** Whether a value does not read as its type. */
  public static boolean isDataException(SQLException e) {
    return e.getSQLState() != null && e.getSQLState().startsWith("22");
  }

  /**
   * The error of the family that a database error is: transient by its SQLSTATE, else for the operator.
   *
   * @param message what failed, naming the object concerned
   * @param hint what to run
   */
  public static HeliosException classify(SQLException e, ErrorCode code, String message, String hint) {
    Problem problem = new Problem(code, message, reason(e), hint);
    return isTransient(e) ? new TransientException(problem, clean(e)) : new OperatorException(problem, clean(e));
  }

  /**
   * Why the server refused, without DETAIL and without row values. Data exceptions (22), and errors that a trigger or
   * function raises (P0) or that code outside the server words (38, 39), quote values in the message itself: there the
   * SQLSTATE and the objects named by the server have to do.
   */
  public static String reason(SQLException e) {
    ServerErrorMessage server = e instanceof PSQLException psql ? psql.getServerErrorMessage() : null;
    String state = e.getSQLState() == null ? "no SQLSTATE" : "SQLSTATE " + e.getSQLState();
    if (quotesValues(e.getSQLState())) {
      return "the server refused a value (" + state + objects(server) + ")";
    }
    String text = server == null ? driverText(e) : server.getMessage();
    return (text == null ? "the connection failed" : oneLine(text)) + " (" + state + objects(server) + ")";
  }

  /** The exception itself where its text is harmless, else one that has only its SQLSTATE and its stack. */
  public static Exception clean(SQLException e) {
    ServerErrorMessage server = e instanceof PSQLException psql ? psql.getServerErrorMessage() : null;
    if (server == null && !quotesValues(e.getSQLState())) {
      return e;
    }
    SQLException bare = new SQLException(reason(e), e.getSQLState());
    bare.setStackTrace(e.getStackTrace());
    return bare;
  }

  private static boolean quotesValues(@Nullable String sqlState) {
    return sqlState != null
        && (sqlState.startsWith("22")
            || sqlState.startsWith("P0")
            || sqlState.startsWith("38")
            || sqlState.startsWith("39"));
  }

  private static @Nullable String driverText(SQLException e) {
    Throwable cause = e.getCause();
    String inner = cause == null ? null : cause.getMessage();
    return inner == null ? e.getMessage() : e.getMessage() + " " + inner;
  }

  private static String objects(@Nullable ServerErrorMessage server) {
    if (server == null) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    append(text, "schema", server.getSchema());
    append(text, "table", server.getTable());
    append(text, "column", server.getColumn());
    append(text, "constraint", server.getConstraint());
    return text.toString();
  }

  private static void append(StringBuilder text, String kind, @Nullable String name) {
    if (name != null) {
      text.append(", ").append(kind).append(' ').append(name);
    }
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s*[\\r\\n]+\\s*", " ");
  }
}
