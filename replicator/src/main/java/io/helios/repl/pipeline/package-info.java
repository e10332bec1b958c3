/**
 * What runs: the engine of each source and target, a tenant's states, the threads and the clock.
 */
@NullMarked
package io.helios.repl.pipeline;

import org.jspecify.annotations.NullMarked;
