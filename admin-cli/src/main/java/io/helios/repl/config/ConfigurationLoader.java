package io.helios.repl.config;

import io.helios.repl.apply.DdlPolicy;
import io.helios.repl.capture.CaptureMode;
import io.helios.repl.config.YamlNode.Mapping;
import io.helios.repl.config.YamlNode.Scalar;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.failover.FailoverSettings;
import io.helios.repl.failover.coordination.CoordinationSettings;
import io.helios.repl.migration.traffic.TrafficSettings;
import io.helios.repl.pipeline.CopyLimits;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.schema.DumpPolicy;
import io.helios.repl.seal.MasterKey;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads a server's configuration: flags before {@code HELIOS_*} variables before the file before defaults. A key {@code
 * relay.max-bytes} is the variable {@code HELIOS_RELAY_MAX_BYTES}. Reads password files too, so that a wrong one shows
 * at once; reaches no network.
 */
public final class ConfigurationLoader {

  /** Where a server is looked for, and listens, when nothing else is said. */
  public static final String DEFAULT_LISTEN = "127.0.0.1:7400";

  /** Variables that others read: commands, the keyring, the launcher. */
  private static final List<String> OTHER_VARIABLES =
      List.of(
          "HELIOS_CONFIG",
          "HELIOS_CONTEXT",
          "HELIOS_LOG_FORMAT",
          "HELIOS_SERVER",
          "HELIOS_TOKEN",
          "HELIOS_TOKEN_FILE",
          MasterKey.VARIABLE,
          MasterKey.PREVIOUS_VARIABLE,
          "HELIOS_REPL_*");

  private static final long LEAST_CAPACITY = 1L << 30;

  private final Reading reading;
  private final ConnectionReader connections;

  private ConfigurationLoader(ConfigurationInput input) {
    this.reading = new Reading(input);
    this.connections = new ConnectionReader(reading, input.environment());
  }

  public static LoadedConfiguration load(ConfigurationInput input) {
    ConfigurationLoader loader = new ConfigurationLoader(input);
    Mapping root = loader.root(input.file());
    if (root == null) {
      return loader.reading.result(null);
    }
    return loader.read(root);
  }

  private @Nullable Mapping root(@Nullable Path file) {
    if (file == null) {
      return Mapping.empty();
    }
    try {
      YamlNode node = YamlNode.parse(Files.readString(file, StandardCharsets.UTF_8));
      if (node instanceof Mapping mapping) {
        return mapping;
      }
      if (node instanceof Scalar scalar && scalar.absent()) {
        return Mapping.empty();
      }
      unreadable(
          node.line(),
          "is no configuration",
          "its outermost level is not a mapping from keys to values",
          "see helios-repl server run --help");
    } catch (YamlNode.SyntaxException e) {
      unreadable(
          e.line(),
          "is not YAML",
          String.valueOf(e.getMessage()),
          "quote globs and patterns: [\"public.*\"]; indent with spaces");
    } catch (IOException e) {
      unreadable(
          0,
          (file.toString().isEmpty() ? "a file without a name" : file) + " cannot be read",
          Files.exists(file) ? "it is no readable text file" : "there is no such file",
          "helios-repl server run --config FILE");
    }
    return null;
  }

  private void unreadable(int line, String what, String why, String hint) {
    reading.problem(ErrorCode.CONFIGURATION_FILE, line, "", what, why, hint);
  }

