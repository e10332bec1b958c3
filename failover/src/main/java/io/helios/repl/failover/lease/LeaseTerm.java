package io.helios.repl.failover.lease;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What may be asked of a home, and until when it may be open for it. A pure core: time is given, in nanoseconds of this machine
 * that only ever grow. One thread.
 *
 * <p>Each lease is anchored at a reading of the home's clock that came <em>before</em> the hold in the coordination was renewed
 * ({@link #held}). So whoever sees that hold stand still for {@link LeaseSettings#over} knows that the home is closed, whatever
 * this process or its clock did meanwhile: stopped, woken up, delayed on the wire, its renewals still write ends that were fixed before.
 */
final class LeaseTerm {

  /** @param sinceMillis the home's clock as it was read, at the latest at {@code nanos} */
  private record Reading(long sinceMillis, long nanos) {}

  private final long ttlNanos;
  private final long overNanos;
  private @Nullable Reading latest;
  private @Nullable Reading held;
  private long anchoredNanos;

  /** @param begunNanos until then somebody before us may have given leases, none longer than these settings' */
  LeaseTerm(LeaseSettings settings, long begunNanos) {
    this.ttlNanos = settings.ttl().toNanos();
    this.overNanos = settings.over().toNanos();
    this.anchoredNanos = begunNanos;
  }

  /** The home's clock was read, by the session in which the next lease is given. */
  void read(long sinceMillis, long receivedNanos) {
    latest = new Reading(sinceMillis, receivedNanos);
  }

  /** The session is gone: the next one may lead to another server, with another clock. */
  void disconnected() {
    latest = null;
    held = null;
  }

  /** The hold was renewed, by a request that was sent when everything was known that was {@link #read} before. */
  void held() {
    held = latest;
  }

  /** It is somebody else's, or cannot be known. */
  void lost() {
    held = null;
  }

  /** Whether the clock must be read anew, and the hold be renewed behind that, before a lease can be given. */
  boolean isStale(long nowNanos) {
    Reading anchor = held;
    return anchor == null || nowNanos - anchor.nanos >= ttlNanos;
  }

  /**
   * The home's clock reading from which on a lease may be given now, in milliseconds; null for none. Whoever asks gives it: it counts
   * from here on.
   */
  @Nullable Long give(long nowNanos) {
    Reading anchor = held;
    if (anchor == null || isStale(nowNanos)) {
      return null;
    }
    anchoredNanos = Math.max(anchoredNanos, anchor.nanos);
    return anchor.sinceMillis;
  }

  /** How long until nothing of what was given can be left, if no more is given. */
  Duration untilOver(long nowNanos) {
    return Duration.ofNanos(Math.max(0, anchoredNanos + overNanos - nowNanos));
  }
}
