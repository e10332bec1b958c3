package io.helios.repl.postgres;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How to reach one database. The password is in no {@link #toString}, URL, message or log.
 *
 * @param password resolved by whoever made this (file, PGPASSFILE, environment); null for none
 * @param parameters further libpq parameters as given ({@code sslmode}, {@code sslrootcert}, {@code connect_timeout} …)
 */
public record ConnectionSettings(
    String host, int port, String database, String user, @Nullable String password, Map<String, String> parameters) {

  public ConnectionSettings {
    parameters = Map.copyOf(parameters);
  }

  /** {@code host:port/database}, for messages. */
  public String place() {
    return host + ":" + port + "/" + database;
  }

  @Override
  public String toString() {
    return "ConnectionSettings[" + user + "@" + place() + "]";
  }
}
