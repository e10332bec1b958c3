/**
 * What an operator is told: immutable records, and the meters.
 */
@NullMarked
package io.helios.repl.status;

import org.jspecify.annotations.NullMarked;
