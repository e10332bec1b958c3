package io.helios.repl.capture;

import io.helios.repl.relay.FrameHeader;
import java.time.Duration;

/**
 * How {@link WalCapture} works.
 *
 * @param walBudget how far behind what is durable the slot may stay for tenants that lag, in bytes of WAL
 * @param frameBytes a frame is cut when it holds this much, before compression
 * @param openBytes all open frames are cut when they hold this much together: the bound of a huge transaction's memory
 * @param hold under a backlog, how long changes may wait for a frame to fill while the appliers are busy
 * @param shortHold the same while they have nothing to do
 * @param idleSync how often an otherwise idle position is written down
 * @param slice how long one {@code runOnce} works, and under a backlog how long it naps after that
 */
public record CaptureSettings(
    long walBudget, int frameBytes, long openBytes, Duration hold, Duration shortHold, Duration idleSync, Duration slice, Duration nap) {

  public CaptureSettings {
    if (walBudget < 0 || frameBytes < 1 || frameBytes > FrameHeader.MAX_PLAIN || openBytes < frameBytes) {
      throw new IllegalArgumentException("capture settings do not fit together");
    }
  }

  public static CaptureSettings withWalBudget(long walBudget) {
    return new CaptureSettings(
        walBudget,
        256 << 10,
        16 << 20,
        Duration.ofMillis(150),
        Duration.ofMillis(20),
        Duration.ofMillis(500),
        Duration.ofMillis(1),
        Duration.ofMillis(1));
  }
}
