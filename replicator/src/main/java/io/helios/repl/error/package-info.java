/**
 * What can go wrong, as one small family: transient (retried), needs the operator, corrupt. Every error has a code
 * from one catalogue, a cause in the operator's words and a hint that can be run.
 */
@NullMarked
package io.helios.repl.error;

import org.jspecify.annotations.NullMarked;
