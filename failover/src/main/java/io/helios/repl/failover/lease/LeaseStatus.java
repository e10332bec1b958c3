package io.helios.repl.failover.lease;

import io.helios.repl.error.Problem;
import org.jspecify.annotations.Nullable;

/**
 * The lease of one database.
 *
 * @param given whether it was renewed in the last turn
 * @param problem why it was not; null while it is, and at first
 */
public record LeaseStatus(String database, boolean given, @Nullable Problem problem) {}
