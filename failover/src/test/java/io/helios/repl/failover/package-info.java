/** Failovers, with their two databases, registers, journal and clock simulated. */
@NullMarked
package io.helios.repl.failover;

import org.jspecify.annotations.NullMarked;
