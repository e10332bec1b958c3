/** Random schemas under random work, replicated live, then compared. */
@NullMarked
package io.helios.repl.tests.property;

import org.jspecify.annotations.NullMarked;
