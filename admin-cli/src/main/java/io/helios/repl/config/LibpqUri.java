package io.helios.repl.config;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Connection URIs as libpq reads them (PostgreSQL's manual, "Connection URIs"), taken apart into libpq's parameter names:
 * {@code postgresql://user:password@host:port/database?sslmode=verify-full}. Several hosts are refused.
 */
final class LibpqUri {

  private LibpqUri() {}

  /** Throws {@link IllegalArgumentException} with a reason that repeats nothing of the URI. */
  static Map<String, String> parse(String uri) {
    String rest;
    if (uri.startsWith("postgresql://")) {
      rest = uri.substring("postgresql://".length());
    } else if (uri.startsWith("postgres://")) {
      rest = uri.substring("postgres://".length());
    } else {
      throw new IllegalArgumentException("it does not begin with postgresql://");
    }
    Map<String, String> parts = new LinkedHashMap<>();
    int question = rest.indexOf('?');
    if (question >= 0) {
      parameters(rest.substring(question + 1), parts);
      rest = rest.substring(0, question);
    }
    int slash = rest.indexOf('/');
    if (slash >= 0) {
      put(parts, "dbname", rest.substring(slash + 1));
      rest = rest.substring(0, slash);
    }
    int at = rest.lastIndexOf('@');
    if (at >= 0) {
      String user = rest.substring(0, at);
      int colon = user.indexOf(':');
      put(parts, "user", colon < 0 ? user : user.substring(0, colon));
      put(parts, "password", colon < 0 ? "" : user.substring(colon + 1));
      rest = rest.substring(at + 1);
    }
    if (rest.indexOf(',') >= 0) {
      throw new IllegalArgumentException("it names several hosts; name the primary alone");
    }
    int end = rest.startsWith("[") ? rest.indexOf(']') : -1;
    if (rest.startsWith("[") && end < 0) {
      throw new IllegalArgumentException("a [ is not closed");
    }
    int colon = rest.indexOf(':', end + 1);
    String host = colon < 0 ? rest : rest.substring(0, colon);
    put(parts, "host", end > 0 ? host.substring(1, end) : host);
    put(parts, "port", colon < 0 ? "" : rest.substring(colon + 1));
    return parts;
  }

  /** The same URI with its password hidden. */
  static String masked(String uri) {
    return uri.replaceFirst("(://[^/?#:@]*:)[^/?#]*@", "$1****@").replaceAll("(?i)([?&](?:ssl)?password=)[^&]*", "$1****");
  }

  private static void parameters(String query, Map<String, String> parts) {
    for (String pair : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException("a parameter after the ? is not of the form name=value");
      }
      put(parts, decode(pair.substring(0, equals)), pair.substring(equals + 1));
    }
  }

  private static void put(Map<String, String> parts, String name, String encoded) {
    if (!encoded.isEmpty()) {
      parts.put(name, decode(encoded));
    }
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("a % is not followed by two hexadecimal digits", e);
    }
  }
}
