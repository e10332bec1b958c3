package io.helios.repl.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/configuration.md and the reader of the configuration speak of the same keys and defaults. */
class ConfigurationReferenceTest {

  private static final Path PAGE = Path.of("..", "docs", "configuration.md");

  /** A key that nobody would take for another's slip of the pen. */
  private static final String UNKNOWN = "qqqqqqqqqqqqqqqqqqqqqqqq";

  /** Every section there is, with nothing in it but what is needed and a key that is not known. */
  private static final String EVERYTHING =
      """
      UNKNOWN: 1
      sources:
        NAME:
          url: postgresql://a@127.0.0.1/a
          UNKNOWN: 1
          tenancy: { column: t, UNKNOWN: 1 }
          synchronous: { tiers: [premium], UNKNOWN: 1 }
        polled:
          url: postgresql://a@127.0.0.1/b
          capture: checkpoint
          tenancy: { column: t }
          checkpoint: { column: u, UNKNOWN: 1, deletes: { UNKNOWN: 1 } }
      targets:
        NAME: { url: "postgresql://a@127.0.0.1/c", UNKNOWN: 1 }
      relay: { UNKNOWN: 1 }
      apply: { UNKNOWN: 1 }
      copy: { UNKNOWN: 1 }
      tracing: { UNKNOWN: 1 }
      api: { tokens: [ { name: grafana, role: read, token-file: FILE, UNKNOWN: 1 } ], UNKNOWN: 1 }
      tls: { certificate: FILE, key: FILE, UNKNOWN: 1 }
      traffic:
        - pgbouncer: { url: "postgresql://a@127.0.0.1/pgbouncer", file: /a, UNKNOWN: 1, homes: { NAME: { UNKNOWN: 1 } } }
          UNKNOWN: 1
        - command: { run: [/a], UNKNOWN: 1 }
        - http: { url: "http://127.0.0.1/", UNKNOWN: 1 }
        - directory: { url: "postgresql://a@127.0.0.1/a", table: a, tenant-column: b, columns: { home: c, epoch: d, UNKNOWN: 1 }, UNKNOWN: 1 }
      peers: { NAME: { url: "https://a:7400", ca: FILE, UNKNOWN: 1 } }
      coordination: etcd
      etcd: { endpoints: ["http://127.0.0.1:2379"], UNKNOWN: 1 }
      failover: { observe: { NAME: { url: "postgresql://a@127.0.0.1/d", UNKNOWN: 1 } }, UNKNOWN: 1 }
      """
          .replace("UNKNOWN", UNKNOWN);

  @TempDir Path directory;

  private LoadedConfiguration load(String yaml) throws Exception {
    Path token = Files.writeString(directory.resolve("a.token"), "a-token-of-twenty-letters");
    Path file = Files.writeString(directory.resolve("helios-repl.yaml"), yaml.replace("FILE", token.toString()));
    return ConfigurationLoader.load(new ConfigurationInput(file, Map.of(), Map.of()));
  }

  /** Of the page: by section, each key with its default. */
  private static Map<String, Map<String, String>> documented() throws Exception {
    Map<String, Map<String, String>> sections = new TreeMap<>();
    Pattern section = Pattern.compile("<!-- keys: ?(\\S*) -->\\n((?:\\|.*\\n)+)");
    Pattern row = Pattern.compile("(?m)^\\| `([^`]+)` \\|([^|]*)\\|");
    section.matcher(Files.readString(PAGE, UTF_8)).results().forEach(found -> {
      Map<String, String> keys = new LinkedHashMap<>();
      row.matcher(found.group(2)).results().forEach(r -> keys.put(r.group(1), r.group(2).strip()));
      sections.put(found.group(1), keys);
    });
    return sections;
  }

  /** Of the reader: what it says is known where it meets a key that is not. */
  private Map<String, Set<String>> known() throws Exception {
    Map<String, Set<String>> sections = new TreeMap<>();
    load(EVERYTHING).problems().stream()
        .filter(p -> p.code() == ErrorCode.CONFIGURATION_UNKNOWN_KEY)
        .forEach(problem -> {
          String path = problem.message().replaceFirst("^\\S+:\\d+: ", "").replaceFirst("\\.?" + UNKNOWN + ".*", "");
          assertThat(problem.hint()).startsWith("known here: ");
          sections.put(
              path.replace("sources.polled", "sources.NAME"),
              new TreeSet<>(Arrays.asList(problem.hint().substring("known here: ".length()).split(", "))));
        });
    return sections;
  }

  @Test
  void everyKeyIsDescribedAndEveryDescribedKeyIsRead() throws Exception {
    Map<String, Set<String>> documented = new TreeMap<>();
    documented().forEach((section, keys) -> documented.put(section, new TreeSet<>(keys.keySet())));
    Map<String, Set<String>> known = known();
    assertThat(known).hasSizeGreaterThan(6);
    assertThat(documented).as("the tables of docs/configuration.md, by section").isEqualTo(known);
  }

  @Test
  void theDefaultsAreThoseInForce() throws Exception {
    LoadedConfiguration loaded = load(EVERYTHING.replaceAll(",? ?" + UNKNOWN + ": 1", ""));
    assertThat(loaded.problems()).isEmpty();
    Map<String, String> inForce = new TreeMap<>();
    // etcd: is only taken where coordination: names it, so the default of that one shows where nothing is said.
    Stream.concat(load("").values().stream(), loaded.values().stream())
        .filter(v -> v.origin().equals("default"))
        .filter(v -> !List.of("sources.polled").stream().anyMatch(s -> v.key().startsWith(s) && !v.key().contains("checkpoint.")))
        .forEach(v -> inForce.put(v.key().replace("sources.polled", "sources.NAME"), v.value().replace("helios_name", "helios_NAME")));
    assertThat(inForce).hasSizeGreaterThan(10);
    Map<String, String> documented = new TreeMap<>();
    documented().forEach((section, keys) -> keys.forEach((key, value) -> {
      if (!value.isEmpty()) {
        documented.put(section.isEmpty() ? key : section + "." + key, value);
      }
    }));
    assertThat(documented).as("the defaults in docs/configuration.md").isEqualTo(inForce);
  }
}
