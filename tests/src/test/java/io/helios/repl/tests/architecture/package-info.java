/** The lines between modules, and what holds for every source file and document, as tests. */
@NullMarked
package io.helios.repl.tests.architecture;

import org.jspecify.annotations.NullMarked;
