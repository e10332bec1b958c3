package io.helios.repl.relay;

import java.util.UUID;

/**
 * Is told of each frame's way through a journal, in this order: appended, durable, fetched (any number of times), acknowledged. It sees
 * headers only. The journal calls it while it holds its locks, so it must return at once and throw nothing.
 */
public interface FrameWatch {

  /** Sees nothing. */
  FrameWatch NONE = new FrameWatch() {};

  /** A frame was sealed and appended; a crash would still lose it. One thread at a time, as for the next two. */
  default void appended(FrameHeader header) {}

  /** Everything that was appended is on disk now, and about to show to readers. */
  default void durable() {}

  /** What was appended since the last time that it was durable is given up, and comes again. */
  default void rewound() {}

  /** The tenant's frames are given up, and those that were not applied yet never will be. */
  default void dropped(UUID tenant) {}

  /** A frame was handed out to be applied. Any thread. */
  default void fetched(FrameHeader header) {}

  /** The tenant's frames up to this position, unsigned, are committed at the target; many times the same. Any thread. */
  default void acknowledged(UUID tenant, long position) {}
}
