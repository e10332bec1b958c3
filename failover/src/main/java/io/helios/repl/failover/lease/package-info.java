/**
 * Leases: a tenant with {@code fencing: lease} is written at its home only while its server renews a lease there, which it does only
 * while it holds that database's lease in the coordination. {@link io.helios.repl.failover.lease.Leases} is the door.
 */
@NullMarked
package io.helios.repl.failover.lease;

import org.jspecify.annotations.NullMarked;
