/**
 * The server's configuration: what a file, the environment and flags say, judged whole, with the origin of each value.
 */
@NullMarked
package io.helios.repl.config;

import org.jspecify.annotations.NullMarked;
