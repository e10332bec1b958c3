/** The dashboard: a pure model and screens over status records. Knows no HTTP. */
@NullMarked
package io.helios.repl.tui;

import org.jspecify.annotations.NullMarked;
