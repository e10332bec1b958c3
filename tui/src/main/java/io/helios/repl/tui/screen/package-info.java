/** Draws a model: every screen is a function of the model and the size, nothing else. */
@NullMarked
package io.helios.repl.tui.screen;

import org.jspecify.annotations.NullMarked;
