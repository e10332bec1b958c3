package io.helios.repl.config;

import io.helios.repl.failover.coordination.CoordinationSettings;
import io.helios.repl.failover.coordination.CoordinationSettings.Etcd;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads {@code coordination:} and {@code etcd:}, where several servers agree. */
final class CoordinationReader {

  static final String FORM = "etcd: { endpoints: [\"http://127.0.0.1:2379\"] }";
  private static final String ENDPOINT = "http or https, a host and a port: " + FORM;

  private enum Kind {
    LOCAL,
    ETCD
  }

  private CoordinationReader() {}

  static CoordinationSettings read(Section root, Section section) {
    Kind kind = root.parsed("coordination", CoordinationReader::kind, "local, or etcd", Kind.LOCAL, "local");
    boolean said = root.has("etcd");
    List<URI> endpoints = endpoints(section);
    Path ca = readable(section, "ca");
    Path certificate = readable(section, "certificate");
    Path key = readable(section, "key");
    String user = section.text("username").orElse(null);
    Path passwordFile = readable(section, "password-file");
    String prefix =
        section.parsed("prefix", CoordinationReader::prefix, "a text without blanks that begins and ends with /", Etcd.PREFIX, Etcd.PREFIX);
    Etcd etcd =
        new Etcd(endpoints, ca, certificate, key, user, passwordFile, prefix, section.duration("timeout", Etcd.TIMEOUT));
    section.close();
    if (kind == Kind.LOCAL) {
      if (said) {
        root.wrong("etcd", "has no effect", "coordination: is local", "coordination: etcd, or remove etcd:");
      }
      return new CoordinationSettings.Local();
    }
    check(section, etcd);
    return etcd;
  }

  private static void check(Section section, Etcd etcd) {
    if (etcd.endpoints().isEmpty() && !section.has("endpoints")) {
      section.missing("endpoints", "nothing says where etcd is", FORM);
    }
    if ((etcd.certificate() == null) != (etcd.key() == null)) {
      section.wrong("certificate", "certificate and key belong together", "one of them is missing", "name both, or neither");
    }
    if ((etcd.user() == null) != (etcd.passwordFile() == null)) {
      section.wrong("username", "username and password-file belong together", "one of them is missing", "name both, or neither");
    }
    boolean tls = etcd.endpoints().stream().anyMatch(CoordinationReader::isTls);
    if (!etcd.endpoints().stream().allMatch(e -> isTls(e) == tls)) {
      section.wrong("endpoints", "http and https are mixed", "a client speaks to all members alike", "make all of them https");
    }
    if (!tls && (etcd.ca() != null || etcd.certificate() != null)) {
      section.wrong("ca", "certificates have no effect", "the endpoints are http", "https://…, or leave ca, certificate and key out");
    }
  }

  private static boolean isTls(URI endpoint) {
    return "https".equalsIgnoreCase(endpoint.getScheme());
  }

  private static Optional<Kind> kind(String text) {
    return switch (text) {
      case "local" -> Optional.of(Kind.LOCAL);
      case "etcd" -> Optional.of(Kind.ETCD);
      default -> Optional.empty();
    };
  }

  private static Optional<String> prefix(String text) {
    return text.matches("/[!-~]{0,99}/|/") ? Optional.of(text) : Optional.empty();
  }

  private static List<URI> endpoints(Section section) {
    List<URI> endpoints = new ArrayList<>();
    List<String> texts = section.texts("endpoints");
    for (String text : texts == null ? List.<String>of() : texts) {
      Optional<URI> endpoint = endpoint(text);
      if (endpoint.isEmpty()) {
        section.wrong("endpoints", "\"" + TenantNames.printable(text) + "\" is no endpoint", "it does not have the form", ENDPOINT);
      }
      endpoint.ifPresent(endpoints::add);
    }
    return endpoints;
  }

  private static Optional<URI> endpoint(String text) {
    try {
      URI uri = new URI(text);
      boolean http = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
      boolean bare = uri.getRawPath() == null || uri.getRawPath().isEmpty() || uri.getRawPath().equals("/");
      return http && bare && uri.getHost() != null && uri.getPort() > 0 && uri.getRawUserInfo() == null && uri.getRawQuery() == null
          ? Optional.of(uri)
          : Optional.empty();
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  private static @Nullable Path readable(Section section, String key) {
    Path path = section.parsed(key, CoordinationReader::path, "the path of a file").orElse(null);
    if (path != null && !isReadable(path)) {
      section.wrong(
          key,
          "cannot be read",
          path + " is missing, empty, or not readable by " + System.getProperty("user.name"),
          "name the file, or mend its rights");
    }
    return path;
  }

  private static boolean isReadable(Path path) {
    try {
      return Files.size(path) > 0 && Files.isReadable(path);
    } catch (IOException e) {
      return false;
    }
  }

  private static Optional<Path> path(String text) {
    try {
      return text.isBlank() ? Optional.empty() : Optional.of(Path.of(text).toAbsolutePath().normalize());
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }
}
