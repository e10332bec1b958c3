package io.helios.repl.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads {@code api:} and {@code tls:}. Token files are read, so that a wrong one shows at once. */
final class AccessReader {

  private static final String TOKENS = "api: { tokens: [ { name: grafana, role: read, token-file: /etc/helios-repl/grafana.token } ] }";
  private static final String TLS = "tls: { certificate: server.crt, key: server.key, client-ca: clients.crt, client-roles: { alice: admin } }";
  private static final String ROLE = "read, operate or admin";

  private AccessReader() {}

  static ApiAccess read(Section root) {
    return new ApiAccess(tokens(root), tls(root));
  }

  private static List<ApiAccess.Token> tokens(Section root) {
    Section api = root.section("api", TOKENS);
    if (api == null) {
      return List.of();
    }
    List<ApiAccess.Token> tokens = new ArrayList<>();
    Map<String, String> names = new HashMap<>();
    for (Section one : api.sections("tokens", TOKENS)) {
      String name = one.parsed("name", text -> TenantNames.isValid(text) ? Optional.of(text) : Optional.empty(), TenantNames.RULE).orElse(null);
      Role role = one.parsed("role", Role::parse, ROLE).orElse(null);
      Path file = one.parsed("token-file", AccessReader::path, "the path of a file").orElse(null);
      String digest = digest(one, file);
      for (String key : List.of("name", "role", "token-file")) {
        if (!one.has(key)) {
          one.missing(key, "a token has a name, a role and a file", TOKENS);
        }
      }
      one.close();
      if (name != null && names.put(name, name) != null) {
        one.wrong("name", "there is a token of this name already", "the audit log tells tokens by their names", "choose another name");
      }
      if (name != null && role != null && file != null && digest != null) {
        tokens.add(new ApiAccess.Token(name, role, file, digest));
      }
    }
    api.close();
    return tokens;
  }

  private static @Nullable String digest(Section token, @Nullable Path file) {
    if (file == null) {
      return null;
    }
    try {
      Optional<String> digest = ApiAccess.Token.digest(file);
      if (digest.isPresent()) {
        return digest.get();
      }
      token.wrong(
          "token-file",
          "holds no token",
          "a token is one word of at least " + ApiAccess.Token.SHORTEST + " characters",
          "(umask 077; openssl rand -base64 32 > " + file + ")");
    } catch (IOException e) {
      token.wrong(
          "token-file",
          "cannot be read",
          file + " is missing or not readable by " + System.getProperty("user.name"),
          "(umask 077; openssl rand -base64 32 > " + file + ")");
    }
    return null;
  }

  private static ApiAccess.@Nullable Tls tls(Section root) {
    Section section = root.section("tls", TLS);
    if (section == null) {
      return null;
    }
    Path certificate = file(section, "certificate");
    Path key = file(section, "key");
    Path clientCa = file(section, "client-ca");
    Map<String, Role> roles = new HashMap<>();
    Section named = section.section("client-roles", "client-roles: { alice: admin, grafana: read }");
    if (named != null) {
      for (String name : named.keys()) {
        named.parsed(name, Role::parse, ROLE).ifPresent(role -> roles.put(name, role));
      }
      named.close();
      if (!section.has("client-ca")) {
        section.wrong("client-roles", "nothing says whose certificates count", "roles are given to certificates that client-ca has signed", TLS);
      }
    }
    for (String needed : List.of("certificate", "key")) {
      if (section.raw(needed).isEmpty()) {
        section.missing(needed, "TLS needs a certificate and its key", TLS);
      }
    }
    section.close();
    return certificate == null || key == null ? null : new ApiAccess.Tls(certificate, key, clientCa, roles);
  }

  private static @Nullable Path file(Section section, String key) {
    Path file = section.parsed(key, AccessReader::path, "the path of a PEM file").orElse(null);
    if (file != null && !Files.isReadable(file)) {
      section.wrong(
          key, "cannot be read", file + " is missing or not readable by " + System.getProperty("user.name"), "name the PEM file, or mend its rights");
      return null;
    }
    return file;
  }

  private static Optional<Path> path(String text) {
    try {
      return text.isBlank() ? Optional.empty() : Optional.of(Path.of(text).toAbsolutePath().normalize());
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }
}
