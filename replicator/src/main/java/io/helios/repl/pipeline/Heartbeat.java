package io.helios.repl.pipeline;

import io.helios.repl.postgres.Lsn;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Tells when a source that looks idle is only silent: its WAL was seen to end somewhere, by an ordinary connection, and what is
 * captured has not come there since. Any thread.
 */
final class Heartbeat {

  /** An idle walsender tells where it is twice a second: sooner than this nothing is wrong. */
  private static final long USUAL_NANOS = Duration.ofSeconds(2).toNanos();

  private record Beat(Lsn end, long nanos) {}

  private volatile @Nullable Beat beat;

  /**
   * @param end where the source's WAL ended
   * @param nanos before that was asked
   */
  void seen(Lsn end, long nanos, Lsn capturedUpTo) {
    Beat before = beat;
    if (before == null || !capturedUpTo.isBefore(before.end())) {
      beat = new Beat(end, nanos);
    }
  }

  /** For how long the capture has not come to where the source was; 0 as long as that is usual. */
  long missedNanos(Lsn capturedUpTo, long nanos) {
    Beat seen = beat;
    if (seen == null || !capturedUpTo.isBefore(seen.end())) {
      return 0;
    }
    long age = nanos - seen.nanos();
    return age < USUAL_NANOS ? 0 : age;
  }
}
