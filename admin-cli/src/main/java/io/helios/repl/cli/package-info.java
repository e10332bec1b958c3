/** The commands: they parse, call the API and print. */
@NullMarked
package io.helios.repl.cli;

import org.jspecify.annotations.NullMarked;
