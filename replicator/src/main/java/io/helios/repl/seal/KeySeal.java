package io.helios.repl.seal;

import org.jspecify.annotations.Nullable;

/**
 * Seals for one other server, and opens what that one has sealed for this one. A seam: the engine itself has no public-key
 * cryptography. Thread-safe.
 */
public interface KeySeal {

  /** @param info what the secret is for: it opens with the same bytes only */
  byte[] seal(byte[] secret, byte[] info);

  /** The secret, which the caller zeroes; null when it was not sealed by that server, for this one, with this info. */
  byte @Nullable [] open(byte[] sealed, byte[] info);
}
