/**
 * The server: the HTTP API, the control store, the data directory, and the one place where everything is put together.
 */
@NullMarked
package io.helios.repl.server;

import org.jspecify.annotations.NullMarked;
