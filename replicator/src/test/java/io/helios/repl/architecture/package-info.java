/** The engine's dependency lines, as tests. */
@NullMarked
package io.helios.repl.architecture;

import org.jspecify.annotations.NullMarked;
