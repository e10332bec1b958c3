package io.helios.repl.error;

import java.util.Arrays;
import java.util.Optional;

/**
 * The catalogue of everything that can be wrong. Numbers are stable for ever: 1xxx configuration and usage, 2xxx source,
 * 3xxx target and applying, 4xxx journal, sealing and keys, 5xxx tenants, 6xxx verification, 7xxx migration, 8xxx
 * failover, 9xxx the server itself.
 */
public enum ErrorCode {
  // 1xxx configuration and usage
  USAGE(1001, "The command line is not right", "An option, an argument or a name is missing, unknown or malformed. Every command has --help with an example."),
  CONFIGURATION_FILE(1101, "The configuration file cannot be read", "The file is missing, unreadable, or not YAML."),
  CONFIGURATION_UNKNOWN_KEY(1102, "An unknown key in the configuration", "A key that is not understood would be ignored in silence, so it is refused."),
  CONFIGURATION_VALUE(1103, "A value in the configuration is not right", "The value does not have the form or the range that its key asks for."),
  CONFIGURATION_MISSING(1104, "Something is missing in the configuration", "A required key has no value in the flags, the environment or the file."),
  CONFIGURATION_UNSUPPORTED(1105, "A key of the configuration is not in this release", "The key is known, but what it asks for is not part of this release. It is refused rather than ignored."),
  DECLINED(1201, "Declined at a confirmation", "The question was not answered with yes, or the name was not said again."),
  WAIT_TIMED_OUT(1202, "A wait timed out", "What was waited for had not come about in time. The work goes on; waiting again attaches to it."),
  SERVER_UNREACHABLE(1203, "The server cannot be reached", "Nothing answers at the server's address, or what answers is no helios-repl server."),
  TOKEN_MISSING(1204, "No token for the server was found", "Commands authenticate with a bearer token: HELIOS_TOKEN, HELIOS_TOKEN_FILE, or the file that a server on this machine leaves for its user."),
  NO_SUCH_TENANT(1301, "No such tenant", "No tenant of that name is declared."),
  NO_SUCH_SOURCE(1302, "No such source", "No source of that name is configured."),
  NO_SUCH_TARGET(1303, "No such target", "No target of that name is configured."),
  TENANT_EXISTS(1304, "The tenant exists already", "Tenant names are unique, and a key is replicated once from a source to a target."),
  TENANT_DECLARATION(1305, "The tenant's declaration is not right", "A name, key, table glob, tier or lag target does not have the form that it needs."),
  TENANT_STATE(1306, "The tenant's state does not allow it", "What was asked for is not possible in the state that the tenant is in."),
  CHECK_FAILED(1307, "A check found what keeps tenants from starting", "The findings say what, and the SQL that mends it."),
  DEMO_FAILED(
      1901,
      "The demonstration could not be carried out",
      "It starts two PostgreSQL servers of its own on free loopback ports and needs some 2 GB of room in the folder for temporary files, and a user namespace (unshare) when it runs as root."),
  // 2xxx source
  // 3xxx target and applying
  // 4xxx journal, sealing and keys
  // 5xxx tenants
  // 6xxx verification
  // 9xxx the server itself
  INTERNAL(9001, "A bug in helios-repl", "An assumption of the program does not hold. The part that met it has stopped; the log has the details."),
  LISTEN_FAILED(9002, "The server cannot listen on its address", "The address is in use by another process, or is not one of this machine."),
  TLS_REQUIRED(9003, "Anything but loopback requires TLS", "The API would carry its token in clear. TLS is not part of this release, so the server listens on loopback only."),
  DATA_DIRECTORY_IN_USE(9004, "Another server uses the data directory", "A data directory belongs to one server at a time."),
  DATA_DIRECTORY_UNUSABLE(9005, "The data directory cannot be used", "It cannot be created, read or written."),
  STORE_UNAVAILABLE(9006, "The control store is not available", "Commands that change or read declarations need it. Replication goes on without it."),
  UNAUTHENTICATED(9007, "Not authenticated", "The request carries no token, or one that is not this server's."),
  STORE_TOO_NEW(9008, "The control store was written by a newer version", "Its schema has migrations that this version does not know."),
  BAD_REQUEST(9009, "The request is not right", "A body, parameter or header is missing or malformed."),
  NO_SUCH_ROUTE(9010, "No such route", "The API has nothing at this path, or not with this method."),
  NO_SUCH_OPERATION(9011, "No such operation", "It has ended some time ago, or the server has started anew since. Ask again for what was wanted."),
  SERVER_STOPPING(9012, "The server is stopping", "It takes no commands any more.");

  private final int number;
  private final String title;
  private final String explanation;

  ErrorCode(int number, String title, String explanation) {
    this.number = number;
    this.title = title;
    this.explanation = explanation;
  }

  /** For example {@code HR-2103}. */
  public String id() {
    return "HR-" + number;
  }

  public String title() {
    return title;
  }

  /** What it means and what usually mends it, in a few sentences. */
  public String explanation() {
    return explanation;
  }

  public static Optional<ErrorCode> byId(String id) {
    return Arrays.stream(values()).filter(code -> code.id().equalsIgnoreCase(id)).findFirst();
  }
}
