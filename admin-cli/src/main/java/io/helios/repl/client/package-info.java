/** The other end of the HTTP API: finds the server and its token, asks, waits, and turns refusals into exit codes. */
@NullMarked
package io.helios.repl.client;

import org.jspecify.annotations.NullMarked;
