/** What the dashboard is told: a server's fleet at one moment, its events, one tenant's pipeline. Immutable but for the history. */
@NullMarked
package io.helios.repl.tui.fleet;

import org.jspecify.annotations.NullMarked;
