/**
 * Whether a tenant is the same on both sides at one point of the WAL.
 */
@NullMarked
package io.helios.repl.verify;

import org.jspecify.annotations.NullMarked;
