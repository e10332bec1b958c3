/**
 * Loop 1: from a source's WAL to the relay journal; and the initial copy.
 */
@NullMarked
package io.helios.repl.capture;

import org.jspecify.annotations.NullMarked;
