package io.helios.repl.tui.fleet;

import org.jspecify.annotations.Nullable;

/**
 * The lease without which tenants with strict fencing are not written at one database.
 *
 * @param given whether it was renewed in the last turn
 * @param problem why it was not
 */
public record Lease(String database, boolean given, @Nullable Fault problem) {}
