package io.helios.repl.relay;

import org.jspecify.annotations.Nullable;

/**
 * What a journal holds for one tenant that is durable and not acknowledged.
 *
 * <p>Inside a run of up to {@value FrameBlock#FRAMES} frames of which only a part is acknowledged, the whole run may
 * still be counted.
 *
 * @param sealedBytes as they stand on disk
 * @param plainBytes the same before sealing
 * @param oldestCommitMicros commit time of the first transaction, microseconds since 2000-01-01 UTC; null when there is none
 * @param lastPosition position of the tenant's last transaction that the journal has seen; 0 when it knows of none
 */
public record Backlog(
    long frames, long sealedBytes, long plainBytes, @Nullable Long oldestCommitMicros, long lastPosition) {

  public static final Backlog NONE = new Backlog(0, 0, 0, null, 0);
}