  private LoadedConfiguration read(Mapping mapping) {
    Section root = new Section(reading, "", mapping, 0);
    String name =
        root.parsed("name", text -> TenantNames.isValid(text) ? Optional.of(text) : Optional.empty(), TenantNames.RULE).orElse(null);
    String region = root.text("region", "local");
    ListenAddress listen = listen(root);
    ApiAccess access = AccessReader.read(root);
    requireTls(root, listen);
    Path dataDirectory = Path.of(root.text("data-dir", "./helios-data")).toAbsolutePath().normalize();
    StoreLocation store = store(root);
    List<SourceSettings> sources = sources(root, region);
    Map<String, Section> peerSections = root.named("peers", PeersReader.FORM);
    List<TargetSettings> targets = targets(root, region, peerSections.keySet());
    List<PeerSettings> peers = PeersReader.read(root, peerSections, region, access.tls());
    ServerConfiguration.Relay relay = relay(root);
    ServerConfiguration.Apply apply = apply(root);
    CopyLimits copy = copy(root);
    ServerConfiguration.Traces traces = TracesReader.read(sectionOrEmpty(root, "tracing", TracesReader.FORM));
    List<TrafficSettings> traffic = new TrafficReader(reading, connections).read(root);
    ServerConfiguration.MasterKeys masterKeys =
        new ServerConfiguration.MasterKeys(path(root, "master-key-file"), path(root, "previous-master-key-file"));
    DumpPolicy pgDump =
        root.parsed(
            "pg-dump", ConfigurationLoader::pgDump, "pg-dump: auto, none, or the path of the program", DumpPolicy.AUTO, "auto");
    CoordinationSettings coordination =
        CoordinationReader.read(root, sectionOrEmpty(root, "etcd", CoordinationReader.FORM));
    FailoverSettings failover =
        FailoverReader.read(sectionOrEmpty(root, "failover", FailoverReader.FORM), region, connections);
    root.close();
    reading.unknownVariables(OTHER_VARIABLES);
    return reading.result(
        reading.hasProblems()
            ? null
            : new ServerConfiguration(
                name, region, listen, dataDirectory, store, sources, targets, peers, relay, apply, copy, masterKeys, access, traces, traffic,
                pgDump, coordination, failover, reading.values()));
  }

  private static Optional<DumpPolicy> pgDump(String text) {
    return switch (text) {
      case "auto" -> Optional.of(DumpPolicy.AUTO);
      case "none" -> Optional.of(DumpPolicy.NONE);
      default -> path(text).map(program -> new DumpPolicy(true, program));
    };
  }

  private static @Nullable Path path(Section root, String key) {
    return root.parsed(key, ConfigurationLoader::path, "the path of a file").orElse(null);
  }

