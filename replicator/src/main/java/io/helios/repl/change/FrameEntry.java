package io.helios.repl.change;

import io.helios.repl.postgres.Lsn;

/** What a frame's payload is a sequence of: {@code Begin (Change | Marker)* End}, again and again. */
public sealed interface FrameEntry permits FrameEntry.Begin, Change, FrameEntry.Marker, FrameEntry.End {

  /**
   * A transaction starts, or goes on from the frame before.
   *
   * @param continued whether its first part is in an earlier frame
   */
  record Begin(Lsn commitLsn, long commitTimeMicros, boolean continued) implements FrameEntry {}

  /** The tenant's cutover, or a rehearsal of one: nothing of its rows. */
  record Marker(CutoverMarker marker) implements FrameEntry {}

  /** The transaction is complete. A frame that ends without it is continued by the tenant's next frame. */
  record End(Lsn commitLsn) implements FrameEntry {}
}
