package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.tenant.Tenant;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** What a target's errors mean. No message of the server is passed on where it may carry a value. */
final class TargetErrors {

  private static final String RETRIED = "nothing need be done, it is retried; ";

  private static final String WHO_HOLDS_LOCKS =
      "it is retried until the lock is free; who has been at it longest: SELECT pid, usename, application_name, xact_start"
          + " FROM pg_stat_activity WHERE xact_start IS NOT NULL ORDER BY xact_start LIMIT 5";

  private TargetErrors() {}

  /** Of an error outside of any change: connecting, reading what is recorded. */
  static HeliosException classify(SQLException e, String target) {
    return passes(e)
        ? busy(e, target, null, null)
        : SqlStates.classify(e, ErrorCode.TARGET_NOT_PREPARED, "target \"" + target + "\" refuses to work with us",
            "helios-repl target check " + target);
  }

  /** Of an error that a change met. */
  static HeliosException rejected(SQLException e, Tenant tenant, String target, Lsn lsn, @Nullable String table) {
    if (passes(e)) {
      return busy(e, target, lsn, table);
    }
    return new OperatorException(new Problem(
            ErrorCode.ROW_REJECTED,
            "target \"" + target + "\" rejected a row" + (table == null ? "" : " of " + table),
            SqlStates.reason(e),
            "mend the table at the target, then: helios-repl tenant start " + tenant.name() + " (it goes on from its position)")
        .at(lsn.toString(), table), SqlStates.clean(e));
  }

  /** Of a transaction whose changes all went well one by one, and which could not be committed. */
  static OperatorException rejectedAtCommit(RejectedBatchException e, Tenant tenant, String target, Lsn lsn) {
    return new OperatorException(new Problem(
            ErrorCode.ROW_REJECTED,
            "target \"" + target + "\" rejected a transaction at its commit",
            String.valueOf(e.getMessage()),
            "mend the tables at the target, then: helios-repl tenant start " + tenant.name() + " (it goes on from its position)")
        .at(lsn.toString(), null), e);
  }

  static OperatorException unknown(Tenant tenant, String target, String why) {
    return new OperatorException(new Problem(
        ErrorCode.REPLICA_UNKNOWN,
        "target \"" + target + "\" has no record of tenant \"" + tenant.name() + "\"",
        why,
        "helios-repl tenant resync " + tenant.name()));
  }

  /** Only a tenant whose copy is complete has an applier. */
  static OperatorException unfinished(Tenant tenant, String target) {
    return new OperatorException(new Problem(
        ErrorCode.REPLICA_UNKNOWN,
        "the copy of tenant \"" + tenant.name() + "\" is not finished any more at target \"" + target + "\"",
        "the target was put back to an earlier state, or somebody changed helios.copied_table",
        "helios-repl tenant resync " + tenant.name()));
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

  /** Whether the same may go well when it is tried again; a standby may be promoted, or its name point elsewhere. */
  static boolean passes(SQLException e) {
    return SqlStates.isTransient(e) || SqlStates.READ_ONLY.equals(e.getSQLState());
  }

  private static TransientException busy(
      SQLException e, String target, @Nullable Lsn lsn, @Nullable String table) {
    String it = "target \"" + target + "\"";
    String state = e.getSQLState() == null ? SqlStates.CONNECTION_FAILURE : e.getSQLState();
    Problem problem = switch (state) {
      case SqlStates.LOCK_NOT_AVAILABLE -> problem(
          e, ErrorCode.TARGET_LOCKED, "a lock at " + it + " is not to be had", WHO_HOLDS_LOCKS);
      case SqlStates.DEADLOCK, SqlStates.SERIALIZATION_FAILURE -> problem(
          e, ErrorCode.TARGET_CONTENTION, "another transaction at " + it + " got in the way", WHO_HOLDS_LOCKS);
      case SqlStates.CANCELLED -> problem(
          e, ErrorCode.TARGET_CANCELLED, "somebody cancelled our statement at " + it, RETRIED + "the server's log tells who");
      case SqlStates.READ_ONLY -> problem(
          e, ErrorCode.TARGET_READ_ONLY, it + " takes no writes",
          "promote it if it is to be the primary (SELECT pg_promote()), or point the target's url at the primary");
      case SqlStates.TOO_MANY_CONNECTIONS -> problem(
          e, ErrorCode.CONNECTIONS_USED_UP, it + " takes no more connections",
          "raise max_connections or the role's limit, or find who holds them: SELECT * FROM pg_stat_activity");
      default -> {
        if (state.startsWith("53")) {
          yield problem(
              e, ErrorCode.TARGET_FULL, it + " has run out of something",
              "make room at the target; it is retried and goes on by itself. To look: helios-repl target check " + target);
        }
        yield state.startsWith("08") || state.startsWith("57")
            ? problem(e, ErrorCode.TARGET_CONNECTION_LOST, "the connection to " + it + " was lost",
                RETRIED + "if it lasts: helios-repl target check " + target)
            : problem(e, ErrorCode.TARGET_BUSY, it + " is out of reach or busy",
                RETRIED + "to look: helios-repl target check " + target);
      }
    };
    return new TransientException(problem.at(lsn == null ? null : lsn.toString(), table), SqlStates.clean(e));
  }

  private static Problem problem(SQLException e, ErrorCode code, String message, String hint) {
    return new Problem(code, message, SqlStates.reason(e), hint);
  }
}
