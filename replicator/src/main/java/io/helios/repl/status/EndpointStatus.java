package io.helios.repl.status;

import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One source or target at one moment.
 *
 * @param role {@code source} or {@code target}
 * @param reachable whether the last attempt to talk to it succeeded
 * @param position for a source, how far it is captured
 * @param retainedWalBytes for a source, WAL that our slot holds back
 * @param journalBytes for a source, what its journal takes on disk
 * @param tenants how many tenants use it
 */
public record EndpointStatus(
    String name,
    String role,
    String place,
    boolean reachable,
    @Nullable Lsn position,
    @Nullable Long retainedWalBytes,
    @Nullable Long journalBytes,
    int tenants,
    @Nullable Problem error,
    @Nullable Instant errorAt) {}
