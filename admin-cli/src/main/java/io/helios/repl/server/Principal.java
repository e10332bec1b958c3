package io.helios.repl.server;

import io.helios.repl.config.Role;

/**
 * Who asks.
 *
 * @param name {@code token:NAME} or {@code certificate:COMMON-NAME}; {@code owner} with the data directory's own token
 */
record Principal(String name, Role role) {}
