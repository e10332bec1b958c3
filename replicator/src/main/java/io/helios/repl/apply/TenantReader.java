package io.helios.repl.apply;

import io.helios.repl.change.Change;
import io.helios.repl.change.ChangeReader;
import io.helios.repl.change.CutoverMarker;
import io.helios.repl.change.FrameEntry;
import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.Relation;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's transactions, out of its frames, from its position on: what is applied already is passed over, and what its
 * tables' copies hold. One frame is open at a time, however large a transaction is. Every frame's header is held against
 * what must come next. Lives for one turn; owned by the applier.
 */
final class TenantReader {

  private final ReplicaTenant tenant;
  private final Function<Frame, byte[]> opener;
  private final int fetchBytes;
  private final Lsn captured;
  private final Deque<Frame> fetched = new ArrayDeque<>();
  private @Nullable FrameHeader header;
  private @Nullable ChangeReader entries;
  private long taken;
  private @Nullable Relation named;
  private String name = "";
  private boolean drained;
  private Lsn commitLsn;
  private long commitMicros;
  private @Nullable CutoverMarker marker;

  TenantReader(ReplicaTenant tenant, Function<Frame, byte[]> opener, int fetchBytes) {
    this.tenant = tenant;
    this.opener = opener;
    this.fetchBytes = fetchBytes;
    this.captured = new Lsn(tenant.frames().capturedUpTo());
    this.commitLsn = tenant.position();
  }

  /**
   * Goes to the next transaction that is to be applied, if one is there and before {@code stop} (and the tenant's hold).
   * The one before must have been read to its end.
   */
  boolean nextTransaction(@Nullable Lsn stop) {
    while (true) {
      FrameEntry entry = nextEntry(false);
      switch (entry) {
        case null -> {
          return false;
        }
        case FrameEntry.Begin begin -> {
          Lsn lsn = begin.commitLsn();
          if (!lsn.isAfter(tenant.position())) {
            pass(lsn);
            continue;
          }
          if (begin.continued() || !lsn.isAfter(commitLsn)) {
            throw disorder("a transaction is cut short or out of order");
          }
          Lsn hold = tenant.heldAt();
          if (hold != null && !lsn.isBefore(hold)) {
            drained = true;
            return false;
          }
          if (stop != null && !lsn.isBefore(stop)) {
            return false;
          }
          commitLsn = lsn;
          commitMicros = begin.commitTimeMicros();
          marker = null;
          return true;
        }
        case Change _, FrameEntry.Marker _, FrameEntry.End _ ->
            throw disorder("a change stands outside of a transaction");
      }
    }
  }

  Lsn commitLsn() {
    return commitLsn;
  }

  long commitMicros() {
    return commitMicros;
  }

  /** Whether the transaction goes on in another frame: it is then at least as large as one. */
  boolean isLarge() {
    return header != null && !header.complete() && header.lastPosition() == commitLsn.value();
  }

  /** The next change of the transaction, or null at its end. */
  @Nullable Change nextChange() {
    while (true) {
      FrameEntry entry = nextEntry(true);
      switch (entry) {
        case FrameEntry.Begin begin -> {
          if (!begin.continued() || !begin.commitLsn().equals(commitLsn)) {
            throw disorder("a transaction has no end");
          }
        }
        case Change change -> {
          if (!tenant.isCopied(nameOf(change.relation()), commitLsn)) {
            return change;
          }
        }
        case FrameEntry.Marker(CutoverMarker found) -> marker = found;
        case FrameEntry.End end -> {
          if (!end.commitLsn().equals(commitLsn)) {
            throw disorder("a transaction ends as another");
          }
          return null;
        }
        case null -> throw disorder("a transaction has no end");
      }
    }
  }

  /** The marker that stood in the transaction that was read last, or null. */
  @Nullable CutoverMarker marker() {
    return marker;
  }

  private String nameOf(Relation relation) {
    if (relation != named) {
      named = relation;
      name = Identifiers.quote(relation.schema(), relation.name());
    }
    return name;
  }

