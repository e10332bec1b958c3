/** The keys that frames are sealed with, the key that wraps them, and what must never be seen of either. */
@NullMarked
package io.helios.repl.tests.keys;

import org.jspecify.annotations.NullMarked;
