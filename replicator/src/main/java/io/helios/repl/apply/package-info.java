/**
 * Loop 2: from the relay journal to a target, exactly once, source wins; and the read-only guard.
 */
@NullMarked
package io.helios.repl.apply;

import org.jspecify.annotations.NullMarked;
