package io.helios.repl.config;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.ConnectionSettings;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The connection keys of a source or target: {@code url}, or {@code service}, or {@code host}, {@code port},
 * {@code database}, {@code user}; fields beside a URL or service fill what it leaves open. The password comes from
 * {@code password-file}, else the URL, else libpq's password file.
 */
final class ConnectionReader {

  private static final String URL_FORM = "postgresql://user@host:5432/database?sslmode=verify-full";
  private static final Map<String, String> FIELDS =
      Map.of("host", "host", "port", "port", "database", "dbname", "user", "user", "sslmode", "sslmode", "sslrootcert", "sslrootcert");

  private final Reading reading;
  private final Map<String, String> environment;

  ConnectionReader(Reading reading, Map<String, String> environment) {
    this.reading = reading;
    this.environment = environment;
  }

  /** Null after a problem. */
  @Nullable ConnectionSettings read(Section section) {
    Map<String, String> parts = new LinkedHashMap<>();
    boolean sound = service(section, parts) & url(section, parts);
    for (String key : List.of("host", "port", "database", "user", "sslmode", "sslrootcert")) {
      sound &= field(section, key, parts);
    }
    String password = password(section);
    if (!sound) {
      return null;
    }
    if (!parts.containsKey("host") && !parts.containsKey("dbname")) {
      section.missing("url", "nothing says where the database is", "url: " + URL_FORM);
      return null;
    }
    return settings(section, parts, password);
  }

  /** Settings from a URI alone, for the control store. Throws {@link IllegalArgumentException} with a reason. */
  ConnectionSettings fromUri(String uri) {
    Map<String, String> parts = LibpqUri.parse(uri);
    return assemble(parts, null);
  }

  private @Nullable ConnectionSettings settings(Section section, Map<String, String> parts, @Nullable String password) {
    try {
      return assemble(parts, password);
    } catch (IllegalArgumentException e) {
      section.wrong("url", "the connection is not right", String.valueOf(e.getMessage()), "url: " + URL_FORM);
      return null;
    }
  }

  private ConnectionSettings assemble(Map<String, String> given, @Nullable String password) {
    Map<String, String> parts = new LinkedHashMap<>(given);
    String host = Optional.ofNullable(parts.remove("host")).orElse("localhost");
    String port = Optional.ofNullable(parts.remove("port")).orElse("5432");
    if (!isPort(port)) {
      throw new IllegalArgumentException("the port is not a number from 1 to 65535");
    }
    if (host.startsWith("/")) {
      throw new IllegalArgumentException("the host is a directory; connections by Unix socket are not supported, name a host");
    }
    String user = Optional.ofNullable(parts.remove("user")).orElse(System.getProperty("user.name"));
    String database = Optional.ofNullable(parts.remove("dbname")).orElse(user);
    String inUri = parts.remove("password");
    String secret = password != null ? password : inUri;
    if (secret == null) {
      Path passwords = Optional.ofNullable(parts.remove("passfile")).map(Path::of).orElse(PasswordFile.standard(environment));
      secret = PasswordFile.lookup(passwords, host, Integer.parseInt(port), database, user).orElse(null);
    }
    return new ConnectionSettings(host, Integer.parseInt(port), database, user, secret, parts);
  }

  private static boolean isPort(String text) {
    return text.matches("\\d{1,5}") && Integer.parseInt(text) >= 1 && Integer.parseInt(text) <= 65535;
  }

  private boolean url(Section section, Map<String, String> parts) {
    Optional<Setting> url = section.raw("url");
    if (url.isEmpty()) {
      return true;
    }
    try {
      parts.putAll(LibpqUri.parse(url.get().text()));
      reading.value(url.get().path(), LibpqUri.masked(url.get().text()), url.get().origin());
      return true;
    } catch (IllegalArgumentException e) {
      reading.badValue(url.get(), String.valueOf(e.getMessage()), URL_FORM);
      return false;
    }
  }

  private boolean service(Section section, Map<String, String> parts) {
    Optional<String> service = section.text("service");
    if (service.isEmpty()) {
      return true;
    }
    Path file = ServiceFile.standard(environment);
    try {
      Optional<Map<String, String>> found = ServiceFile.lookup(file, service.get());
      found.ifPresent(parts::putAll);
      if (found.isEmpty()) {
        section.wrong("service", "no such service", file + " has no [" + service.get() + "]", "add it there, or use url:");
      }
      return found.isPresent();
    } catch (IOException e) {
      section.wrong("service", "the service file cannot be read", file.toString(), "set PGSERVICEFILE, or use url:");
      return false;
    }
  }

  private boolean field(Section section, String key, Map<String, String> parts) {
    Optional<Setting> setting = section.raw(key);
    if (setting.isEmpty()) {
      return true;
    }
    String name = FIELDS.getOrDefault(key, key);
    boolean fromUrl = section.has("url") && parts.containsKey(name) && !parts.get(name).equals(setting.get().text());
    if (fromUrl && setting.get().line() > 0) {
      section.wrong(key, "says otherwise than url", "both name the " + key, "keep one of them");
      return false;
    }
    if (key.equals("port") && !isPort(setting.get().text())) {
      reading.badValue(setting.get(), "a port is a number from 1 to 65535", "port: 5432");
      return false;
    }
    parts.put(name, setting.get().text());
    reading.value(setting.get().path(), setting.get().text(), setting.get().origin());
    return true;
  }

  private @Nullable String password(Section section) {
    Optional<Setting> file = section.raw("password-file");
    if (file.isEmpty()) {
      return null;
    }
    reading.value(file.get().path(), file.get().text(), file.get().origin());
    try {
      Path path = Path.of(file.get().text());
      String password = PasswordFile.read(path);
      if (password.isEmpty()) {
        reading.badValue(file.get(), "the file's first line is empty", "write the password, and nothing else, in it");
      }
      if (PasswordFile.othersCanRead(path)) {
        reading.warn(file.get().path() + ": other users can read " + path + "; chmod 0600 " + path);
      }
      return password;
    } catch (IOException | InvalidPathException e) {
      reading.problem(ErrorCode.CONFIGURATION_VALUE, file.get().line(), file.get().path(), "the password file cannot be read",
          file.get().text() + " is missing or not readable by " + System.getProperty("user.name"),
          "create it with mode 0600, the password in its first line");
      return null;
    }
  }
}
