/**
 * The dashboard: a terminal, and a loop that takes keys and news, in turn, and draws. Knows no HTTP: whoever opens it
 * brings the news ({@code tell}) and carries out what the operator wishes.
 */
@NullMarked
package io.helios.repl.tui;

import org.jspecify.annotations.NullMarked;
