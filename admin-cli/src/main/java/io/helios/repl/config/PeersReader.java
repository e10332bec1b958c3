package io.helios.repl.config;

import io.helios.repl.pki.RegionNames;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads {@code peers:}, the servers of other regions. */
final class PeersReader {

  static final String FORM = "peers: { eu-central-1: { url: \"https://helios-eu:7400\", ca: ca.crt } }";
  private static final String TLS = "tls: { certificate: server.crt, key: server.key }";

  private PeersReader() {}

  /**
   * @param named the sections below {@code peers:}
   * @param region this server's own
   */
  static List<PeerSettings> read(Section root, Map<String, Section> named, String region, ApiAccess.@Nullable Tls tls) {
    List<PeerSettings> peers = new ArrayList<>();
    named.forEach(
        (name, section) -> {
          if (!RegionNames.isValid(name) || name.equals(region)) {
            section.wrong(
                "\"" + TenantNames.printable(name) + "\" is no other region",
                name.equals(region) ? "it is this server's own" : RegionNames.RULE,
                "name each peer by the region: of its own configuration");
          }
          URI url = section.parsed("url", PeersReader::server, "https, a host and a port: \"https://helios-eu:7400\"").orElse(null);
          if (!section.has("url") && section.raw("url").isEmpty()) {
            section.missing("url", "nothing says where the peer is", FORM);
          }
          Path ca = ca(section, tls);
          section.close();
          if (url != null && ca != null) {
            peers.add(new PeerSettings(name, url, ca));
          }
        });
    if (!named.isEmpty() && tls == null && !root.has("tls")) {
      root.missing("tls", "servers know each other by certificates, and this one has none", TLS);
    }
    return peers;
  }

  private static @Nullable Path ca(Section peer, ApiAccess.@Nullable Tls tls) {
    Optional<Path> given = peer.parsed("ca", PeersReader::path, "the path of a PEM file");
    if (given.isEmpty()) {
      Path fallback = tls == null ? null : tls.clientCa();
      if (fallback == null && peer.raw("ca").isEmpty()) {
        peer.missing("ca", "nothing says who signs the peer's certificate: there is no tls.client-ca either", FORM);
      }
      return fallback;
    }
    if (!Files.isReadable(given.get())) {
      peer.wrong(
          "ca", "cannot be read", given.get() + " is missing or not readable by " + System.getProperty("user.name"), "name the PEM file, or mend its rights");
      return null;
    }
    return given.get();
  }

  private static Optional<Path> path(String text) {
    try {
      return text.isBlank() ? Optional.empty() : Optional.of(Path.of(text).toAbsolutePath().normalize());
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static Optional<URI> server(String text) {
    try {
      URI uri = new URI(text);
      boolean plain = uri.getRawUserInfo() == null && uri.getRawQuery() == null && uri.getRawFragment() == null;
      boolean bare = uri.getRawPath() == null || uri.getRawPath().isEmpty() || uri.getRawPath().equals("/");
      return "https".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null && plain && bare
          ? Optional.of(uri.resolve("/"))
          : Optional.empty();
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }
}
