package io.helios.repl.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who may come in beside the owner of the data directory, and how the line is protected.
 *
 * @param tls null for plain HTTP, which loopback alone allows
 */
public record ApiAccess(List<Token> tokens, @Nullable Tls tls) {

  public static final ApiAccess DEFAULT = new ApiAccess(List.of(), null);

  public ApiAccess {
    tokens = List.copyOf(tokens);
  }

  /**
   * A bearer token. The token itself is not kept.
   *
   * @param name who has it, for the audit log
   * @param sha256 of the token, in lower-case hexadecimal digits
   */
  public record Token(String name, Role role, String sha256) {}

  /**
   * PEM files.
   *
   * @param certificate the server's, and those between it and its authority
   * @param clientCa the authority of clients' certificates; null when clients need none
   * @param clientRoles by the common name of a client's certificate
   */
  public record Tls(Path certificate, Path key, @Nullable Path clientCa, Map<String, Role> clientRoles) {
    public Tls {
      clientRoles = Map.copyOf(clientRoles);
    }
  }
}
