package io.helios.repl.migration;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A cutover that happened.
 *
 * @param pauseMillis from the first write that may have waited to the first that could succeed at the new home
 * @param exact whether it was measured; false after a crash in between, where it is the longest that it can have been
 * @param trafficMillis of it: holding clients back
 * @param lockMillis of it: waiting for writers to end
 * @param drainMillis of it: until the target had taken the epoch
 * @param switchMillis of it: sending clients to the new home
 * @param drainedLsn where the marker was committed; null after a crash in between
 */
public record CutoverReport(
    Direction direction,
    long epoch,
    double pauseMillis,
    boolean exact,
    double trafficMillis,
    double lockMillis,
    double drainMillis,
    double switchMillis,
    @Nullable String drainedLsn,
    Instant at) {}
