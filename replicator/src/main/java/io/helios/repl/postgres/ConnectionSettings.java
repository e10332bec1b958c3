package io.helios.repl.postgres;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How to reach one database. The password is in no {@link #toString}, URL, message or log.
 *
 * @param password resolved by whoever made this (file, PGPASSFILE, environment); null for none
 * @param parameters further libpq parameters as given ({@code sslmode}, {@code sslrootcert}, {@code connect_timeout} …)
 * @param way null: over the network, from here
 */
public record ConnectionSettings(
    String host,
    int port,
    String database,
    String user,
    @Nullable String password,
    Map<String, String> parameters,
    @Nullable Way way) {

  public ConnectionSettings {
    parameters = Map.copyOf(parameters);
  }

  public ConnectionSettings(
      String host, int port, String database, String user, @Nullable String password, Map<String, String> parameters) {
    this(host, port, database, user, password, parameters, null);
  }

  /**
   * A database that another process reaches and logs in to: what it is called there stands for the database and the role, which are not
   * known here.
   */
  public static ConnectionSettings through(Way way, String region, String name) {
    return new ConnectionSettings(region, 0, name, name, null, Map.of(), way);
  }

  /** {@code host:port/database}, or {@code region/name} where another process knows more; for messages. */
  public String place() {
    return way == null ? host + ":" + port + "/" + database : host + "/" + database;
  }

  @Override
  public String toString() {
    return "ConnectionSettings[" + (way == null ? user + "@" : "") + place() + "]";
  }
}
