package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What a target's errors mean. No message of the server is passed on where it may carry a value. */
final class TargetErrors {

  private TargetErrors() {}

  /** Of an error outside of any change: connecting, reading what is recorded. */
  static HeliosException classify(SQLException e, String target) {
    if (isTransient(e)) {
      return new TransientException(busy(e, target), e);
    }
    return new OperatorException(new Problem(
        ErrorCode.TARGET_NOT_PREPARED,
        "target \"" + target + "\" refuses to work with us",
        reason(e),
        "helios-repl target check " + target), e);
  }

  /** Of an error that a change met. */
  static HeliosException rejected(SQLException e, String target, Lsn lsn, @Nullable String table) {
    if (isTransient(e)) {
      return new TransientException(busy(e, target).at(lsn.toString(), table), e);
    }
    return new OperatorException(new Problem(
            ErrorCode.ROW_REJECTED,
            "target \"" + target + "\" rejected a row" + (table == null ? "" : " of " + table),
            reason(e),
            "mend the table at the target, then start the tenant again; it goes on from its position")
        .at(lsn.toString(), table), e);
  }

  /** Of a transaction whose changes all went well one by one, and which could not be committed. */
  static OperatorException rejectedAtCommit(RejectedBatchException e, String target, Lsn lsn) {
    return new OperatorException(new Problem(
            ErrorCode.ROW_REJECTED,
            "target \"" + target + "\" rejected a transaction at its commit",
            String.valueOf(e.getMessage()),
            "mend the tables at the target, then start the tenant again; it goes on from its position")
        .at(lsn.toString(), null), e);
  }

  static OperatorException fenced(Tenant tenant, long epoch, String target) {
    return new OperatorException(new Problem(
        ErrorCode.APPLIER_FENCED,
        "tenant \"" + tenant.name() + "\" is at epoch " + epoch + " at target \"" + target + "\", we are at "
            + tenant.epoch(),
        "a cutover or failover happened; nothing of the old epoch may be written",
        "helios-repl tenant status " + tenant.name()));
  }

  static OperatorException otherSource(Tenant tenant, long recorded, long ours, String target) {
    return new OperatorException(new Problem(
        ErrorCode.FRAME_FOREIGN,
        "target \"" + target + "\" holds tenant \"" + tenant.name() + "\" from source "
            + Long.toUnsignedString(recorded) + ", ours is " + Long.toUnsignedString(ours),
        "the source was replaced or restored, so its positions mean something else",
        "helios-repl tenant resync " + tenant.name()));
  }

  private static Problem busy(SQLException e, String target) {
    return new Problem(
        ErrorCode.TARGET_BUSY,
        "target \"" + target + "\" is out of reach or busy",
        reason(e),
        "nothing need be done; it is retried. To look: helios-repl target check " + target);
  }

  static boolean isTransient(SQLException e) {
    String state = e.getSQLState() == null ? "08000" : e.getSQLState();
    return state.startsWith("08") || state.startsWith("53") || state.startsWith("57P") || state.startsWith("40")
        || state.startsWith("58") || state.equals("55P03") || state.equals("57014") || state.equals("25P03");
  }

  static boolean isUniqueViolation(SQLException e) {
    return "23505".equals(e.getSQLState());
  }

  /** SQLSTATE and the names of what is concerned: neither carries values. */
  private static String reason(SQLException e) {
    StringBuilder reason = new StringBuilder("SQLSTATE ").append(e.getSQLState());
    ServerErrorMessage server = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
    if (server != null) {
      name(reason, "table", server.getTable());
      name(reason, "column", server.getColumn());
      name(reason, "constraint", server.getConstraint());
      name(reason, "type", server.getDatatype());
    }
    return reason.toString();
  }

  private static void name(StringBuilder reason, String kind, @Nullable String name) {
    if (name != null) {
      reason.append(", ").append(kind).append(" \"").append(name).append('"');
    }
  }
}
