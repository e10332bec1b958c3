/** Moves a tenant to another region: plans, states, fence, drain, switch, reverse. Sees tenants and positions, never a row. */
@NullMarked
package io.helios.repl.migration;

import org.jspecify.annotations.NullMarked;
