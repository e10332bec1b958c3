package io.helios.repl.verify;

import io.helios.repl.postgres.Lsn;
import java.time.Duration;

/**
 * The tenant's applier, as far as a verification commands it: it can be made to stand still at one point of the source's
 * WAL, so that the target can be looked at exactly there. What arrives meanwhile waits in the journal.
 *
 * <p>Any thread, one verification at a time; {@link #holdAt} and {@link #release} do not wait.
 */
public interface HoldPoint {

  /**
   * From when this returns, no transaction with a commit LSN of {@code limit} or more begins to be applied, also none
   * that is fetched already. {@link Lsn#INVALID} holds the applier where it is. May be called again with another limit.
   */
  void holdAt(Lsn limit);

  /** Where the tenant stands at the target, seen from the limit. */
  enum Standing {
    /** Transactions with a commit LSN before the limit are still to come. */
    BEFORE,
    /** Exactly those whose commit LSN is before the limit are committed at the target. */
    AT,
    /** A transaction at or past the limit was applied before the limit was set. */
    PAST
  }

  /**
   * Waits while the tenant is {@link Standing#BEFORE} the limit, but no longer than this, and tells where it stands.
   *
   * @throws io.helios.repl.error.HeliosException when the tenant has failed and will not get there
   */
  Standing await(Duration patience) throws InterruptedException;

  /** Lets the applier go on without a limit. Does nothing when it is not held. */
  void release();
}
