package io.helios.repl.server;

import io.helios.repl.pipeline.FleetEvent;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An event of the history.
 *
 * @param id grows with time
 * @param code of the problem that it tells of, if it tells of one
 */
public record StoredEvent(
    long id,
    Instant at,
    FleetEvent.Severity severity,
    @Nullable String tenant,
    String kind,
    String message,
    @Nullable String code,
    @Nullable String hint) {}
