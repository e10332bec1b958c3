package io.helios.repl.failover.policy;

import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A tenant that might be failed over, as far as this server knows.
 *
 * @param source {@code REGION/NAME} of its home, as it is observed
 * @param target likewise, of its replica
 * @param automatic whether it is failed over without being asked for: switched on for it, its tier or all, and no maintenance
 * @param ready whether everything of it was copied and it streams, so that it can be promoted at all
 * @param underWay whether somebody moves it or fails it over already
 * @param unreplicatedBytes WAL that its source was seen to have and that is not captured: not more than this is lost; null when nobody knows
 * @param unreplicated likewise, in time; null when nobody knows
 */
public record Candidate(
    UUID id,
    String name,
    Tier tier,
    String source,
    String target,
    boolean automatic,
    boolean ready,
    boolean underWay,
    @Nullable Long unreplicatedBytes,
    @Nullable Duration unreplicated) {}
