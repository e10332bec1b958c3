package io.helios.repl.config;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.postgres.ConnectionDefaults;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.ConnectionStrings;
import io.helios.repl.postgres.ServiceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The connection keys of a source or target: {@code url}, or {@code service}, or {@code host}, {@code port}, {@code
 * database}, {@code user}. The password comes from {@code password-file}, else the URL, else libpq's password file.
 * What comes from the environment ({@code HELIOS_SOURCES_SHOP_HOST}) wins over a URL of the file; what nothing says comes from
 * libpq's variables ({@code PGHOST} and its like).
 */
final class ConnectionReader {

  private static final String URL_FORM = "postgresql://user@host:5432/database?sslmode=verify-full";
  private static final List<String> FIELDS = List.of("host", "port", "database", "user", "sslmode", "sslrootcert");

  private final Reading reading;
  private final Map<String, String> environment;

  ConnectionReader(Reading reading, Map<String, String> environment) {
    this.reading = reading;
    this.environment = environment;
  }

  /** Null after a problem. */
  @Nullable ConnectionSettings read(Section section) {
    Optional<Path> passwordFile = passwordFile(section);
    Optional<Setting> url = section.raw("url");
    Map<String, String> service = service(section);
    Map<String, Setting> fields = fields(section);
    if (service == null || fields == null) {
      url.ifPresent(this::show);
      return null;
    }
    if (url.isPresent()) {
      return fromUrl(section, url.get(), fields, passwordFile.orElse(null));
    }
    if (!service.containsKey("host")
        && !fields.containsKey("host")
        && !fields.containsKey("database")
        && !service.containsKey("dbname")) {
      section.missing("url", "nothing says where the database is", "url: " + URL_FORM);
      return null;
    }
    return fromFields(section, service, fields, passwordFile.orElse(null));
  }

  /** Settings from a URI alone, for the control store. Throws {@link OperatorException} when it is none. */
  ConnectionSettings fromUri(String uri) {
    return ConnectionStrings.parse(uri, null, environment);
  }

  private void show(Setting url) {
    reading.value(url.path(), LibpqUri.masked(url.text()), url.origin());
  }

  private @Nullable ConnectionSettings fromUrl(
      Section section, Setting url, Map<String, Setting> fields, @Nullable Path passwordFile) {
    ConnectionSettings parsed;
    try {
      parsed =
          ConnectionStrings.parse(
              url.text(), passwordFile, fields.isEmpty() ? environment : ConnectionDefaults.without(environment));
    } catch (OperatorException e) {
      reading.badValue(url, e.problem().message(), e.problem().hint() + "; for example " + URL_FORM);
      return null;
    }
    show(url);
    if (fields.isEmpty()) {
      showDefaults(section, url.text(), parsed, passwordFile);
      return parsed;
    }
    Map<String, String> said = new LinkedHashMap<>(parsed.parameters());
    said.putAll(
        Map.of(
            "host",
            parsed.host(),
            "port",
            Integer.toString(parsed.port()),
            "database",
            parsed.database(),
            "user",
            parsed.user()));
    for (Map.Entry<String, Setting> field : fields.entrySet()) {
      String key = field.getKey();
      boolean open = key.equals("user") ? !LibpqUri.namesUser(url.text()) : !said.containsKey(key);
      if (!open && field.getValue().line() > 0 && !field.getValue().text().equals(said.get(key))) {
        section.wrong(key, "says otherwise than url", "both name the " + key, "keep one of them");
        return null;
      }
      said.put(key, field.getValue().text());
    }
    Map<String, String> parameters = new LinkedHashMap<>(said);
    parameters.keySet().removeAll(List.of("host", "port", "database", "user"));
    return settings(section, said, parameters, parsed.password(), passwordFile);
  }

  /** What libpq's variables have added to a URL. */
  private void showDefaults(Section section, String url, ConnectionSettings parsed, @Nullable Path passwordFile) {
    ConnectionSettings bare = ConnectionStrings.parse(url, passwordFile, ConnectionDefaults.without(environment));
    Map<String, String> with = keywords(parsed);
    Map<String, String> without = keywords(bare);
    ConnectionDefaults.of(environment)
        .forEach(
            (keyword, value) -> {
              if (value.equals(with.get(keyword)) && !value.equals(without.get(keyword))) {
                showDefault(section, keyword, value);
              }
            });
  }

  private static Map<String, String> keywords(ConnectionSettings settings) {
    Map<String, String> keywords = new LinkedHashMap<>(settings.parameters());
    keywords.put("host", settings.host());
    keywords.put("port", Integer.toString(settings.port()));
    keywords.put("dbname", settings.database());
    keywords.put("user", settings.user());
    return keywords;
  }

