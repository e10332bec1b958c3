package io.helios.repl.config;

import io.helios.repl.migration.traffic.SeenHome;
import io.helios.repl.migration.traffic.TrafficSettings;
import io.helios.repl.migration.traffic.TrafficSettings.DirectoryColumn;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.TableName;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads {@code traffic:}, what sends a tenant's clients to its home. Token files are read; nothing is connected to. */
final class TrafficReader {

  private static final String FORM = "traffic: [ { pgbouncer: { … } }, { command: { … } }, { http: { … } }, { directory: { … } } ]";
  private static final String PGBOUNCER =
      "pgbouncer: { url: \"postgresql://helios@127.0.0.1:6432/pgbouncer\", file: /etc/pgbouncer/tenants.ini }";
  private static final String COMMAND = "command: { run: [/usr/local/bin/move-traffic] }";
  private static final String HTTP = "http: { url: \"https://router:8443/moves\", token-file: /etc/helios-repl/router.token }";
  private static final String DIRECTORY =
      "directory: { url: …, table: public.tenants, tenant-column: id, columns: { home: home, epoch: epoch } }";
  private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(10);

  private final Reading reading;
  private final ConnectionReader connections;

  TrafficReader(Reading reading, ConnectionReader connections) {
    this.reading = reading;
    this.connections = connections;
  }

  List<TrafficSettings> read(Section root) {
    List<TrafficSettings> all = new ArrayList<>();
    for (Section entry : root.sections("traffic", FORM)) {
      Section pgbouncer = entry.section("pgbouncer", PGBOUNCER);
      Section command = entry.section("command", COMMAND);
      Section http = entry.section("http", HTTP);
      Section directory = entry.section("directory", DIRECTORY);
      long kinds = Stream.of("pgbouncer", "command", "http", "directory").filter(entry::has).count();
      if (kinds != 1) {
        entry.wrong(
            "exactly one of pgbouncer, command, http and directory is needed",
            kinds == 0 ? "it has none of them" : "it has " + kinds + " of them",
            "an entry of the list for each: " + FORM);
      }
      Stream.of(
              pgbouncer == null ? null : pgbouncer(pgbouncer),
              command == null ? null : command(command),
              http == null ? null : hook(http),
              directory == null ? null : directory(directory))
          .forEach(settings -> {
            if (settings != null) {
              all.add(settings);
            }
          });
      entry.close();
    }
    return all;
  }

  private @Nullable TrafficSettings pgbouncer(Section section) {
    ConnectionSettings console = connections.read(section);
    if (console != null && !console.database().equals("pgbouncer")) {
      section.wrong(
          "url",
          "is not the admin console",
          "PgBouncer takes commands in its database pgbouncer, here it is " + console.database(),
          "url: postgresql://" + console.user() + "@" + console.host() + ":" + console.port() + "/pgbouncer");
    }
    Path file = section.parsed("file", TrafficReader::absolute, "the absolute path of the file with the tenants' aliases").orElse(null);
    if (isAbsent(section, "file")) {
      section.missing("file", "nothing says where the tenants' aliases stand", PGBOUNCER);
    }
    String alias = section.parsed(
        "alias",
        text -> text.contains("{tenant}") || text.contains("{key}") ? Optional.of(text) : Optional.empty(),
        "a pattern that holds {tenant} or {key}, so that each tenant has an alias of its own",
        TrafficSettings.Pgbouncer.ALIAS,
        TrafficSettings.Pgbouncer.ALIAS);
    Duration timeout = timeout(section, TrafficSettings.TIMEOUT);
    Map<String, SeenHome> homes = homes(section);
    section.close();
    return console == null || file == null ? null : new TrafficSettings.Pgbouncer(console, file, alias, timeout, homes);
  }

  private @Nullable TrafficSettings command(Section section) {
    List<String> words = section.texts("run");
    boolean sound = words != null && !words.isEmpty() && absolute(words.getFirst()).isPresent();
    if (words == null && !section.has("run")) {
      section.missing("run", "nothing says what is to be run", COMMAND);
    } else if (!sound) {
      section.wrong("run", "is no program", "the first word is the absolute path of a program; no shell takes part", COMMAND);
    }
    Duration timeout = timeout(section, TrafficSettings.HOOK_TIMEOUT);
    Map<String, SeenHome> homes = homes(section);
    section.close();
    return words == null || !sound ? null : new TrafficSettings.Command(words, timeout, homes);
  }

  private @Nullable TrafficSettings hook(Section section) {
    URI url = section.parsed("url", TrafficReader::url, "an http or https URL without credentials or parameters").orElse(null);
    if (isAbsent(section, "url")) {
      section.missing("url", "nothing says where moves are told", HTTP);
    }
    String token = section.raw("token-file").map(file -> token(section, file)).orElse(null);
    if (url != null && token != null && url.getScheme().equalsIgnoreCase("http") && !isLoopback(url)) {
      section.wrong("url", "needs https", "the token would cross the network in clear", HTTP);
    }
    Duration timeout = timeout(section, TrafficSettings.HOOK_TIMEOUT);
    Map<String, SeenHome> homes = homes(section);
    section.close();
    return url == null ? null : new TrafficSettings.Hook(url, token, timeout, homes);
  }

