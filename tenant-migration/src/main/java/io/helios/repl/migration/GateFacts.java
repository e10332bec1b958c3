package io.helios.repl.migration;

import io.helios.repl.status.TenantState;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * All that the gates look at, gathered at one moment.
 *
 * @param state of the tenant's stream
 * @param lagSeconds as in its status; null when unknown
 * @param wal whether its home is captured from the WAL, and not polled
 * @param certificateLeft how long the certificates between the ends hold; null where there are none
 */
public record GateFacts(
    TenantState state,
    @Nullable Double lagSeconds,
    boolean wal,
    Proof proof,
    EndFacts.Seen ends,
    @Nullable Duration certificateLeft) {}
