package io.helios.repl.server;

import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.FleetSettings;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Makes the engine, not started; with it whatever it needs from the data directory, such as its keyring. */
@FunctionalInterface
public interface FleetMaker {

  static FleetMaker standard(java.util.Map<String, String> environment) {
    throw new IllegalStateException();
  }

  Fleet make(FleetSettings settings, Path dataDirectory, MeterRegistry meters, Consumer<FleetEvent> events);
}
