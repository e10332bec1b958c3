package io.helios.repl.server;

import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.failover.FailoverEnds;
import io.helios.repl.failover.FleetFailoverEnds;
import io.helios.repl.migration.EndFacts;
import io.helios.repl.migration.FleetEndFacts;
import io.helios.repl.migration.FleetEnds;
import io.helios.repl.migration.TenantEnds;
import io.helios.repl.peer.Peers;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.Surroundings;
import io.helios.repl.pipeline.Tracing;
import io.helios.repl.postgres.Way;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Makes the engine, not started; with it whatever it needs from the data directory, such as its keyring. */
@FunctionalInterface
public interface FleetMaker {

  /** With the keyring of the data directory, opened by the master key that {@link ServerKeyring} finds. */
  static FleetMaker standard(Map<String, String> environment) {
    return standard(environment, () -> true);
  }

  /** @param mayWork whether this process may touch sources and targets; asked before each turn */
  static FleetMaker standard(Map<String, String> environment, BooleanSupplier mayWork) {
    return (configuration, dataDirectory, meters, events, peers) ->
        new Fleet(
            configuration.fleet(),
            new ServerKeyring(configuration.masterKeys(), dataDirectory, environment).open(events),
            meters,
            events,
            new Surroundings() {
              @Override
              public Tracing tracing() {
                return OtlpExporter.of(configuration, meters, events);
              }

              @Override
              public boolean mayWork() {
                return mayWork.getAsBoolean();
              }

              @Override
              public Way way(String region, String target) {
                return peers.way(region, target).orElseGet(() -> Surroundings.super.way(region, target));
              }
            });
  }

  /** What moves a tenant between its two databases. */
  default TenantEnds ends(Fleet fleet) {
    return new FleetEnds(fleet);
  }

  /** What the gates of a cutover look at in them. */
  default EndFacts endFacts(Fleet fleet) {
    return new FleetEndFacts(fleet);
  }

  /** What takes a tenant from a home that died to its replica. */
  default FailoverEnds failoverEnds(Fleet fleet) {
    return new FleetFailoverEnds(fleet);
  }

  Fleet make(
      ServerConfiguration configuration,
      Path dataDirectory,
      MeterRegistry meters,
      Consumer<FleetEvent> events,
      Peers peers);
}
