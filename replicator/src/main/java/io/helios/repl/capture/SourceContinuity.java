package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.ReplicationSlot.SlotState;
import io.helios.repl.postgres.SourceIdentity;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether a source and its slot go on where the journal ends. A gap is never skipped. Pure. */
public final class SourceContinuity {

  private SourceContinuity() {}

  /**
   * @param slot as found now
   * @param now the server as it is
   * @param known the server that the journal was captured from; null when nobody knows
   * @param capturedUpTo how far the journal goes; {@link Lsn#INVALID} for one that holds nothing
   * @return what is wrong, if anything
   */
  public static Optional<Problem> gap(
      SlotState slot, SourceIdentity now, @Nullable SourceIdentity known, Lsn capturedUpTo) {
    if (slot.isLost()) {
      String reason = slot.invalidation() == null ? "its WAL was removed" : "it was invalidated: " + slot.invalidation();
      return Optional.of(problem(ErrorCode.SLOT_LOST, "replication slot " + slot.name() + " is lost", reason));
    }
    if (known != null && now.systemIdentifier() != known.systemIdentifier()) {
      return changed("its system identifier is another one: it is another server, or was made anew");
    }
    if (known != null && now.timeline() != known.timeline()) {
      return changed("its timeline is " + now.timeline() + ", not " + known.timeline() + ": it was promoted or restored");
    }
    if (capturedUpTo.equals(Lsn.INVALID)) {
      return Optional.empty();
    }
    if (slot.confirmedFlush().isAfter(capturedUpTo)) {
      return changed(
          "slot " + slot.name() + " stands at " + slot.confirmedFlush() + ", the journal only goes to " + capturedUpTo);
    }
    if (now.currentLsn().isBefore(capturedUpTo)) {
      return changed("its WAL ends at " + now.currentLsn() + ", the journal goes to " + capturedUpTo);
    }
    return Optional.empty();
  }

  private static Optional<Problem> changed(String why) {
    return Optional.of(problem(ErrorCode.SOURCE_CHANGED, "the source does not go on where the journal ends", why));
  }

  private static Problem problem(ErrorCode code, String message, String why) {
    return new Problem(code, message, why, "helios-repl source prepare NAME; then: helios-repl tenant resync --all");
  }
}
