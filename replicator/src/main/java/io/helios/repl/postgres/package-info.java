/**
 * PostgreSQL as it is: log sequence numbers, pgoutput messages, the replication slot, the catalog, session settings.
 * Knows nothing of tenants.
 */
@NullMarked
package io.helios.repl.postgres;

import org.jspecify.annotations.NullMarked;
