package io.helios.repl.postgres;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.postgresql.PGProperty;

/**
 * The libpq connection parameters that are understood, and what they are called in pgjdbc. A closed list: pgjdbc has
 * properties that load classes by name, and those are nobody's to set.
 */
final class ConnectionParameters {

  private static final Map<String, PGProperty> MEANT =
      Map.ofEntries(
          Map.entry("sslmode", PGProperty.SSL_MODE),
          Map.entry("sslrootcert", PGProperty.SSL_ROOT_CERT),
          Map.entry("sslcert", PGProperty.SSL_CERT),
          Map.entry("sslkey", PGProperty.SSL_KEY),
          Map.entry("sslpassword", PGProperty.SSL_PASSWORD),
          Map.entry("sslnegotiation", PGProperty.SSL_NEGOTIATION),
          Map.entry("channel_binding", PGProperty.CHANNEL_BINDING),
          Map.entry("require_auth", PGProperty.REQUIRE_AUTH),
          Map.entry("gssencmode", PGProperty.GSS_ENC_MODE),
          Map.entry("krbsrvname", PGProperty.KERBEROS_SERVER_NAME),
          Map.entry("connect_timeout", PGProperty.CONNECT_TIMEOUT),
          Map.entry("options", PGProperty.OPTIONS));

  /** What libpq takes and we decide ourselves. */
  private static final Set<String> IGNORED =
      Set.of(
          "application_name",
          "fallback_application_name",
          "client_encoding",
          "keepalives",
          "keepalives_idle",
          "keepalives_interval",
          "keepalives_count",
          "tcp_user_timeout");

  private static final Set<String> SSL_MODES =
      Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

  private ConnectionParameters() {}

  /** @throws OperatorException for a parameter that is not understood, naming it but never its value */
  static void check(Map<String, String> parameters) {
    parameters.forEach((name, value) -> {
      if (!MEANT.containsKey(name) && !IGNORED.contains(name)) {
        throw invalid("connection parameter \"" + name + "\" is not known", "remove it; known are " + names());
      }
      if (name.equals("sslmode") && !SSL_MODES.contains(value)) {
        throw invalid("sslmode is not one of libpq's", "use disable, allow, prefer, require, verify-ca or verify-full");
      }
      if (name.equals("connect_timeout") && !value.matches("[0-9]{1,5}")) {
        throw invalid("connect_timeout is not a number of seconds", "write for example connect_timeout=10");
      }
    });
  }

  static void put(Map<String, String> parameters, Properties into) {
    check(parameters);
    parameters.forEach((name, value) -> {
      PGProperty property = MEANT.get(name);
      if (property != null) {
        property.set(into, value);
      }
    });
    String key = parameters.get("sslkey");
    if (key != null) {
      ClientKey.algorithm(key).ifPresent(algorithm -> PGProperty.PEM_KEY_ALGORITHM.set(into, algorithm));
    }
  }

  static OperatorException invalid(String message, String hint) {
    return new OperatorException(
        new Problem(ErrorCode.CONNECTION_INVALID, message, "the connection settings cannot be used as written", hint));
  }

  private static String names() {
    return String.join(", ", MEANT.keySet().stream().sorted().toList());
  }
}
