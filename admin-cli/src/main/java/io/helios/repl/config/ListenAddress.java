package io.helios.repl.config;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/**
 * Where a server listens.
 *
 * @param host a name or a literal address, an IPv6 one without its brackets
 * @param port 0 for any free one
 */
public record ListenAddress(String host, int port) {

  /** Reads {@code 127.0.0.1:7400}, {@code localhost:7400}, {@code [::1]:7400}. Empty for anything else. */
  public static Optional<ListenAddress> parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1 || !text.substring(colon + 1).matches("\\d{1,5}")) {
      return Optional.empty();
    }
    int port = Integer.parseInt(text.substring(colon + 1));
    String host = text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (bracketed) {
      host = host.substring(1, host.length() - 1);
    }
    boolean fits = bracketed ? host.matches("[0-9A-Fa-f:.]+") : host.matches("[A-Za-z0-9.*_-]+");
    return port > 65535 || !fits ? Optional.empty() : Optional.of(new ListenAddress(host, port));
  }

  /** Judged by the text alone, so that no name server decides what is safe. */
  public boolean isLoopback() {
    String name = host.toLowerCase(Locale.ROOT);
    return name.equals("localhost")
        || name.equals("::1")
        || name.equals("0:0:0:0:0:0:0:1")
        || name.matches("127(\\.\\d{1,3}){3}");
  }

  public ListenAddress withPort(int actual) {
    return new ListenAddress(host, actual);
  }

  public URI uri() {
    return URI.create("http://" + this);
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
