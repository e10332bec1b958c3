/**
 * Servers of other regions, as this one sees them: the connection that both sides prove themselves on, and how each peer is.
 *
 * <p>What peers say to each other is below {@code /peer/v1}, apart from the API, whose tokens open nothing there.
 */
@NullMarked
package io.helios.repl.peer;

import org.jspecify.annotations.NullMarked;
