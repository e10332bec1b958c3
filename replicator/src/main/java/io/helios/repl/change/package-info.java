/**
 * One tenant's changes as values, and their byte form inside a frame.
 */
@NullMarked
package io.helios.repl.change;

import org.jspecify.annotations.NullMarked;