  /** Nothing more was there before {@link #captured}, but for what the tenant's hold keeps back. */
  boolean isDrained() {
    return drained;
  }

  /** What the source was captured up to when reading began. */
  Lsn captured() {
    return captured;
  }

  private void pass(Lsn lsn) {
    while (true) {
      FrameEntry entry = nextEntry(true);
      if (entry instanceof FrameEntry.End) {
        return;
      }
      if (entry == null || entry instanceof FrameEntry.Begin(Lsn next, long _, boolean _) && !next.equals(lsn)) {
        throw disorder("a transaction has no end");
      }
    }
  }

  /** @param inside whether a transaction is open, which is then read to its end whatever was taken already */
  private @Nullable FrameEntry nextEntry(boolean inside) {
    while (true) {
      FrameEntry entry = entries == null ? null : entries.next();
      if (entry != null) {
        return entry;
      }
      if (!nextFrame(inside)) {
        return null;
      }
    }
  }

  private boolean nextFrame(boolean inside) {
    entries = null;
    if (fetched.isEmpty()) {
      if (taken >= fetchBytes && !inside) {
        return false;
      }
      long from = header == null ? 0 : header.sequence() + 1;
      fetched.addAll(tenant.frames().fetch(tenant.id(), tenant.position().value(), from, fetchBytes));
    }
    Frame frame = fetched.poll();
    if (frame == null) {
      drained = true;
      return false;
    }
    check(frame.header());
    header = frame.header();
    tenant.read(header);
    taken += frame.sealed().length;
    byte[] plain = opener.apply(frame);
    entries = new ChangeReader(plain, 0, plain.length);
    return true;
  }

  private void check(FrameHeader next) {
    if (!next.tenant().equals(tenant.id()) || next.lane() != FrameHeader.STREAM) {
      throw new CorruptionException(new Problem(
              ErrorCode.FRAME_OTHER_TENANT,
              "a frame that was given out for tenant \"" + tenant.tenant().name() + "\" is another's",
              "its header names tenant " + next.tenant() + ", lane " + next.lane(),
              "helios-repl tenant resync " + tenant.tenant().name())
          .at(new Lsn(next.firstPosition()).toString(), null));
    }
    // Within a turn each frame follows the one before; a turn may begin with one that was read before. With a later one it may
    // begin only where the target was further than what was read: the journal passes over frames of which it has everything.
    long last = header == null ? tenant.lastSequence() : header.sequence();
    if (header == null ? last > 0 && next.sequence() > last + 1 : next.sequence() != last + 1) {
      throw disorder("frame " + next.sequence() + " follows frame " + last);
    }
    if (next.epoch() != tenant.tenant().epoch()) {
      throw new CorruptionException(new Problem(
              ErrorCode.FRAME_OTHER_EPOCH,
              "a frame of tenant \"" + tenant.tenant().name() + "\" is of epoch " + next.epoch() + ", expected is "
                  + tenant.tenant().epoch(),
              "it was captured before or after a cutover or failover, or it is not what was written",
              "helios-repl tenant resync " + tenant.tenant().name())
          .at(new Lsn(next.firstPosition()).toString(), null));
    }
    if (next.systemIdentifier() != tenant.what().sourceSystem()) {
      throw new OperatorException(new Problem(
              ErrorCode.FRAME_FOREIGN,
              "a frame of tenant \"" + tenant.tenant().name() + "\" is of source "
                  + Long.toUnsignedString(next.systemIdentifier()) + ", expected is source "
                  + Long.toUnsignedString(tenant.what().sourceSystem()),
              "the source was replaced or restored",
              "helios-repl tenant resync " + tenant.tenant().name())
          .at(new Lsn(next.firstPosition()).toString(), null));
    }
  }

  private CorruptionException disorder(String what) {
    return new CorruptionException(new Problem(
            ErrorCode.FRAME_SEQUENCE,
            "frames of tenant \"" + tenant.tenant().name() + "\" are not in order",
            what,
            "helios-repl tenant resync " + tenant.tenant().name())
        .at(commitLsn.toString(), null));
  }
}
