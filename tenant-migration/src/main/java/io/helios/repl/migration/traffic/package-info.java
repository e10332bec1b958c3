/**
 * Where a tenant's clients are sent: what a cutover asks of poolers, commands, HTTP hooks and directories. Each is a {@link
 * io.helios.repl.migration.traffic.TrafficSwitch}; {@link io.helios.repl.migration.traffic.TrafficSwitches} works them together.
 */
@NullMarked
package io.helios.repl.migration.traffic;

import org.jspecify.annotations.NullMarked;
