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

  private TargetErrors() {}

  /** Of an error outside of any change: connecting, reading what is recorded. */
  static HeliosException classify(SQLException e, String target) {
    return SqlStates.isTransient(e)
        ? busy(e, target, null, null)
        : SqlStates.classify(e, ErrorCode.TARGET_NOT_PREPARED, "target \"" + target + "\" refuses to work with us",
            "helios-repl target check " + target);
  }

  /** Of an error that a change met. */
  static HeliosException rejected(SQLException e, String target, Lsn lsn, @Nullable String table) {
    if (SqlStates.isTransient(e)) {
      return busy(e, target, lsn, table);
    }
    return new OperatorException(new Problem(
            ErrorCode.ROW_REJECTED,
            "target \"" + target + "\" rejected a row" + (table == null ? "" : " of " + table),
            SqlStates.reason(e),
            "mend the table at the target, then start the tenant again; it goes on from its position")
        .at(lsn.toString(), table), SqlStates.clean(e));
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

  static OperatorException unknown(Tenant tenant, String target, String why) {
    return new OperatorException(new Problem(
        ErrorCode.REPLICA_UNKNOWN,
        "target \"" + target + "\" has no record of tenant \"" + tenant.name() + "\"",
        why,
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

  private static TransientException busy(
      SQLException e, String target, @Nullable Lsn lsn, @Nullable String table) {
    return new TransientException(new Problem(
            ErrorCode.TARGET_BUSY,
            "target \"" + target + "\" is out of reach or busy",
            SqlStates.reason(e),
            "nothing need be done; it is retried. To look: helios-repl target check " + target)
        .at(lsn == null ? null : lsn.toString(), table), SqlStates.clean(e));
  }
}
