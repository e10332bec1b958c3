package io.helios.repl.server;

import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.migration.traffic.HomeAddress;
import io.helios.repl.migration.traffic.TrafficSettings;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.postgres.ConnectionSettings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Where the configuration says that sources and targets stand: for those who send clients there. Immutable. */
final class ConfiguredHomes implements Function<String, HomeAddress> {

  private final Map<String, HomeAddress> homes = new HashMap<>();

  ConfiguredHomes(ServerConfiguration configuration) {
    for (TargetSettings target : configuration.targets()) {
      homes.put(target.name(), address(target.name(), target.region(), target.connection()));
    }
    for (SourceSettings source : configuration.sources()) {
      homes.put(source.name(), address(source.name(), source.region(), source.connection()));
    }
    for (TrafficSettings traffic : configuration.traffic()) {
      traffic.homes().keySet().stream()
          .filter(name -> configuration.isFarTarget(name) && isTold(name, configuration.traffic()))
          .forEach(name -> homes.put(name, new HomeAddress(name, name.substring(0, name.indexOf('/')), "", 0, "")));
    }
  }

  /** Where another region's target stands is not known here, so each of those who send clients there has to be told all of it. */
  private static boolean isTold(String name, List<TrafficSettings> all) {
    return all.stream()
        .map(traffic -> traffic.homes().get(name))
        .allMatch(seen -> seen != null && seen.host() != null && seen.port() != null && seen.database() != null);
  }

  private static HomeAddress address(String name, String region, ConnectionSettings connection) {
    return new HomeAddress(name, region, connection.host(), connection.port(), connection.database());
  }

  @Override
  public HomeAddress apply(String name) {
    HomeAddress home = homes.get(name);
    if (home == null && name.indexOf('/') > 0) {
      throw new OperatorException(
          new Problem(
              ErrorCode.ENDPOINT_NOT_CONFIGURED,
              "nothing says how clients reach \"" + name + "\"",
              "it is another region's, and an entry of traffic: has no host, port and database for it",
              "homes: { \"" + name + "\": { host: HOST, port: 5432, database: NAME } } in each entry of traffic:, then restart the server"));
    }
    if (home == null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.ENDPOINT_NOT_CONFIGURED,
              "there is no source or target \"" + name + "\"",
              "the server's configuration does not name it",
              "helios-repl source list; helios-repl target list"));
    }
    return home;
  }
}
