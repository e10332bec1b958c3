package io.helios.repl.migration;

import io.helios.repl.pipeline.Ticker;
import java.time.Duration;

/** Time, and waiting in it. A seam. */
public interface MoveClock extends Ticker {

  /**
   * Returns after that long.
   *
   * @throws Stopping when the server stops
   */
  void rest(Duration duration);

  /** The server stops: whoever waits leaves everything as it is. What is journaled is gone on from at the next start. */
  final class Stopping extends RuntimeException {
    public Stopping() {
      super("the server stops");
    }
  }
}
