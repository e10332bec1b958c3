/** Sources that are polled by a column. */
@org.jspecify.annotations.NullMarked
package io.helios.repl.tests.checkpoint;
