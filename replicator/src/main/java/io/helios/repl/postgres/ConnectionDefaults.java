package io.helios.repl.postgres;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the environment says of connections where nothing else does (PostgreSQL's manual, libpq, "Environment Variables"). Not
 * {@code PGPASSWORD}: passwords come from files.
 */
public final class ConnectionDefaults {

  /** libpq's keywords. */
  private static final Map<String, String> VARIABLES =
      Map.ofEntries(
          Map.entry("host", "PGHOST"),
          Map.entry("port", "PGPORT"),
          Map.entry("dbname", "PGDATABASE"),
          Map.entry("user", "PGUSER"),
          Map.entry("sslmode", "PGSSLMODE"),
          Map.entry("sslrootcert", "PGSSLROOTCERT"),
          Map.entry("sslcert", "PGSSLCERT"),
          Map.entry("sslkey", "PGSSLKEY"),
          Map.entry("sslnegotiation", "PGSSLNEGOTIATION"),
          Map.entry("channel_binding", "PGCHANNELBINDING"),
          Map.entry("require_auth", "PGREQUIREAUTH"),
          Map.entry("gssencmode", "PGGSSENCMODE"),
          Map.entry("krbsrvname", "PGKRBSRVNAME"),
          Map.entry("connect_timeout", "PGCONNECT_TIMEOUT"));

  private ConnectionDefaults() {}

  /** The variable that stands for a keyword; empty when there is none. */
  public static String variable(String keyword) {
    return VARIABLES.getOrDefault(keyword, "");
  }

  /** What is set, by libpq's keywords. */
  public static Map<String, String> of(Map<String, String> environment) {
    Map<String, String> defaults = new LinkedHashMap<>();
    VARIABLES.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(
            entry -> {
              String value = environment.getOrDefault(entry.getValue(), "");
              if (!value.isEmpty()) {
                defaults.put(entry.getKey(), value);
              }
            });
    return defaults;
  }

  /** The same environment as if it said nothing of where and how to connect; files of passwords and services stay. */
  public static Map<String, String> without(Map<String, String> environment) {
    Map<String, String> rest = new LinkedHashMap<>(environment);
    rest.keySet().removeAll(VARIABLES.values());
    return rest;
  }
}
