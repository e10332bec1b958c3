package io.helios.repl.seal;

import java.util.UUID;

/** What frames are opened with. A seam. Thread-safe. */
@FunctionalInterface
public interface FrameKeys {

  /**
   * The key to open with.
   *
   * @throws io.helios.repl.error.CorruptionException ({@code FRAME_KEY_UNKNOWN}) when there is no such key
   * @throws io.helios.repl.error.TransientException when it has yet to come
   */
  TenantKey key(UUID tenant, int generation);
}
