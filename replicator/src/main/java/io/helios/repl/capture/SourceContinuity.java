package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.ReplicationSlot.SlotState;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.relay.Provenance;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether a source and its slot go on where the journal ends, as far as that can be told before anything is streamed; what
 * can be told only then is for {@link WitnessedStream}. A gap is never skipped. Pure.
 */
public final class SourceContinuity {

  private SourceContinuity() {}

  /**
   * Why the journal does not go on with this source.
   *
   * @param otherHistory whether what the source says of its WAL does not count for what was captured before: then nobody can
   *     have everything; else who has all that committed before the slot's position has lost nothing
   */
  public record Gap(Problem problem, boolean otherHistory) {}

  /**
   * Looks at the source as found now.
   *
   * @param source its name, for messages
   * @param forkedAt where the WAL of the journal's timeline ends for a server on a later one; null when the server is on the
   *     same one, or its timeline does not descend from it
   * @param captured where the journal's content comes from
   * @param capturedUpTo how far the journal goes; {@link Lsn#INVALID} for one that holds nothing
   * @param walBudget the slot was never told more than this before the journal's end, but for the last transaction captured
   */
  public static Optional<Gap> gap(
      String source,
      SlotState slot,
      SourceIdentity now,
      @Nullable Lsn forkedAt,
      Provenance captured,
      Lsn capturedUpTo,
      long walBudget) {
    if (slot.isLost()) {
      return Optional.of(new Gap(
          new Problem(
              ErrorCode.SLOT_LOST,
              "replication slot " + slot.name() + " of source \"" + source + "\" is lost",
              slot.invalidation() == null ? "its WAL was removed" : "it was invalidated: " + slot.invalidation(),
              hint(source)),
          false));
    }
    if (capturedUpTo.equals(Lsn.INVALID)) {
      return Optional.empty();
    }
    Optional<Gap> other = otherServer(source, now, captured);
    if (other.isPresent()) {
      return other;
    }
    boolean sameTimeline = !captured.isKnown() || now.timeline() == captured.timeline();
    if (!sameTimeline) {
      String forked = fork(now, forkedAt, captured, capturedUpTo);
      if (forked != null) {
        return otherHistory(
            source,
            ErrorCode.TIMELINE_FORKED,
            "source \"" + source + "\" went over to timeline " + now.timeline() + " before what was captured last",
            forked);
      }
    }
    if (now.currentLsn().isBefore(capturedUpTo) && (sameTimeline || !captured.hasTransaction())) {
      return otherHistory(
          source,
          ErrorCode.SOURCE_WENT_BACK,
          "the WAL of source \"" + source + "\" has gone back",
          "it ends at " + now.currentLsn() + ", the journal goes to " + capturedUpTo
              + ": the server was restored from an older copy, or lost its last writes");
    }
    if (slot.confirmedFlush().isAfter(toldAtMost(captured, capturedUpTo, walBudget))) {
      boolean behind = !slot.confirmedFlush().isAfter(capturedUpTo);
      return Optional.of(new Gap(
          new Problem(
              ErrorCode.SLOT_MOVED,
              "replication slot " + slot.name() + " of source \"" + source + "\" is not where it was left",
              "it stands at " + slot.confirmedFlush() + ", the journal goes to " + capturedUpTo
                  + ": somebody advanced it, or dropped it and made it anew, or the journal is an old copy of itself",
              hint(source)),
          behind));
    }
    return Optional.empty();
  }

  /** Whether the server is not the one that was captured at all. */
  public static Optional<Gap> otherServer(String source, SourceIdentity now, Provenance captured) {
    return !captured.isKnown() || now.systemIdentifier() == captured.systemIdentifier()
        ? Optional.empty()
        : otherHistory(
            source,
            ErrorCode.SOURCE_CHANGED,
            "source \"" + source + "\" is another server than the one that was captured",
            "its system identifier is " + Long.toUnsignedString(now.systemIdentifier()) + ", it was "
                + Long.toUnsignedString(captured.systemIdentifier()));
  }

  /** The furthest that the slot can have been told to go by whoever wrote this journal. */
  private static Lsn toldAtMost(Provenance captured, Lsn capturedUpTo, long walBudget) {
    if (!captured.hasTransaction()) {
      return capturedUpTo;
    }
    Lsn budget =
        Long.compareUnsigned(capturedUpTo.value(), walBudget) > 0
            ? new Lsn(capturedUpTo.value() - walBudget)
            : Lsn.INVALID;
    return Lsn.max(new Lsn(captured.position()), budget);
  }

  /** What the new timeline lacks of what was captured, or null. */
  private static @Nullable String fork(
      SourceIdentity now, @Nullable Lsn forkedAt, Provenance captured, Lsn capturedUpTo) {
    if (forkedAt == null) {
      return "timeline " + now.timeline() + " does not descend from timeline " + captured.timeline()
          + ", which was captured: the server was restored to another point, or another standby was promoted";
    }
    boolean holds =
        captured.hasTransaction()
            ? forkedAt.isAfter(new Lsn(captured.position()))
            : !forkedAt.isBefore(capturedUpTo);
    return holds
        ? null
        : "timeline " + captured.timeline() + " ends at " + forkedAt + " there, the journal has a transaction of it at "
            + (captured.hasTransaction() ? new Lsn(captured.position()) : capturedUpTo)
            + ": the standby had not received it when it was promoted";
  }

  private static Optional<Gap> otherHistory(String source, ErrorCode code, String message, String why) {
    return Optional.of(new Gap(new Problem(code, message, why, hint(source)), true));
  }

  static String hint(String source) {
    return "helios-repl source prepare " + source + "; then, for each of its tenants: helios-repl tenant resync NAME";
  }
}
