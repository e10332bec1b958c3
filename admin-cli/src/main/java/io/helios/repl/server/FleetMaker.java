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

  Fleet make(FleetSettings settings, Path dataDirectory, MeterRegistry meters, Consumer<FleetEvent> events);

  /** The real one. The master key comes from the environment, else from the data directory, where it is made at first. */
  static FleetMaker standard(Map<String, String> environment) {
    return (settings, directory, meters, events) -> {
      MasterKey master =
          MasterKey.fromEnvironment(environment).orElseGet(() -> MasterKey.fromFileOrCreate(directory.resolve("master.key")));
      return new Fleet(settings, new FileKeyring(directory.resolve("keys"), master), meters, events);
    };
  }
}