  private @Nullable TrafficSettings directory(Section section) {
    ConnectionSettings database = connections.read(section);
    TableName table = section.parsed("table", TrafficReader::table, "a table, or schema.table").orElse(null);
    String tenantColumn = section.parsed("tenant-column", TrafficReader::name, "a column's name").orElse(null);
    for (String key : List.of("table", "tenant-column")) {
      if (isAbsent(section, key)) {
        section.missing(key, "a move changes the row of the tenant in a table", DIRECTORY);
      }
    }
    Map<DirectoryColumn, String> columns = columns(section);
    String channel = section.parsed("channel", TrafficReader::name, "a channel's name").orElse(null);
    Duration timeout = timeout(section, TrafficSettings.TIMEOUT);
    Map<String, SeenHome> homes = homes(section);
    section.close();
    return database == null || table == null || tenantColumn == null || !columns.containsKey(DirectoryColumn.EPOCH)
        ? null
        : new TrafficSettings.Directory(
            database, table.schema(), table.name(), tenantColumn, columns, channel, timeout, homes);
  }

  private static Map<DirectoryColumn, String> columns(Section directory) {
    Map<DirectoryColumn, String> columns = new EnumMap<>(DirectoryColumn.class);
    Section section = directory.section("columns", "columns: { home: home, host: host, port: port, epoch: epoch }");
    if (section != null) {
      for (DirectoryColumn column : DirectoryColumn.values()) {
        section
            .parsed(column.name().toLowerCase(Locale.ROOT), TrafficReader::name, "a column's name")
            .ifPresent(name -> columns.put(column, name));
      }
      section.close();
    }
    if (section == null ? !directory.has("columns") : isAbsent(section, "epoch")) {
      directory.missing("columns.epoch", "without it an old move could overwrite a later one", DIRECTORY);
    }
    if (columns.size() == 1 && columns.containsKey(DirectoryColumn.EPOCH)) {
      directory.wrong("columns", "nothing says where a tenant is", "the epoch alone leads nobody anywhere", DIRECTORY);
    }
    return columns;
  }

  private static Duration timeout(Section section, Duration fallback) {
    return section.parsed(
        "timeout",
        text -> Durations.parse(text).filter(given -> given.compareTo(SHORTEST_TIMEOUT) >= 0),
        "a duration is " + Durations.FORM + "; at least " + Durations.format(SHORTEST_TIMEOUT),
        fallback,
        Durations.format(fallback));
  }

  private static Map<String, SeenHome> homes(Section section) {
    Map<String, SeenHome> homes = new LinkedHashMap<>();
    section.named("homes", "homes: { shop-eu: { host: db-eu.internal } }").forEach((name, home) -> {
      String host = home.text("host").orElse(null);
      Integer port = home.parsed("port", TrafficReader::port, "a port is a number from 1 to 65535").orElse(null);
      String database = home.text("database").orElse(null);
      home.close();
      homes.put(name, new SeenHome(host, port, database));
    });
    return homes;
  }

  private @Nullable String token(Section section, Setting file) {
    reading.value(file.path(), file.text(), file.origin());
    try {
      String token = Files.readString(Path.of(file.text()), StandardCharsets.UTF_8).strip();
      if (token.matches("[\\x21-\\x7e]+")) {
        return token;
      }
      section.wrong("token-file", "holds no token", "a token is one word", "write the token, and nothing else, into it");
    } catch (IOException | InvalidPathException e) {
      section.wrong(
          "token-file",
          "cannot be read",
          file.text() + " is missing or not readable by " + System.getProperty("user.name"),
          "create it with mode 0600, the token in it");
    }
    return null;
  }

  private static boolean isAbsent(Section section, String key) {
    return !section.has(key) && section.raw(key).isEmpty();
  }

  private static Optional<Path> absolute(String text) {
    try {
      return Optional.of(Path.of(text)).filter(Path::isAbsolute).map(Path::normalize);
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static Optional<URI> url(String text) {
    try {
      URI uri = new URI(text);
      boolean http = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
      return http && uri.getHost() != null && uri.getRawUserInfo() == null && uri.getRawQuery() == null && uri.getRawFragment() == null
          ? Optional.of(uri)
          : Optional.empty();
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  private static boolean isLoopback(URI url) {
    return new ListenAddress(url.getHost().replaceAll("[\\[\\]]", ""), 0).isLoopback();
  }

  private static Optional<TableName> table(String text) {
    String[] parts = text.split("\\.", -1);
    return switch (parts.length) {
      case 1 -> name(text).map(name -> new TableName("public", name));
      case 2 -> name(parts[0]).flatMap(schema -> name(parts[1]).map(name -> new TableName(schema, name)));
      default -> Optional.empty();
    };
  }

  private static Optional<String> name(String text) {
    return text.matches("[^\\x00]{1,63}") ? Optional.of(text) : Optional.empty();
  }

  private static Optional<Integer> port(String text) {
    return text.matches("\\d{1,5}") && Integer.parseInt(text) >= 1 && Integer.parseInt(text) <= 65535
        ? Optional.of(Integer.valueOf(text))
        : Optional.empty();
  }
}
