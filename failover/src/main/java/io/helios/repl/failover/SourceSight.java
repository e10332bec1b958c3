package io.helios.repl.failover;

import io.helios.repl.error.Problem;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** How a source looks from here. A seam; throws nothing, for what cannot be seen is seen so. Any thread; may block for seconds. */
public interface SourceSight {

  /**
   * @param healthy whether it answers and can be written
   * @param lastAlive when it was last known to; null when it never was since this server runs
   * @param trouble why it is not healthy; null when it is
   */
  record Sighting(boolean healthy, @Nullable Instant lastAlive, @Nullable Problem trouble) {}

  Sighting of(String source);
}
