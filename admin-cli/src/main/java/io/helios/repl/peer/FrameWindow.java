package io.helios.repl.peer;

import io.helios.repl.relay.Frame;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;

/**
 * One tenant's frames that have come and are not known to be applied: what a turn of the applier leaves over, and what was asked for
 * ahead, need not cross the wire again. Two things always hold: its frames follow on each other without a hole, and every frame of the
 * tenant that holds anything after the floor is in it or comes after it. So where the target has gone back below the floor, all of
 * it is forgotten. No thread, no I/O.
 */
final class FrameWindow {

  private final UUID tenant;
  private final Deque<Frame> frames = new ArrayDeque<>();
  private long floor;

  /** The sequence that follows on everything that was here; 0 when nothing was. */
  private long next;

  /** The position at which everything that was here ends; 0 when nothing was. */
  private long end;

  private long bytes;

  FrameWindow(UUID tenant) {
    this.tenant = tenant;
  }

  long bytes() {
    return bytes;
  }

  long next() {
    return next;
  }

  long end() {
    return end;
  }

  boolean isEmpty() {
    return frames.isEmpty();
  }

  /**
   * Forgets what is applied or was read, so that its first frame is the one asked for; and everything, when that is not to be had here.
   *
   * @param fromSequence 0: the first that holds anything after the position
   */
  void seek(long afterPosition, long fromSequence) {
    if (fromSequence == 0 && Long.compareUnsigned(afterPosition, floor) < 0) {
      clear(); // who goes on by sequence has had what came before; who begins at a position has not
    }
    while (!frames.isEmpty()
        && (Long.compareUnsigned(frames.getFirst().header().lastPosition(), afterPosition) <= 0
            || frames.getFirst().header().sequence() < fromSequence)) {
      Frame dropped = frames.removeFirst();
      bytes -= dropped.sealed().length;
      floor = larger(floor, dropped.header().lastPosition());
    }
    long begins = frames.isEmpty() ? next : frames.getFirst().header().sequence();
    if (fromSequence != 0 && begins != fromSequence) {
      clear();
    }
  }

  /** The first frames, up to so many bytes but at least one if there is one. They stay. */
  List<Frame> first(int maxBytes) {
    List<Frame> found = new ArrayList<>();
    long room = maxBytes;
    for (Frame frame : frames) {
      if (!found.isEmpty() && frame.sealed().length > room) {
        break;
      }
      found.add(frame);
      room -= frame.sealed().length;
    }
    return found;
  }

  /**
   * Takes what came for this position and sequence (0: whatever is first), if it is in order, this tenant's, and follows on what is here.
   *
   * @return false when it is not, and then nothing is here any more
   */
  boolean offer(List<Frame> came, long afterPosition, long fromSequence) {
    if (came.isEmpty()) {
      return true; // what comes next is still what was to come next
    }
    if (frames.isEmpty() && fromSequence == 0) {
      clear();
    }
    long expected = frames.isEmpty() ? fromSequence : next;
    for (Frame frame : came) {
      long sequence = frame.header().sequence();
      if (!frame.header().tenant().equals(tenant) || (expected != 0 && sequence != expected)) {
        clear();
        return false;
      }
      expected = sequence + 1;
    }
    if (frames.isEmpty() && next == 0) {
      // What stands before a sequence that was asked for ends no later than what stands there.
      floor = fromSequence == 0 ? afterPosition : came.getFirst().header().lastPosition();
    }
    for (Frame frame : came) {
      frames.add(frame);
      bytes += frame.sealed().length;
    }
    next = expected;
    end = came.getLast().header().lastPosition();
    return true;
  }

  void clear() {
    frames.clear();
    bytes = 0;
    floor = 0;
    next = 0;
    end = 0;
  }

  private static long larger(long a, long b) {
    return Long.compareUnsigned(a, b) > 0 ? a : b;
  }
}
