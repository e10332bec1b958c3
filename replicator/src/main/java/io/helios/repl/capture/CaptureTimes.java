package io.helios.repl.capture;

import io.helios.repl.status.StageTimes;

/**
 * What captured changes take on their way into the journal: sealing a frame, and making what was appended durable. Lives as
 * long as its capture. Any thread may ask.
 */
public record CaptureTimes(StageTimes seal, StageTimes journal) {

  CaptureTimes() {
    this(new StageTimes(), new StageTimes());
  }
}
