package io.helios.repl.migration.traffic;

import io.helios.repl.postgres.ConnectionSettings;

/**
 * Where clients find one home of a tenant. No secret is in it.
 *
 * @param name of the source or target in the configuration, {@code eu-central-1/shop-eu} where it is another server's
 * @param region where it stands
 * @param host as clients, poolers and directories know it
 */
public record HomeAddress(String name, String region, String host, int port, String database) {

  /** Where the server itself finds it. */
  public static HomeAddress of(String name, String region, ConnectionSettings connection) {
    return new HomeAddress(name, region, connection.host(), connection.port(), connection.database());
  }

  /** {@code host:port/database}, for messages. */
  public String place() {
    return host + ":" + port + "/" + database;
  }
}
