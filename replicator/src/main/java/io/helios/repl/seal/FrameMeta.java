package io.helios.repl.seal;

import java.util.UUID;

/**
 * What the capture knows of a frame before it is sealed; see {@link io.helios.repl.relay.FrameHeader} for each.
 */
public record FrameMeta(
    UUID tenant,
    byte lane,
    long epoch,
    long systemIdentifier,
    int timeline,
    long firstPosition,
    long lastPosition,
    long firstCommitMicros,
    long lastCommitMicros,
    boolean complete,
    int changes) {}
