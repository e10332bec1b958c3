package io.helios.repl.tui.fleet;

import org.jspecify.annotations.Nullable;

/**
 * Who tells.
 *
 * @param epoch of its lease; null when it needs none
 */
public record Server(String region, String version, String node, @Nullable Long epoch) {}
