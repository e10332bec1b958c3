/** Making a target equal again by moving what differs: resync by difference, and repair. */
@NullMarked
package io.helios.repl.tests.resync;

import org.jspecify.annotations.NullMarked;
