package io.helios.repl.apply;

import io.helios.repl.change.Change;
import io.helios.repl.change.CutoverMarker;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * One target transaction after the other: changes of any tenants, then their new positions, then commit. Nothing is there
 * before {@link #commit} returns, all of it is afterwards; when commit fails with a lost connection either may be true, and
 * {@link #load} tells. Owned by one applier's thread.
 *
 * <p>What any method throws ends the transaction: call {@link #rollback}. {@link RejectedBatchException} asks for the same
 * changes in smaller parts. A {@link io.helios.repl.error.TransientException} may have ended the session:
 * see {@link #isUsable}.
 */
public interface TargetSession extends AutoCloseable {

  /** How changes are applied. */
  enum Care {
    /** Held back, folded, written as sets; whatever is not as expected rejects the batch. */
    BATCH,
    /** One by one, in order; conflicts are settled and logged, errors name their change. */
    EACH_CHANGE,
    /** As {@link #EACH_CHANGE}, but a polled row whose key or value another tenant's row holds is logged and left out. */
    LEAVING_OUT
  }

  /**
   * A tenant's step forward.
   *
   * @param from the position that the target must have recorded: nobody else has applied since
   * @param commitMicros commit time of the transaction at {@code to}, microseconds since 2000-01-01 UTC
   */
  record Advance(Tenant tenant, Lsn from, Lsn to, long commitMicros) {}

  /** What the target has recorded of the tenant. Only between transactions. */
  ReplicaState load(Tenant tenant);

  /** Takes a change of the transaction that committed at {@code commitLsn}. Opens a transaction if none is open. */
  void apply(Tenant tenant, Replicated what, Lsn commitLsn, Change change, Care care) throws RejectedBatchException;

  /**
   * Tenants whose rows were in the way when a change failed last, with {@code KEY_TAKEN}, and who are by their records not
   * yet as far as that change: theirs may be about to go.
   */
  Set<UUID> holders();

  /** Rows taken since the last commit. */
  long changes();

  /** Bytes taken since the last commit. */
  long bytes();

  /**
   * Writes what is held back, moves each tenant forward under its epoch, commits. No tenant may be there twice.
   *
   * @return conflicts by tenant, settled and logged in this transaction
   * @throws RejectedBatchException also when one of several tenants is not where it was expected
   * @throws io.helios.repl.error.OperatorException when the only tenant is fenced
   */
  Map<UUID, Map<AppliedStatus.Conflict, Long>> commit(List<Advance> advances) throws RejectedBatchException;

  /**
   * Ends the tenant's following, as the last of the open transaction: its epoch becomes the marker's, its sequences are set,
   * its users may write. Not where the target was not told of the marker's token, or has refused its epoch since: then
   * nothing has changed, and the tenant advances like any other.
   *
   * @return whether it will be so once {@link #commit} has returned; the tenant must not be among the advances then
   */
  default boolean promote(Advance advance, CutoverMarker marker) throws RejectedBatchException {
    return false;
  }

  /** How long the transaction that begins now waits for a lock, other than usual. Only before its first change. */
  default void lockPatience(Duration patience) {}

  /** Forgets what is held back and everything since the last commit. Never throws. */
  void rollback();

  /** Whether the next transaction can be tried here; otherwise close it and connect again. */
  boolean isUsable();

  @Override
  void close();
}
