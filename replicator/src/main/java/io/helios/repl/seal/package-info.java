/**
 * Compression and encryption of frames, and the keys of tenants.
 */
@NullMarked
package io.helios.repl.seal;

import org.jspecify.annotations.NullMarked;
