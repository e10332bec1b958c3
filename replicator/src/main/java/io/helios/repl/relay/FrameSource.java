package io.helios.repl.relay;

import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * Where an applier gets frames from: this process's journal, or a peer's. A seam. Any thread may call it.
 *
 * <p>Only whole transactions show: a frame that does not end on a boundary is returned once the frame that completes
 * its transaction is durable too. A frame may be delivered any number of times; the target knows what it has.
 */
public interface FrameSource {

  /**
   * The tenant's durable frames that hold anything after {@code afterPosition}, beginning at {@code fromSequence} (0:
   * whatever is first), in order, without a hole, up to {@code maxBytes} but at least one if there is one.
   *
   * @throws io.helios.repl.error.OperatorException (NEEDS_RESYNC) when frames after that position have been trimmed
   */
  List<Frame> fetch(UUID tenant, long afterPosition, long fromSequence, int maxBytes);

  /** Everything of every tenant of this source that committed before this is durable here. */
  long capturedUpTo();

  /**
   * The tenant's frames up to this position are applied for good and may be trimmed.
   *
   * @throws io.helios.repl.error.TransientException when it is not known whether this arrived: to be told again
   */
  void acknowledge(UUID tenant, long position);

  /** Waits until some tenant has new frames since {@code mark} (0 at first), or the timeout is over. */
  Arrivals arrivals(long mark, Duration timeout) throws InterruptedException;

  /**
   * Who has news, and since when.
   *
   * @param mark what to ask with next
   * @param tenants those with frames that became visible since the mark asked with
   */
  record Arrivals(long mark, List<UUID> tenants) {}
}
