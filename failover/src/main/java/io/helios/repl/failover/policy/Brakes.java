package io.helios.repl.failover.policy;

import java.time.Duration;

/**
 * What holds the automatic failover back.
 *
 * @param sourcesPerHour so many sources may have tenants failed over from them within an hour; the next one waits for a human. A source
 *     that dies with hundreds of tenants counts once
 * @param parallel so many failovers run at once
 * @param maxUnreplicatedBytes more WAL than this that the source was seen to have and that was not captured: a human decides
 * @param maxUnreplicated likewise, as the time between the last change that was captured and the last sign of life
 */
public record Brakes(int sourcesPerHour, int parallel, long maxUnreplicatedBytes, Duration maxUnreplicated) {

  public static final Brakes DEFAULT = new Brakes(3, 16, 64L << 20, Duration.ofMinutes(1));
}
