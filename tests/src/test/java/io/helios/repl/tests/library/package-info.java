/** The engine as a library: what the documents show is compiled and run. */
@NullMarked
package io.helios.repl.tests.library;

import org.jspecify.annotations.NullMarked;
