/** Migrations, with their two databases, wire, journal, clients and clock simulated. */
@NullMarked
package io.helios.repl.migration;

import org.jspecify.annotations.NullMarked;
