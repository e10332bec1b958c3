/** Which tenants are failed over without being asked for, and what holds that back. Pure decisions; {@code AutoFailover} carries them out. */
@NullMarked
package io.helios.repl.failover.policy;

import org.jspecify.annotations.NullMarked;
