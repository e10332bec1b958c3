package io.helios.repl.postgres;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * libpq connection URIs ({@code postgresql://user@host:port/database?sslmode=verify-full}) as {@link ConnectionSettings}
 * (PostgreSQL documentation: libpq, Connection URIs). One host; no Unix sockets, which pgjdbc does not speak.
 *
 * <p>What the URI does not say comes from its {@code service=}, then from {@link ConnectionDefaults}, as in libpq.
 *
 * <p>Where the password comes from, first that has one: the password file, the URI, {@code PGPASSFILE} or
 * {@code ~/.pgpass}. No message holds the URI or any part of its secret.
 */
public final class ConnectionStrings {

  private static final Pattern URI =
      Pattern.compile("postgres(?:ql)?://(?:([^@/?]*)@)?(\\[[^\\]]*\\]|[^:/?,]*)(?::([0-9]*))?(?:/([^?]*))?(?:\\?(.*))?");

  private ConnectionStrings() {}

  /** Parses with this process's environment and home directory. */
  public static ConnectionSettings parse(String libpqUri, @Nullable Path passwordFile) {
    return parse(libpqUri, passwordFile, System.getenv());
  }

  /**
   * @param passwordFile a file whose first line is the password, or null
   * @param environment where {@code PGHOST} and its like, {@code PGSERVICEFILE}, {@code PGPASSFILE} and {@code HOME} are looked up
   * @throws io.helios.repl.error.OperatorException (HR-2004) when the URI or the password file cannot be used
   */
  public static ConnectionSettings parse(
      String libpqUri, @Nullable Path passwordFile, Map<String, String> environment) {
    Matcher matcher = URI.matcher(libpqUri);
    if (!matcher.matches()) {
      throw ConnectionParameters.invalid(
          "the URL is not of the form postgresql://user@host:port/database?parameters",
          "one host, a numeric port; percent-encode odd characters (@ is %40, / is %2F)");
    }
    Map<String, String> parameters = query(matcher.group(5));
    String userInfo = matcher.group(1);
    String user = null;
    String password = null;
    if (userInfo != null && !userInfo.isEmpty()) {
      int colon = userInfo.indexOf(':');
      user = decode(colon < 0 ? userInfo : userInfo.substring(0, colon));
      password = colon < 0 ? null : decode(userInfo.substring(colon + 1));
    }
    Map<String, String> otherwise = ConnectionDefaults.of(environment);
    otherwise.putAll(service(parameters.remove("service"), environment));
    user = first(parameters.remove("user"), user, otherwise.remove("user"), System.getProperty("user.name"));
    password = first(parameters.remove("password"), password, otherwise.remove("password"), "");
    String host =
        first(parameters.remove("host"), unbracket(decode(first(matcher.group(2), ""))), otherwise.remove("host"), "localhost");
    String port = first(parameters.remove("port"), matcher.group(3), otherwise.remove("port"), "5432");
    String database = first(parameters.remove("dbname"), decode(first(matcher.group(4), "")), otherwise.remove("dbname"), user);
    otherwise.forEach(parameters::putIfAbsent);
    return resolve(host, port(port), database, user, password, parameters, passwordFile, environment);
  }

  /** The same from single fields; the password as in {@link #parse}. */
  public static ConnectionSettings of(
      String host,
      int port,
      String database,
      String user,
      Map<String, String> parameters,
      @Nullable Path passwordFile,
      Map<String, String> environment) {
    return resolve(host, port, database, user, null, parameters, passwordFile, environment);
  }

  private static ConnectionSettings resolve(
      String host,
      int port,
      String database,
      String user,
      @Nullable String given,
      Map<String, String> parameters,
      @Nullable Path passwordFile,
      Map<String, String> environment) {
    if (host.startsWith("/") || host.startsWith("@") || host.contains(",")) {
      throw ConnectionParameters.invalid(
          "the host is a Unix socket or a list of hosts", "name one host that the server listens on over TCP");
    }
    ConnectionParameters.check(parameters);
    String password = passwordFile != null ? firstLine(passwordFile) : given;
    if (password == null || password.isEmpty()) {
      password = PasswordFile.of(environment).flatMap(file -> file.find(host, port, database, user)).orElse(null);
    }
    return new ConnectionSettings(host, port, database, user, password, parameters);
  }

  private static Map<String, String> service(@Nullable String name, Map<String, String> environment) {
    if (name == null) {
      return Map.of();
    }
    Path file = ServiceFile.standard(environment);
    try {
      return ServiceFile.lookup(file, name)
          .orElseThrow(
              () ->
                  ConnectionParameters.invalid(
                      "the service file " + file + " does not have the service that the URL names", "add it there as [name]"));
    } catch (IOException e) {
      throw ConnectionParameters.invalid("the service file " + file + " cannot be read", "set PGSERVICEFILE, or write the URL out");
    }
  }

  private static Map<String, String> query(@Nullable String query) {
    Map<String, String> parameters = new LinkedHashMap<>();
    if (query == null || query.isEmpty()) {
      return parameters;
    }
    for (String pair : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      if (equals < 1) {
        throw ConnectionParameters.invalid("the URL has a parameter without a value", "write name=value");
      }
      String name = decode(pair.substring(0, equals));
      // libpq takes JDBC's way of writing it, too.
      if (name.equals("ssl") && pair.endsWith("=true")) {
        parameters.put("sslmode", "require");
      } else {
        parameters.put(name, decode(pair.substring(equals + 1)));
      }
    }
    return parameters;
  }

  private static int port(String text) {
    int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : 0;
    if (port < 1 || port > 65535) {
      throw ConnectionParameters.invalid("the port is not between 1 and 65535", "PostgreSQL's own is 5432");
    }
    return port;
  }

  private static String firstLine(Path file) {
    try {
      return Files.readString(file).lines().findFirst().orElse("");
    } catch (IOException e) {
      throw ConnectionParameters.invalid(
          "the password file " + file + " cannot be read", "ls -l " + file + "; it holds the password on its first line");
    }
  }

  private static String unbracket(String host) {
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }

  /** The first that is neither null nor empty; the last one whatever it is. */
  private static String first(@Nullable String... candidates) {
    for (String candidate : candidates) {
      if (candidate != null && !candidate.isEmpty()) {
        return candidate;
      }
    }
    return "";
  }

  /** Percent-decoding as libpq does it: a plus sign is a plus sign. */
  private static String decode(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    byte[] in = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer out = ByteBuffer.allocate(in.length);
    for (int i = 0; i < in.length; i++) {
      if (in[i] != '%') {
        out.put(in[i]);
        continue;
      }
      int high = i + 2 < in.length ? Character.digit(in[i + 1], 16) : -1;
      int low = i + 2 < in.length ? Character.digit(in[i + 2], 16) : -1;
      if (high < 0 || low < 0 || high + low == 0) {
        throw ConnectionParameters.invalid("the URL has a malformed percent-encoding", "a percent sign itself is %25");
      }
      out.put((byte) (high << 4 | low));
      i += 2;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(out.flip()).toString();
    } catch (CharacterCodingException e) {
      throw ConnectionParameters.invalid("the URL's percent-encoding is not UTF-8", "encode UTF-8 bytes");
    }
  }
}
