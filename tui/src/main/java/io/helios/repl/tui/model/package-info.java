/** What the operator is looking at: keys and news go in, wishes come out. Does no I/O and reads no clock. */
@NullMarked
package io.helios.repl.tui.model;

import org.jspecify.annotations.NullMarked;
