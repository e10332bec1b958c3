package io.helios.repl.pipeline;

import java.time.Instant;

/** Time, as a seam. */
public interface Ticker {

  /** Nanoseconds that only ever grow; for measuring, not for dates. */
  long nanos();

  /** The wall clock, which may jump. */
  Instant now();

  Ticker SYSTEM =
      new Ticker() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public Instant now() {
          return Instant.now();
        }
      };
}
