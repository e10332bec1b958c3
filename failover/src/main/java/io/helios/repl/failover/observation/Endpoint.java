package io.helios.repl.failover.observation;

import io.helios.repl.postgres.ConnectionSettings;

/**
 * A database that is observed.
 *
 * @param id {@code REGION/NAME}: what all observers call it, whatever address it has from where they stand
 */
public record Endpoint(String id, ConnectionSettings connection) {

  public static Endpoint of(String region, String name, ConnectionSettings connection) {
    return new Endpoint(region + "/" + name, connection);
  }
}