  private static Optional<Path> path(String text) {
    try {
      return text.isBlank() ? Optional.empty() : Optional.of(Path.of(text).toAbsolutePath().normalize());
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private ListenAddress listen(Section root) {
    ListenAddress fallback = ListenAddress.parse(DEFAULT_LISTEN).orElseThrow();
    ListenAddress address =
        root.parsed(
            "listen", ListenAddress::parse, "host:port, for example " + DEFAULT_LISTEN, fallback, DEFAULT_LISTEN);
    return address;
  }

  private void requireTls(Section root, ListenAddress address) {
    if (!address.isLoopback() && !root.has("tls") && !reading.variableBelow("tls")) {
      reading.problem(
          ErrorCode.TLS_REQUIRED,
          root.line("listen"),
          "listen",
          address + " is not loopback, and needs TLS",
          "the token and what tenants are called would cross the network in clear",
          "tls: { certificate: server.crt, key: server.key }, or listen: " + DEFAULT_LISTEN);
    }
  }

  private StoreLocation store(Section root) {
    Optional<Setting> setting = root.raw("store");
    if (setting.isEmpty() || setting.get().text().equals("sqlite")) {
      reading.value("store", "sqlite", setting.map(Setting::origin).orElse("default"));
      return new StoreLocation.Sqlite();
    }
    String masked = LibpqUri.masked(setting.get().text());
    reading.value("store", masked, setting.get().origin());
    if (setting.get().isFlag() && !masked.equals(setting.get().text())) {
      reading.badValue(
          setting.get(),
          "it holds a password, and everybody on this machine can read command lines",
          "leave it out of --store: PGPASSFILE or ~/.pgpass has it, or store: in the file");
    }
    try {
      return new StoreLocation.Postgres(connections.fromUri(setting.get().text()));
    } catch (OperatorException e) {
      reading.badValue(
          setting.get(),
          "it is neither sqlite nor a connection URI: " + e.problem().message(),
          "store: sqlite, or store: postgresql://helios@host:5432/control");
      return new StoreLocation.Sqlite();
    }
  }

  private List<SourceSettings> sources(Section root, String region) {
    List<SourceSettings> sources = new ArrayList<>();
    Map<String, String> slots = new HashMap<>();
    root.named("sources", "sources: { shop: { url: …, tenancy: … } }")
        .forEach(
            (name, section) -> {
              checkName(section, name);
              ConnectionSettings connection = connections.read(section);
              CaptureMode capture = CaptureReader.read(section);
              Tenancy tenancy = tenancy(section);
              TableFilter tables = filter(section, "tables");
              TableFilter references = filter(section, "reference-tables");
              if (tables == null && !section.has("tables")) {
                reading.value(section.path("tables"), "*.*", "default");
              }
              boolean wal = capture instanceof CaptureMode.Wal;
              String publication = !wal
                  ? byDefault(name)
                  : identifier(section, "publication", "[^\\x00]{1,63}", name, "at most 63 characters");
              String slot = !wal
                  ? byDefault(name)
                  : identifier(section, "slot", "[a-z0-9_]{1,63}", name, "lower-case letters, digits and _, at most 63");
              String own = section.text("region", region);
              section.close();
              if (connection != null && wal) {
                String other = slots.putIfAbsent(connection.place() + " " + slot, name);
                if (other != null) {
                  section.wrong(
                      "slot",
                      "is the slot of source \"" + other + "\" too",
                      "a slot is read by one source",
                      "slot: " + slot + "_2, or make them one source");
                }
              }
              if (connection != null && tenancy != null) {
                sources.add(
                    new SourceSettings(
                        name,
                        connection,
                        capture,
                        tenancy,
                        tables == null ? TableFilter.ALL : tables,
                        references,
                        publication,
                        slot,
                        own));
              }
            });
    return sources;
  }

  private List<TargetSettings> targets(Section root, String region, Set<String> peers) {
    List<TargetSettings> targets = new ArrayList<>();
    root.named("targets", "targets: { shop-eu: { url: … } }")
        .forEach(
            (name, section) -> {
              checkName(section, name);
              ConnectionSettings connection = connections.read(section);
              String own = section.text("region", region);
              DdlPolicy ddl =
                  section.parsed("ddl", ConfigurationLoader::ddl, "ddl: apply, or ddl: stop").orElse(null);
              List<String> regions = regions(section, peers);
              Long capacity = section.size("capacity", LEAST_CAPACITY);
              section.close();
              if (connection != null) {
                targets.add(new TargetSettings(name, connection, own, ddl, regions).withCapacity(capacity));
              }
            });
    return targets;
  }

  /** Whose servers may have tenants applied at this target: a name that is no peer's would let in nobody, and is a slip. */
  private static List<String> regions(Section target, Set<String> peers) {
    List<String> regions = target.texts("regions");
    if (regions == null) {
      return List.of();
    }
    for (String region : regions) {
      if (!peers.contains(region)) {
        target.wrong(
            "regions",
            "\"" + TenantNames.printable(region) + "\" is no region of a peer",
            peers.isEmpty() ? "there are no peers:" : "peers: has " + String.join(", ", peers),
            "peers: { " + TenantNames.printable(region) + ": { url: …, ca: FILE } }, or leave it out");
      }
    }
    return regions;
  }

  private static Optional<DdlPolicy> ddl(String text) {
    return switch (text) {
      case "apply" -> Optional.of(DdlPolicy.APPLY);
      case "stop" -> Optional.of(DdlPolicy.STOP);
      default -> Optional.empty();
    };
  }

  private static void checkName(Section section, String name) {
    if (!TenantNames.isValid(name)) {
      section.wrong(
          "the name \"" + TenantNames.printable(name) + "\" is not right", TenantNames.RULE, "choose another name");
    }
  }

  private @Nullable Tenancy tenancy(Section source) {
    String form = "tenancy: { column: tenant_id }, { schema: \"tenant_{key}\" } or { database: true }";
    Section section = source.section("tenancy", form);
    if (section == null) {
      if (!source.has("tenancy")) {
        source.missing("tenancy", "nothing says how its tenants are told apart", form);
      }
      return null;
    }
    Optional<String> column = section.parsed("column", text -> fits(text, "[^\\x00]{1,63}"), "a column's name");
    Optional<String> schema =
        section.parsed(
            "schema",
            text -> fits(text, "[^{}\\x00]*\\{key\\}[^{}\\x00]*"),
            "a pattern that holds {key} once: \"tenant_{key}\"");
    Optional<String> database = section.parsed("database", text -> fits(text, "true"), "database: true");
    boolean given = section.has("column") || section.has("schema") || section.has("database");
    section.close();
    long forms = Stream.of(column, schema, database).filter(Optional::isPresent).count();
    if (forms > 1 || (forms == 0 && !given)) {
      source.wrong(
          "tenancy",
          "exactly one of column, schema and database is needed",
          forms > 1 ? "it has " + forms + " of them" : "it has none of them",
          form);
      return null;
    }
    return column
        .<Tenancy>map(Tenancy.ByColumn::new)
        .or(() -> schema.map(Tenancy.BySchema::new))
        .or(() -> database.map(d -> new Tenancy.ByDatabase()))
        .orElse(null);
  }

  private static Optional<String> fits(String text, String regex) {
    return text.matches(regex) ? Optional.of(text) : Optional.empty();
  }

  private @Nullable TableFilter filter(Section section, String key) {
    List<String> globs = section.texts(key);
    if (globs == null) {
      return null;
    }
    for (String glob : globs) {
      String body = glob.startsWith("!") ? glob.substring(1) : glob;
      if (body.isBlank()
          || body.startsWith("!")
          || body.startsWith(".")
          || body.endsWith(".")
          || body.indexOf('\0') >= 0) {
        section.wrong(
            key,
            "\"" + TenantNames.printable(glob) + "\" is no glob of tables",
            "a glob is schema.table with * and ?, and ! before it excludes",
            key + ": [\"public.*\", \"!public.audit\"]");
        return null;
      }
    }
    return globs.isEmpty() ? null : new TableFilter(globs);
  }

  /**
   * A slot's or publication's name; by default made from the source's, with what a slot's name cannot hold replaced.
   */
  private static String identifier(Section section, String key, String regex, String source, String form) {
    String fallback = byDefault(source);
    return section.parsed(key, text -> fits(text, regex), form, fallback, fallback);
  }

  private static String byDefault(String source) {
    String folded = "helios_" + source.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
    return folded.length() > 63 ? folded.substring(0, 63) : folded;
  }

  private ServerConfiguration.Relay relay(Section root) {
    ServerConfiguration.Relay d = ServerConfiguration.Relay.DEFAULT;
    Section section = sectionOrEmpty(root, "relay", "relay: { max-bytes: 20GiB }");
    long maxBytes = section.size("max-bytes", d.maxBytes(), 64L << 20);
    ServerConfiguration.Relay relay =
        new ServerConfiguration.Relay(
            maxBytes,
            section.size("max-bytes-per-tenant", Math.min(maxBytes, d.maxBytesPerTenant()), 16L << 20),
            section.size("wal-budget", d.walBudget(), 16L << 20),
            section.number("zstd-level", d.zstdLevel(), 1, 19));
    section.close();
    if (relay.maxBytesPerTenant() > relay.maxBytes() && section.has("max-bytes-per-tenant")) {
      section.wrong(
          "max-bytes-per-tenant",
          "is more than max-bytes",
          "one tenant's quota is a part of the whole",
          "at most " + ByteSizes.format(relay.maxBytes()));
    }
    return relay;
  }

  private ServerConfiguration.Apply apply(Section root) {
    Section section = sectionOrEmpty(root, "apply", "apply: { workers: 4 }");
    int workers = section.number("workers", ServerConfiguration.Apply.DEFAULT.workers(), 1, 256);
    section.close();
    return new ServerConfiguration.Apply(workers);
  }

  private CopyLimits copy(Section root) {
    CopyLimits d = CopyLimits.DEFAULT;
    Section section = sectionOrEmpty(root, "copy", "copy: { max-lag: 5s, max-latency: 100ms }");
    CopyLimits limits =
        new CopyLimits(section.duration("max-lag", d.maxLag()), section.duration("max-latency", d.maxLatency()));
    section.close();
    return limits;
  }

  private Section sectionOrEmpty(Section root, String key, String form) {
    Section section = root.section(key, form);
    return section == null ? new Section(reading, key, Mapping.empty(), 0) : section;
  }
}