  private void showDefault(Section section, String keyword, String value) {
    reading.value(
        section.path(keyword.equals("dbname") ? "database" : keyword),
        value,
        "environment " + ConnectionDefaults.variable(keyword));
  }

  private @Nullable ConnectionSettings fromFields(
      Section section, Map<String, String> service, Map<String, Setting> fields, @Nullable Path passwordFile) {
    Map<String, String> said = new LinkedHashMap<>(service);
    String database = said.remove("dbname");
    if (database != null) {
      said.put("database", database);
    }
    fields.forEach((key, setting) -> said.put(key, setting.text()));
    ConnectionDefaults.of(environment)
        .forEach(
            (keyword, value) -> {
              if (said.putIfAbsent(keyword.equals("dbname") ? "database" : keyword, value) == null) {
                showDefault(section, keyword, value);
              }
            });
    String password = said.remove("password");
    Map<String, String> parameters = new LinkedHashMap<>(said);
    parameters.keySet().removeAll(List.of("host", "port", "database", "user"));
    return settings(section, said, parameters, password, passwordFile);
  }

  private @Nullable ConnectionSettings settings(
      Section section,
      Map<String, String> said,
      Map<String, String> parameters,
      @Nullable String given,
      @Nullable Path passwordFile) {
    String user = said.getOrDefault("user", System.getProperty("user.name"));
    String port = said.getOrDefault("port", "5432");
    try {
      if (!isPort(port)) {
        section.wrong("port", "the port is not right", "a port is a number from 1 to 65535", "port: 5432");
        return null;
      }
      ConnectionSettings settings =
          ConnectionStrings.of(
              said.getOrDefault("host", "localhost"),
              Integer.parseInt(port),
              said.getOrDefault("database", user),
              user,
              parameters,
              passwordFile,
              environment);
      return given == null || passwordFile != null
          ? settings
          : new ConnectionSettings(
              settings.host(), settings.port(), settings.database(), settings.user(), given, settings.parameters());
    } catch (OperatorException e) {
      section.wrong("the connection is not right", e.problem().message(), e.problem().hint());
      return null;
    }
  }

  private static boolean isPort(String text) {
    return text.matches("\\d{1,5}") && Integer.parseInt(text) >= 1 && Integer.parseInt(text) <= 65535;
  }

  /** Null after a problem. */
  private @Nullable Map<String, String> service(Section section) {
    Optional<String> service = section.text("service");
    if (service.isEmpty()) {
      return Map.of();
    }
    Path file = ServiceFile.standard(environment);
    try {
      Optional<Map<String, String>> found = ServiceFile.lookup(file, service.get());
      if (found.isEmpty()) {
        section.wrong(
            "service", "no such service", file + " has no [" + service.get() + "]", "add it there, or use url:");
      }
      return found.orElse(null);
    } catch (IOException e) {
      section.wrong("service", "the service file cannot be read", file.toString(), "set PGSERVICEFILE, or use url:");
      return null;
    }
  }

  /** Null after a problem. */
  private @Nullable Map<String, Setting> fields(Section section) {
    Map<String, Setting> fields = new LinkedHashMap<>();
    boolean sound = true;
    for (String key : FIELDS) {
      Setting setting = section.raw(key).orElse(null);
      if (setting == null) {
        continue;
      }
      if (key.equals("port") && !isPort(setting.text())) {
        reading.badValue(setting, "a port is a number from 1 to 65535", "port: 5432");
        sound = false;
        continue;
      }
      fields.put(key, setting);
      reading.value(setting.path(), setting.text(), setting.origin());
    }
    return sound ? fields : null;
  }

  private Optional<Path> passwordFile(Section section) {
    Setting file = section.raw("password-file").orElse(null);
    if (file == null) {
      return Optional.empty();
    }
    reading.value(file.path(), file.text(), file.origin());
    try {
      Path path = Path.of(file.text());
      if (Files.readString(path).lines().findFirst().orElse("").isEmpty()) {
        reading.badValue(file, "the file's first line is empty", "write the password, and nothing else, in it");
        return Optional.empty();
      }
      if (othersCanRead(path)) {
        reading.warn(file.path() + ": other users can read " + path + "; chmod 0600 " + path);
      }
      return Optional.of(path);
    } catch (IOException | InvalidPathException e) {
      reading.problem(
          ErrorCode.CONFIGURATION_VALUE,
          file.line(),
          file.path(),
          "the password file cannot be read",
          file.text() + " is missing or not readable by " + System.getProperty("user.name"),
          "create it with mode 0600, the password in its first line");
      return Optional.empty();
    }
  }

  private static boolean othersCanRead(Path file) throws IOException {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix")
        && Files.getPosixFilePermissions(file).stream()
            .anyMatch(p -> p == PosixFilePermission.GROUP_READ || p == PosixFilePermission.OTHERS_READ);
  }
}
