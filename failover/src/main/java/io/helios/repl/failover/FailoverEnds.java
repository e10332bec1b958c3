package io.helios.repl.failover;

import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a failover does to the two databases of a tenant: its old home, which is gone or may come back, and its replica, which
 * becomes the home. The seam between deciding (this module) and doing (the engine). The tenant is always given as it was
 * before the failover: source is the old home, target the new one, epoch the old one.
 *
 * <p>Each call may be made again after a crash at any point of it: it finds what is done and does the rest. Any thread;
 * one thread at a time for one tenant. Every method throws members of the {@link HeliosException} family: {@link
 * TransientException} when it may succeed later (an end cannot be reached), {@link OperatorException} when somebody must
 * mend something first.
 */
public interface FailoverEnds {

  /** The tenant's row at its replica: the only arbiter of whether it was promoted. */
  Arbiter arbiter(Tenant tenant);

  /**
   * @param epoch which epoch rules there
   * @param primary whether the tenant is written there
   * @param refused the highest epoch that will never be taken there; 0 when none was refused
   */
  record Arbiter(long epoch, boolean primary, long refused) {}

  /** Whether everything of the tenant is at its replica, so that it can be promoted at all, and how fresh it is. */
  Standing standing(Tenant tenant);

  /**
   * @param obstacle why it cannot be promoted: its copy is not complete, it has a gap, rows of it follow another home; null if it can
   * @param applied how far the replica is
   * @param captured up to where the old home's changes are known here; what is behind applied waits in the journal
   * @param lastCommit commit time at the old home of the last transaction that was applied; null before the first
   */
  record Standing(@Nullable Problem obstacle, Lsn applied, Lsn captured, @Nullable Instant lastCommit) {}

  /** Applies what was captured and is not applied yet. Returns whether nothing is left of it; the old home is not asked. */
  boolean drain(Tenant tenant, Duration patience);

  /**
   * The replica takes the epoch, in one transaction: it is written there, its sequences are set with a margin that covers what was
   * drawn at the old home unseen, and appliers of the old epoch commit nothing any more.
   */
  Promoted promote(Tenant tenant, long epoch);

  /**
   * @param position the last transaction of the old home that is in what was promoted
   * @param lastCommit when that was committed there; null when it is not known
   */
  record Promoted(Lsn position, @Nullable Instant lastCommit) {}

  /**
   * Closes the tenant at its old home, which has come back: nothing of it can be written there by anybody, and the WAL says so
   * behind its last write.
   *
   * @param epoch that was taken elsewhere
   * @return where the WAL says so
   */
  Lsn fenceOldHome(Tenant tenant, long epoch);

  /**
   * What the old home had committed behind the promoted position, up to its fence. Also keeps the keys of those rows, sealed,
   * for {@link #export}.
   *
   * @throws TransientException while it is not captured up to the fence
   */
  Account account(Tenant tenant, long epoch, Lsn promoted, Lsn fence, Duration patience);

  /** The account with the keys of its rows, as a JSON document of kind {@code FailoverAccount}: these are the tenant's data. */
  byte[] export(Tenant tenant, long epoch);

  /**
   * The old home follows the new one from now on: it is compared, what differs is repaired there, and the stream goes on.
   *
   * @return the tenant as it is from now on: source and target have changed places, in the new epoch
   */
  Tenant rejoin(Tenant tenant, long epoch);
}
