package io.helios.repl.server;

import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.FleetSettings;
import io.helios.repl.seal.FileKeyring;
import io.helios.repl.seal.MasterKey;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/** Makes the engine, not started; with it whatever it needs from the data directory, such as its keyring. */
@FunctionalInterface
public interface FleetMaker {

  /**
   * With a keyring in the data directory, its keys wrapped by the master key: from the environment ({@code
   * HELIOS_MASTER_KEY}), else from the file {@code master.key}, which is made at the first start.
   */
  static FleetMaker standard(Map<String, String> environment) {
    return (settings, dataDirectory, meters, events) -> {
      MasterKey master =
          MasterKey.fromEnvironment(environment)
              .orElseGet(() -> MasterKey.fromFileOrCreate(dataDirectory.resolve("master.key")));
      return new Fleet(settings, new FileKeyring(dataDirectory.resolve("keyring"), master), meters, events);
    };
  }

  Fleet make(FleetSettings settings, Path dataDirectory, MeterRegistry meters, Consumer<FleetEvent> events);
}
