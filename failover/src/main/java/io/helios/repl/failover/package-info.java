/** Promotes a tenant's replica when its source dies: observing, deciding, leases, promoting. Sees tenants and positions, never a row. */
@NullMarked
package io.helios.repl.failover;

import org.jspecify.annotations.NullMarked;
