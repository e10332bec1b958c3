package io.helios.repl.migration;

import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.util.UUID;

/**
 * What a move does to the two databases of a tenant: its home, where it is written, and its target, which follows. The
 * seam between deciding (this module) and doing (the engine, or a peer's server).
 *
 * <p>Each call may be made again after a crash at any point of it: it finds what is done and does the rest. Any thread;
 * one thread at a time for one tenant. Every method throws members of the {@link HeliosException} family: {@link
 * TransientException} when it may succeed later (an end cannot be reached), {@link OperatorException} when somebody must
 * mend something first.
 */
public interface TenantEnds {

  /**
   * Everything that a cutover needs and that must not be done in it: the guard at the home armed, the target made ready
   * to be captured, and captured for this tenant, so that the stream back has no gap. Definitions change here, seconds
   * may pass; nobody is kept from writing for longer than a trigger's creation.
   */
  void arm(Tenant tenant);

  /** Takes back what {@link #arm} made for this tenant. Not after a cutover that happened: see {@link #leave}. */
  void disarm(Tenant tenant);

  /** The tenant's row at its target: the only arbiter of whether a cutover happened. */
  Arbiter arbiter(Tenant tenant);

  /**
   * @param epoch which epoch rules at the target
   * @param primary whether the tenant is written there: a cutover to it happened, to that epoch
   * @param refused the highest epoch that will never be taken there; 0 when none was refused
   */
  record Arbiter(long epoch, boolean primary, long refused) {}

  /**
   * Sends a marker that changes nothing through the live stream, and times what a cutover would wait for. Writers are not
   * kept waiting: the lock is only tried.
   */
  Rehearsal rehearse(Tenant tenant, Duration patience);

  /**
   * @param lockTries how often the lock was tried until no writer held it
   * @param lockNanos how long that took
   * @param drainNanos from the marker's commit at the home until the target has applied it
   */
  record Rehearsal(int lockTries, long lockNanos, long drainNanos) {}

  /** What {@link #fence} would need for that epoch and take time for, while writers wait: right before it. */
  default void ready(Tenant tenant, long epoch) {}

  /**
   * Closes the tenant at its home: no write is in flight, none can begin, and the marker with the next epoch is
   * committed behind the last one. Writers wait from here until {@link Fence#release}, and then see what was decided.
   *
   * @param epoch the epoch that the target shall take: above the tenant's, and above all that were refused
   * @param patience for the lock; new writers never wait longer than this for it
   * @throws TransientException when a writer holds on for longer: nothing has changed then
   */
  Fence fence(Tenant tenant, long epoch, Duration patience);

  /** The tenant's writers at the home wait as long as this is held; a crash of ours releases it too. */
  interface Fence extends AutoCloseable {

    /** Where the marker was committed. */
    Lsn markerLsn();

    /** When the first writer may have begun to wait, on {@link System#nanoTime}. */
    long sinceNanos();

    /** Lets those who wait go on: to be refused, or, after {@link TenantEnds#lift}, to write. May be called twice. */
    void release();

    @Override
    default void close() {
      release();
    }
  }

  /** Waits until the target has taken that epoch; false when it has not within the patience. */
  boolean awaitPromoted(Tenant tenant, long epoch, Duration patience);

  /**
   * Asks the target never to take that epoch, or a lower one.
   *
   * @return whether it will not; false when it has taken it already: the cutover happened
   */
  boolean refuse(Tenant tenant, long epoch);

  /** Opens the home again for its writers. Only on the word of {@link #refuse}, or when nothing was fenced. */
  void lift(Tenant tenant, long epoch);

  /**
   * After the target has taken that epoch: the old home follows it, read-only.
   *
   * @return the tenant as it is from now on: source and target have changed places, in the new epoch
   */
  Tenant turn(Tenant tenant, long epoch);

  /**
   * Ends the stream back. The old home stays closed for the tenant, and names where it went.
   *
   * @param turned the tenant as {@link #turn} returned it
   * @param purge whether its rows at the old home are deleted, in bounded chunks
   */
  void leave(Tenant turned, boolean purge);
}
