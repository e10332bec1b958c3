package io.helios.repl.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.apply.DdlPolicy;
import io.helios.repl.capture.CaptureMode;
import io.helios.repl.capture.Synchronous;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.schema.DumpPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationLoaderTest {

  private static final String SOUND =
      """
      region: us-east-1
      sources:
        shop:
          url: postgresql://helios@127.0.0.1:5432/shop
          tenancy: { column: tenant_id }
      targets:
        shop-eu:
          url: postgresql://helios@10.0.0.2:5433/shop?sslmode=verify-full
          region: eu-central-1
      """;

  @TempDir Path directory;

  @Test
  void theFileOfTheManualWithoutWhatIsNotInThisReleaseIsRead() throws IOException {
    Path password = Files.writeString(directory.resolve("shop.pw"), "s3cret\n");
    Files.setPosixFilePermissions(password, PosixFilePermissions.fromString("rw-------"));
    ServerConfiguration c =
        sound(
            """
            region: us-east-1
            listen: 127.0.0.1:7400            # API, metrics at /metrics, health at /livez and /readyz
            data-dir: ./helios-data
            store: sqlite
            sources:
              shop:
                url: postgresql://helios@127.0.0.1:5432/shop
                password-file: %s
                capture: wal
                tenancy: { column: tenant_id }
                tables: ["public.*"]
                reference-tables: ["public.plans"]
            targets:
              shop-eu:
                url: postgresql://helios@10.0.0.2:5432/shop
            relay: { max-bytes: 20GiB, max-bytes-per-tenant: 4GiB, wal-budget: 1GiB }
            apply: { workers: 4 }
            """
                .formatted(password));
    assertThat(c.listen()).isEqualTo(new ListenAddress("127.0.0.1", 7400));
    assertThat(c.dataDirectory()).isEqualTo(Path.of("helios-data").toAbsolutePath());
    var shop = c.source("shop").orElseThrow();
    assertThat(shop.connection().password()).isEqualTo("s3cret");
    assertThat(shop.connection().place()).isEqualTo("127.0.0.1:5432/shop");
    assertThat(shop.tenancy()).isEqualTo(new Tenancy.ByColumn("tenant_id"));
    assertThat(shop.tables()).isEqualTo(new TableFilter(List.of("public.*")));
    assertThat(shop.referenceTables()).isEqualTo(new TableFilter(List.of("public.plans")));
    assertThat(shop.publication()).isEqualTo("helios_shop");
    assertThat(shop.slot()).isEqualTo("helios_shop");
    assertThat(c.relay()).isEqualTo(new ServerConfiguration.Relay(20L << 30, 4L << 30, 1L << 30, 1));
    assertThat(c.apply().workers()).isEqualTo(4);
  }

  @Test
  void changesOfTheSchemaGoByWhoMadeTheTableUnlessTheTargetSaysOtherwise() {
    assertThat(sound(SOUND).target("shop-eu").orElseThrow().ddl()).isNull();
    assertThat(sound(SOUND + "    ddl: apply\n").target("shop-eu").orElseThrow().ddl()).isEqualTo(DdlPolicy.APPLY);
    assertThat(sound(SOUND + "    ddl: stop\n").target("shop-eu").orElseThrow().ddl()).isEqualTo(DdlPolicy.STOP);
    assertThat(load(SOUND + "    ddl: perhaps\n").configuration()).isNull();
  }

  @Test
  void aTargetTakesTenantsOfOtherRegionsOnlyWhereItNamesThemAndTheyArePeers() {
    String peers = "peers: { us: { url: 'https://us:7400', ca: /dev/null } }\ntls: { certificate: /dev/null, key: /dev/null }\n";
    assertThat(sound(SOUND).target("shop-eu").orElseThrow().regions()).isEmpty();
    assertThat(sound(SOUND + "    regions: [us]\n" + peers).target("shop-eu").orElseThrow().regions()).containsExactly("us");
    assertThat(load(SOUND + "    regions: [usa]\n" + peers).configuration()).isNull();
    assertThat(load(SOUND + "    regions: [us]\n").configuration()).isNull();
  }

  @Test
  void defaultsAreTheManualsAndSayThatTheyAreDefaults() {
    LoadedConfiguration loaded = load(SOUND);
    ServerConfiguration c = Objects.requireNonNull(loaded.configuration());
    assertThat(c.listen()).hasToString("127.0.0.1:7400");
    assertThat(c.store()).isEqualTo(new StoreLocation.Sqlite());
    assertThat(c.source("shop").orElseThrow().tables()).isEqualTo(TableFilter.ALL);
    assertThat(c.source("shop").orElseThrow().region()).isEqualTo("us-east-1");
    assertThat(c.target("shop-eu").orElseThrow().region()).isEqualTo("eu-central-1");
    assertThat(c.target("shop-eu").orElseThrow().connection().parameters()).containsEntry("sslmode", "verify-full");
    assertThat(loaded.values())
        .contains(
            new EffectiveValue("listen", "127.0.0.1:7400", "default"),
            new EffectiveValue("region", "us-east-1", "c.yaml:1"),
            new EffectiveValue("sources.shop.slot", "helios_shop", "default"),
            new EffectiveValue("relay.max-bytes", "20GiB", "default"));
    assertThat(loaded.warnings()).isEmpty();
  }

  @Test
  void aPasswordOnTheCommandLineIsRefusedAndNotRepeated() {
    String store = "postgresql://helios:hunter2@127.0.0.1/control";
    assertThat(load(SOUND, Map.of(), Map.of("store", store)).problems().toString())
        .contains("everybody on this machine can read command lines")
        .doesNotContain("hunter2");
    assertThat(load(SOUND, Map.of("HELIOS_STORE", store), Map.of()).problems()).isEmpty();
  }

  @Test
  void theMasterKeysFilesAreNamedByFileOrEnvironment() {
    ServerConfiguration.MasterKeys keys =
        Objects.requireNonNull(
                load(
                        SOUND + "master-key-file: /etc/helios-repl/2.key\n",
                        Map.of(
                            "HELIOS_PREVIOUS_MASTER_KEY_FILE", "/etc/helios-repl/1.key",
                            "HELIOS_MASTER_KEY", "x",
                            "HELIOS_PREVIOUS_MASTER_KEY", "x"),
                        Map.of())
                    .configuration())
            .masterKeys();
    assertThat(keys.file()).isEqualTo(Path.of("/etc/helios-repl/2.key"));
    assertThat(keys.previous()).isEqualTo(Path.of("/etc/helios-repl/1.key"));
  }

  @Test
  void whichPgDumpIsUsedIsOneThatFitsOrNoneOrTheOneThatIsNamed() {
    assertThat(pgDump("")).isEqualTo(DumpPolicy.AUTO);
    assertThat(pgDump("pg-dump: auto\n")).isEqualTo(DumpPolicy.AUTO);
    assertThat(pgDump("pg-dump: none\n")).isEqualTo(DumpPolicy.NONE);
    assertThat(pgDump("pg-dump: /opt/pg18/bin/pg_dump\n")).isEqualTo(new DumpPolicy(true, Path.of("/opt/pg18/bin/pg_dump")));
    assertThat(load(SOUND + "pg-dump: ''\n", Map.of(), Map.of()).problems()).hasSize(1);
  }

  private DumpPolicy pgDump(String lines) {
    return Objects.requireNonNull(load(SOUND + lines, Map.of(), Map.of()).configuration()).fleet().pgDump();
  }

  @Test
  void flagsWinOverTheEnvironmentWhichWinsOverTheFile() {
    String file = SOUND + "listen: 127.0.0.1:1\ndata-dir: from-file\nrelay: { wal-budget: 2GiB }\n";
    LoadedConfiguration loaded =
        load(
            file,
            Map.of(
                "HELIOS_LISTEN",
                "127.0.0.1:2",
                "HELIOS_DATA_DIR",
                "from-environment",
                "HELIOS_RELAY_MAX_BYTES",
                "1GiB",
                "HELIOS_SOURCES_SHOP_SLOT",
                "my_slot",
                "HELIOS_SOURCES_SHOP_TABLES",
                "public.*, !public.audit"),
            Map.of("listen", "127.0.0.1:3"));
    ServerConfiguration c = Objects.requireNonNull(loaded.configuration());
    assertThat(c.listen().port()).isEqualTo(3);
    assertThat(c.dataDirectory()).isEqualTo(Path.of("from-environment").toAbsolutePath());
    assertThat(c.relay().maxBytes()).isEqualTo(1L << 30);
    assertThat(c.relay().maxBytesPerTenant()).as("never more than the whole").isEqualTo(1L << 30);
    assertThat(c.relay().walBudget()).isEqualTo(2L << 30);
    assertThat(c.source("shop").orElseThrow().slot()).isEqualTo("my_slot");
    assertThat(c.source("shop").orElseThrow().tables().globs()).containsExactly("public.*", "!public.audit");
    assertThat(loaded.values())
        .contains(
            new EffectiveValue("listen", "127.0.0.1:3", "flag --listen"),
            new EffectiveValue("data-dir", "from-environment", "environment HELIOS_DATA_DIR"));
  }

  @Test
  void allProblemsOfAFileAreToldAtOnceEachWithKeyLineAndHint() {
    List<Problem> problems =
        load("""
        regoin: here
        listen: 0.0.0.0:7400
        sources:
          shop:
            url: mysql://localhost/shop
            tabels: ["public.*"]
            capture: triggers
            checkpoint: { column: updated_at }
            tenancy: { column: a, schema: "b_{key}" }
          "b/d":
            host: localhost
            port: 99999
            password-file: /nowhere/at/all
            slot: Not A Slot
        targets: nothing
        peers: { eu: { url: "https://eu" } }
        relay: { max-bytes: 20GB, zstd-level: 77, wal-budget: 1KiB }
        apply: { workers: many }
        store:
        """)
            .problems();
    assertThat(problems)
        .extracting(p -> p.code().id() + " " + p.message())
        .containsExactly(
            "HR-1102 c.yaml:1: regoin: unknown key",
            "HR-9003 c.yaml:2: listen: 0.0.0.0:7400 is not loopback, and needs TLS",
            "HR-1103 c.yaml:5: sources.shop.url: the value is not right",
            "HR-1102 c.yaml:6: sources.shop.tabels: unknown key",
            "HR-1103 c.yaml:7: sources.shop.capture: the value is not right",
            "HR-1103 c.yaml:8: sources.shop.checkpoint: belongs to capture: checkpoint",
            "HR-1103 c.yaml:9: sources.shop.tenancy: exactly one of column, schema and database is needed",
            "HR-1103 c.yaml:10: sources.b/d: the name \"b/d\" is not right",
            "HR-1104 c.yaml:10: sources.b/d.tenancy: is missing",
            "HR-1103 c.yaml:12: sources.b/d.port: the value is not right",
            "HR-1103 c.yaml:13: sources.b/d.password-file: the password file cannot be read",
            "HR-1103 c.yaml:14: sources.b/d.slot: the value is not right",
            "HR-1103 c.yaml:15: targets: a section is needed",
            "HR-1104 c.yaml:16: peers.eu.ca: is missing",
            "HR-1103 c.yaml:17: relay.max-bytes: the value is not right",
            "HR-1103 c.yaml:17: relay.wal-budget: the value is not right",
            "HR-1103 c.yaml:17: relay.zstd-level: the value is not right",
            "HR-1103 c.yaml:18: apply.workers: the value is not right",
            "HR-1104 c.yaml:19: store: has no value",
            "HR-1104 tls: is missing");
    assertThat(problems)
        .allSatisfy(
            p -> {
              assertThat(p.why()).isNotBlank();
              assertThat(p.hint()).isNotBlank();
            });
    assertThat(problems.getFirst().hint()).isEqualTo("did you mean \"region\"?");
    assertThat(problems.get(3).hint()).isEqualTo("did you mean \"tables\"?");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          sources: { s: { url: 'postgresql://h/d', tenancy: { column: c }, tables: ['public.'] } } | "public." is no glob of tables
          sources: { s: { url: 'postgresql://h/d', tenancy: { schema: no_key } } } | the value is not right
          peers: { eu: { url: 'http://eu:7400', ca: /dev/null } } | peers.eu.url: the value is not right
          peers: { eu: { url: 'https://eu:7400/api', ca: /dev/null } } | peers.eu.url: the value is not right
          peers: { eu: { url: 'https://me@eu:7400', ca: /dev/null } } | peers.eu.url: the value is not right
          peers: { eu: { url: 'https://eu:7400', ca: /nowhere } } | peers.eu.ca: cannot be read
          peers: { eu: { url: 'https://eu:7400', ca: } } | peers.eu.ca: has no value
          peers: { eu: { ca: /dev/null } } | peers.eu.url: is missing
          peers: { local: { url: 'https://eu:7400', ca: /dev/null } } | "local" is no other region
          peers: { 'e u': { url: 'https://eu:7400', ca: /dev/null } } | "e u" is no other region
          peers: { eu: { url: 'https://eu:7400', ca: /dev/null } } | tls: is missing
          sources: { s: { url: 'postgresql://h/d', tenancy: { schema: '{key}_{key}' } } } | the value is not right
          sources: { s: { url: 'postgresql://h/d', tenancy: { database: false } } } | the value is not right
          sources: { s: { url: 'postgresql://h/d', tenancy: { colum: c } } } | unknown key
          sources: { s: { url: 'postgresql://h/d', tenancy: column } } | a section is needed
          sources: { s: { url: 'postgresql://h,i/d', tenancy: { column: c } } } | the value is not right
          sources: { s: { url: 'postgresql://h/d?sslmode', tenancy: { column: c } } } | the value is not right
          sources: { s: { url: 'postgresql://h/%zz', tenancy: { column: c } } } | the value is not right
          sources: { s: { url: 'postgresql://h/d', host: other, tenancy: { column: c } } } | says otherwise than url
          sources: { s: { tenancy: { column: c } } } | is missing
          sources: { s: { host: /run/postgresql, tenancy: { column: c } } } | the connection is not right
          sources: { s: { url: [a], tenancy: { column: c } } } | one value is needed
          sources: { s: { service: nowhere, tenancy: { column: c } } } | the service file cannot be read
          sources: { s: 5 } | a section is needed
          sources: { "it's": { url: 'postgresql://h/d', tenancy: { column: c } } } | the name "it's" is not right
          listen: 7400 | the value is not right
          listen: 127.0.0.1:99999 | the value is not right
          listen: db.example.com:7400 | needs TLS
          listen: "[::]:7400" | needs TLS
          store: mysql://x | the value is not right
          relay: { max-bytes: 1GiB, max-bytes-per-tenant: 2GiB } | is more than max-bytes
          relay: { max-bytes: 1KiB } | the value is not right
          apply: { workers: 0 } | the value is not right
          apply: { workers: 1.5 } | the value is not right
          apply: 4 | a section is needed
          tracing: { otlp: 'collector:4318' } | the value is not right
          tracing: { otlp: 'http://me:secret@collector/v1/traces' } | the value is not right
          tracing: { otlp: 'https://collector/v1/traces?key=secret' } | the value is not right
          tracing: { otlp: 'http://collector/v1/traces', sample: 1.5 } | the value is not right
          tracing: { sample: 0.5 } | is missing
          - a | is no configuration
          a: b: c | is not YAML
          tables: [*.*] | is not YAML
          """)
  void eachKindOfMistakeIsNamed(String file, String expected) {
    LoadedConfiguration loaded = load(file, Map.of("PGSERVICEFILE", directory.resolve("none").toString()), Map.of());
    assertThat(loaded.configuration()).isNull();
    assertThat(loaded.problems()).extracting(Problem::message).anyMatch(m -> m.contains(expected));
  }

  @Test
  void aKeyThatIsGivenTwiceIsRefused() {
    assertThat(load("region: a\nregion: b\n").problems())
        .singleElement()
        .satisfies(p -> assertThat(p.message()).isEqualTo("c.yaml:2: is not YAML"));
  }

  @Test
  void aFileThatIsNotThereIsAProblemAndNoException() {
    LoadedConfiguration loaded =
        ConfigurationLoader.load(new ConfigurationInput(directory.resolve("no.yaml"), Map.of(), Map.of()));
    assertThat(loaded.problems()).singleElement().satisfies(p -> assertThat(p.why()).contains("no such file"));
  }

  @Test
  void unknownVariablesAreWarningsOnly() {
    LoadedConfiguration loaded =
        load(
            SOUND,
            Map.of("HELIOS_LISTN", "x", "HELIOS_FROBNICATE", "y", "HELIOS_TOKEN", "known elsewhere", "OTHER", "z"),
            Map.of());
    assertThat(loaded.configuration()).isNotNull();
    assertThat(loaded.warnings())
        .containsExactly(
            "the environment variable HELIOS_FROBNICATE is not known and has no effect",
            "the environment variable HELIOS_LISTN is not known and has no effect; did you mean HELIOS_LISTEN?");
  }

  @Test
  void aWrongVariableIsNamedByItsOwnName() {
    assertThat(load(SOUND, Map.of("HELIOS_APPLY_WORKERS", "lots"), Map.of()).problems())
        .singleElement()
        .satisfies(p -> assertThat(p.message()).startsWith("environment HELIOS_APPLY_WORKERS: apply.workers"));
  }

  @Test
  void aSourceThatIsPolledHasItsColumnAndEverythingElseByDefault() {
    ServerConfiguration c = sound(
        """
        sources:
          shop:
            url: postgresql://helios@127.0.0.1:5432/shop
            tenancy: { column: tenant_id }
            capture: checkpoint
            checkpoint: { column: updated_at }
        """);
    assertThat(c.source("shop").orElseThrow().capture()).isEqualTo(new CaptureMode.Checkpoint("updated_at"));
    assertThat(c.values())
        .contains(
            new EffectiveValue("sources.shop.capture", "checkpoint", "c.yaml:5"),
            new EffectiveValue("sources.shop.checkpoint.column", "updated_at", "c.yaml:6"),
            new EffectiveValue("sources.shop.checkpoint.interval", "1s", "default"),
            new EffectiveValue("sources.shop.checkpoint.full-refresh", "never", "default"),
            new EffectiveValue("sources.shop.checkpoint.longest-transaction", "15m", "default"))
        .noneMatch(value -> value.key().endsWith(".slot") || value.key().endsWith(".publication"));
  }

  @Test
  void everySettingOfAPolledSourceIsRead() {
    ServerConfiguration c = sound(
        """
        sources:
          shop:
            url: postgresql://helios@127.0.0.1:5432/shop
            tenancy: { column: tenant_id }
            capture: checkpoint
            checkpoint:
              column: version
              interval: 250ms
              deletes: { soft-column: deleted_at, reconcile: 10m }
              full-refresh: 1h
              longest-transaction: 2h
        """);
    assertThat(c.source("shop").orElseThrow().capture()).isEqualTo(new CaptureMode.Checkpoint(
        "version", Duration.ofMillis(250), "deleted_at", Duration.ofMinutes(10), Duration.ofHours(1), Duration.ofHours(2)));
  }

  @Test
  void commitsOfATierMayWaitForTheirReplicas() {
    String source =
        """
        sources:
          shop:
            url: postgresql://helios@127.0.0.1:5432/shop
            tenancy: { column: tenant_id }
            synchronous: %s
        """;
    assertThat(sound(source.formatted("{ tiers: [premium] }")).source("shop").orElseThrow().capture())
        .isEqualTo(new CaptureMode.Wal(new Synchronous(Set.of(Tier.PREMIUM), Duration.ofSeconds(10))));
    assertThat(sound(source.formatted("{ tiers: [standard, best-effort], degrade-after: never }")).source("shop").orElseThrow().capture())
        .isEqualTo(new CaptureMode.Wal(new Synchronous(Set.of(Tier.STANDARD, Tier.BEST_EFFORT), null)));
    assertThat(load(source.formatted("{ degrade-after: 10ms }")).problems())
        .extracting(p -> p.code().id() + " " + p.message())
        .containsExactly(
            "HR-1104 c.yaml:5: sources.shop.synchronous.tiers: is missing",
            "HR-1103 c.yaml:5: sources.shop.synchronous.degrade-after: the value is not right");
    assertThat(load(source.formatted("{ tiers: [gold], patience: 1s }")).problems())
        .extracting(p -> p.code().id() + " " + p.message())
        .containsExactly(
            "HR-1103 c.yaml:5: sources.shop.synchronous.tiers: \"gold\" is no tier",
            "HR-1102 c.yaml:5: sources.shop.synchronous.patience: unknown key");
  }

  @Test
  void aSourceMayBePolledByTheEnvironmentAlone() {
    LoadedConfiguration loaded = load(
        SOUND,
        Map.of("HELIOS_SOURCES_SHOP_CAPTURE", "checkpoint", "HELIOS_SOURCES_SHOP_CHECKPOINT_COLUMN", "changed"),
        Map.of());
    assertThat(loaded.problems()).isEmpty();
    assertThat(Objects.requireNonNull(loaded.configuration()).source("shop").orElseThrow().capture())
        .isEqualTo(new CaptureMode.Checkpoint("changed"));
  }

  @Test
  void whatDoesNotGoTogetherWithPollingIsSaidAllAtOnce() {
    assertThat(load(
                """
                sources:
                  shop:
                    url: postgresql://helios@127.0.0.1:5432/shop
                    tenancy: { column: tenant_id }
                    capture: checkpoint
                    publication: mine
                    slot: mine
                    checkpoint:
                      interval: 0s
                      deletes: { hard: true, reconcile: often }
                      full-refresh: 1ms
                  crm:
                    url: postgresql://helios@127.0.0.1:5432/crm
                    tenancy: { database: true }
                    capture: checkpoint
                  wal:
                    url: postgresql://helios@127.0.0.1:5432/wal
                    tenancy: { database: true }
                    checkpoint: { column: updated_at }
                """)
            .problems())
        .extracting(p -> p.code().id() + " " + p.message())
        .containsExactly(
            "HR-1103 c.yaml:6: sources.shop.publication: belongs to capture: wal",
            "HR-1103 c.yaml:7: sources.shop.slot: belongs to capture: wal",
            "HR-1104 c.yaml:8: sources.shop.checkpoint.column: is missing",
            "HR-1103 c.yaml:9: sources.shop.checkpoint.interval: the value is not right",
            "HR-1103 c.yaml:10: sources.shop.checkpoint.deletes.reconcile: the value is not right",
            "HR-1102 c.yaml:10: sources.shop.checkpoint.deletes.hard: unknown key",
            "HR-1103 c.yaml:11: sources.shop.checkpoint.full-refresh: the value is not right",
            "HR-1104 c.yaml:12: sources.crm.checkpoint: is missing",
            "HR-1103 c.yaml:19: sources.wal.checkpoint: belongs to capture: checkpoint");
  }

  @Test
  void noSecretIsShownOrRepeated() {
    LoadedConfiguration loaded =
        load(
            """
            store: postgresql://helios:st0re@db/control
            sources:
              shop:
                url: postgresql://helios:hunter2@127.0.0.1/shop?sslpassword=s3sl
                tenancy: { column: t }
              bad:
                url: postgresql://helios:hunter3@127.0.0.1,b/shop
                tenancy: { column: t }
            """);
    assertThat(loaded.toString()).doesNotContain("hunter2", "hunter3", "st0re", "s3sl");
    assertThat(loaded.values())
        .contains(new EffectiveValue("store", "postgresql://helios:****@db/control", "c.yaml:1"));
  }

  @Test
  void thePasswordFileOfLibpqIsConsultedUnlessOthersCanReadIt() throws IOException {
    Path passwords =
        Files.writeString(
            directory.resolve("pgpass"), "# comment\nother:*:*:*:no\n127.0.0.1:5432:*:helios:a\\:b\\\\c\n");
    Files.setPosixFilePermissions(passwords, PosixFilePermissions.fromString("rw-------"));
    Map<String, String> environment = Map.of("PGPASSFILE", passwords.toString());
    assertThat(sound(SOUND, environment).source("shop").orElseThrow().connection().password()).isEqualTo("a:b\\c");
    Files.setPosixFilePermissions(passwords, PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(sound(SOUND, environment).source("shop").orElseThrow().connection().password()).isNull();
  }

  @Test
  void aServiceGivesWhatFieldsLeaveOpen() throws IOException {
    Path services =
        Files.writeString(
            directory.resolve("services"),
            "[shop]\nhost=db.internal\nport=6543\ndbname=shop\n# user=x\n[other]\nhost=no\n");
    ServerConfiguration c =
        sound(
            "sources: { shop: { service: shop, user: helios, tenancy: { database: true } } }",
            Map.of("PGSERVICEFILE", services.toString()));
    assertThat(c.source("shop").orElseThrow().connection().toString())
        .isEqualTo("ConnectionSettings[helios@db.internal:6543/shop]");
  }

  @Test
  void whatNothingSaysOfAConnectionComesFromLibpqsVariablesAndIsShownWithThem() throws IOException {
    Map<String, String> environment = Map.of("PGHOST", "db", "PGPORT", "6543", "PGUSER", "helios", "PGSSLMODE", "require");
    LoadedConfiguration loaded =
        load(
            """
            sources: { shop: { url: "postgresql:///shop", tenancy: { column: c } } }
            targets: { eu: { host: eu.internal, database: shop }, us: { url: "postgresql://u@us:1/d", sslmode: verify-ca } }
            """,
            environment,
            Map.of());
    ServerConfiguration c = Objects.requireNonNull(loaded.configuration(), () -> loaded.problems().toString());
    assertThat(c.source("shop").orElseThrow().connection().toString()).isEqualTo("ConnectionSettings[helios@db:6543/shop]");
    assertThat(c.target("eu").orElseThrow().connection().toString()).isEqualTo("ConnectionSettings[helios@eu.internal:6543/shop]");
    assertThat(c.target("eu").orElseThrow().connection().parameters()).containsEntry("sslmode", "require");
    assertThat(c.target("us").orElseThrow().connection().toString()).isEqualTo("ConnectionSettings[u@us:1/d]");
    assertThat(c.target("us").orElseThrow().connection().parameters()).containsEntry("sslmode", "verify-ca");
    assertThat(loaded.values())
        .contains(
            new EffectiveValue("sources.shop.host", "db", "environment PGHOST"),
            new EffectiveValue("sources.shop.sslmode", "require", "environment PGSSLMODE"),
            new EffectiveValue("targets.eu.port", "6543", "environment PGPORT"))
        .noneMatch(v -> v.key().equals("targets.eu.host") && v.origin().contains("PGHOST"))
        .noneMatch(v -> v.key().startsWith("targets.us") && v.origin().startsWith("environment"));
  }

  @Test
  void slotNamesAreMadeFromNamesThatASlotCannotHave() {
    assertThat(sound("sources: { Shop-EU.1: { url: 'postgresql://h/d', tenancy: { schema: 't_{key}' } } }").sources())
        .singleElement()
        .satisfies(
            s -> {
              assertThat(s.slot()).isEqualTo("helios_shop_eu_1");
              assertThat(s.publication()).isEqualTo("helios_shop_eu_1");
            });
  }

  @Test
  void twoSourcesDoNotShareASlot() {
    assertThat(
            load("""
            sources:
              a-b: { url: "postgresql://h/d", tenancy: { column: t } }
              a_b: { url: "postgresql://h/d", tenancy: { column: t } }
            """)
                .problems())
        .singleElement()
        .satisfies(p -> assertThat(p.message()).contains("is the slot of source \"a-b\" too"));
  }

  @Test
  void addressesOfSixthVersionAreKept() {
    ServerConfiguration c =
        sound("listen: '[::1]:7400'\nsources: { s: { url: 'postgresql://u@[::1]:5433/d', tenancy: { column: t } } }");
    assertThat(c.listen()).isEqualTo(new ListenAddress("::1", 7400)).hasToString("[::1]:7400");
    assertThat(c.source("s").orElseThrow().connection().host()).isEqualTo("::1");
  }

  private ServerConfiguration sound(String yaml) {
    return sound(yaml, Map.of());
  }

  private ServerConfiguration sound(String yaml, Map<String, String> environment) {
    LoadedConfiguration loaded = load(yaml, environment, Map.of());
    assertThat(loaded.problems()).isEmpty();
    return Objects.requireNonNull(loaded.configuration());
  }

  private LoadedConfiguration load(String yaml) {
    return load(yaml, Map.of(), Map.of());
  }

  private LoadedConfiguration load(String yaml, Map<String, String> environment, Map<String, String> flags) {
    try {
      return ConfigurationLoader.load(
          new ConfigurationInput(Files.writeString(directory.resolve("c.yaml"), yaml), environment, flags));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void tokensHaveANameARoleAndAFileAndTheTokenItselfIsNotKept() throws IOException {
    Path token = Files.writeString(directory.resolve("grafana.token"), "a-token-of-twenty-letters\n");
    ServerConfiguration c =
        sound(SOUND + "api: { tokens: [ { name: grafana, role: read, token-file: %s } ] }\n".formatted(token));
    assertThat(c.access().tokens())
        .singleElement()
        .satisfies(
            t -> {
              assertThat(t.name()).isEqualTo("grafana");
              assertThat(t.role()).isEqualTo(Role.READ);
              assertThat(t.sha256()).hasSize(64);
            });
    assertThat(c.toString()).doesNotContain("a-token-of-twenty-letters");
    assertThat(c.access().tls()).isNull();
  }

  @Test
  void whoMayComeInIsJudgedWholeAndAllThatIsWrongIsToldAtOnce() throws IOException {
    Path poor = Files.writeString(directory.resolve("poor.token"), "short");
    Path good = Files.writeString(directory.resolve("good.token"), "a-token-of-twenty-letters");
    assertThat(
            load(
                    """
                    api:
                      tokens:
                        - { name: a, role: root, token-file: /nowhere }
                        - { name: b, role: read, token-file: %s }
                        - { name: c, role: read, token-file: %s }
                        - { name: c, role: admin, token-file: %s, roll: x }
                        - { role: read }
                    tls:
                      certificate: /nowhere.crt
                      client-roles: { alice: king }
                    """
                        .formatted(poor, good, good))
                .problems())
        .extracting(p -> p.code().id() + " " + p.message())
        .containsExactly(
            "HR-1103 c.yaml:3: api.tokens[0].role: the value is not right",
            "HR-1103 c.yaml:3: api.tokens[0].token-file: cannot be read",
            "HR-1103 c.yaml:4: api.tokens[1].token-file: holds no token",
            "HR-1102 c.yaml:6: api.tokens[3].roll: unknown key",
            "HR-1103 c.yaml:6: api.tokens[3].name: there is a token of this name already",
            "HR-1104 c.yaml:7: api.tokens[4].name: is missing",
            "HR-1104 c.yaml:7: api.tokens[4].token-file: is missing",
            "HR-1104 c.yaml:8: tls.key: is missing",
            "HR-1103 c.yaml:9: tls.certificate: cannot be read",
            "HR-1103 c.yaml:10: tls.client-roles.alice: the value is not right",
            "HR-1103 c.yaml:10: tls.client-roles: nothing says whose certificates count");
  }

  @Test
  void withTlsTheServerMayListenAnywhere() throws IOException {
    Path certificate = Files.writeString(directory.resolve("server.crt"), "-");
    Path key = Files.writeString(directory.resolve("server.key"), "-");
    ServerConfiguration c =
        sound(
            SOUND
                + "listen: 0.0.0.0:7400\ntls: { certificate: %s, key: %s, client-ca: %s, client-roles: { alice: admin } }\n"
                    .formatted(certificate, key, certificate));
    ApiAccess.Tls tls = Objects.requireNonNull(c.access().tls());
    assertThat(tls.certificate()).isEqualTo(certificate);
    assertThat(tls.clientRoles()).isEqualTo(Map.of("alice", Role.ADMIN));
  }
}
