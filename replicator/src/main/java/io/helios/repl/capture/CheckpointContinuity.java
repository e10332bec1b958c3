package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SourceIdentity;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether a source goes on where it was polled last, as far as it can tell without the right to replicate. A gap is never
 * skipped. Pure.
 */
public final class CheckpointContinuity {

  private CheckpointContinuity() {}

  /**
   * Why what was kept does not go on with this source.
   *
   * @param source its name, for messages
   * @param standby whether it is one
   * @param state as kept; null when it is missing or damaged
   * @param capturedUpTo how far the journal goes
   * @throws TransientException when it must only catch up
   */
  public static Optional<Problem> gap(
      String source, SourceIdentity now, boolean standby, @Nullable CheckpointState state, Lsn capturedUpTo) {
    if (state == null) {
      return gap(
          source, ErrorCode.CHECKPOINT_STATE_LOST, "it is not known how far source \"" + source + "\" was polled",
          "the file that keeps it is missing or damaged, or the source was captured in another way before");
    }
    if (state.systemIdentifier() != now.systemIdentifier()) {
      return gap(
          source, ErrorCode.SOURCE_CHANGED, "source \"" + source + "\" is another server than the one that was polled",
          "its system identifier is " + Long.toUnsignedString(now.systemIdentifier()) + ", it was "
              + Long.toUnsignedString(state.systemIdentifier()));
    }
    if (state.timeline() != now.timeline()) {
      return gap(
          source, ErrorCode.SOURCE_PROMOTED,
          "source \"" + source + "\" is on timeline " + now.timeline() + ", it was polled on " + state.timeline(),
          "a standby was promoted, or the server was restored: it may lack what was polled before");
    }
    if (capturedUpTo.isBefore(state.lsn())) { // what was found is durable in the journal before it is in the state
      return gap(
          source, ErrorCode.CHECKPOINT_STATE_LOST, "the journal of source \"" + source + "\" ends before what was polled",
          "its files were lost, or are an old copy; what it held of lagging tenants is gone");
    }
    if (now.currentLsn().isBefore(state.lsn())) {
      if (standby) {
        throw behind(source, now.currentLsn(), state.lsn());
      }
      return gap(
          source, ErrorCode.SOURCE_WENT_BACK, "the WAL of source \"" + source + "\" has gone back",
          "it ends at " + now.currentLsn() + ", it was polled at " + state.lsn()
              + ": the server was restored from an older copy, or lost its last writes");
    }
    return Optional.empty();
  }

  static TransientException behind(String source, Lsn now, Lsn before) {
    return new TransientException(new Problem(
        ErrorCode.STANDBY_BEHIND,
        "source \"" + source + "\" is behind what was polled already",
        "its WAL is at " + now + ", it was polled at " + before,
        "nothing, if another standby answers and catches up; else helios-repl source check " + source));
  }

  private static Optional<Problem> gap(String source, ErrorCode code, String message, String why) {
    return Optional.of(new Problem(
        code, message, why, "for each tenant of source \"" + source + "\": helios-repl tenant resync NAME"));
  }
}
