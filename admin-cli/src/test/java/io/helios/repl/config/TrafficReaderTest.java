package io.helios.repl.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.Problem;
import io.helios.repl.migration.traffic.SeenHome;
import io.helios.repl.migration.traffic.TrafficSettings;
import io.helios.repl.migration.traffic.TrafficSettings.DirectoryColumn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrafficReaderTest {

  @TempDir Path directory;

  private LoadedConfiguration load(String yaml, Map<String, String> environment) throws IOException {
    Path file = Files.writeString(directory.resolve("c.yaml"), yaml);
    return ConfigurationLoader.load(new ConfigurationInput(file, environment, Map.of()));
  }

  private List<TrafficSettings> sound(String yaml) throws IOException {
    LoadedConfiguration loaded = load(yaml, Map.of());
    assertThat(loaded.problems()).isEmpty();
    return Objects.requireNonNull(loaded.configuration()).traffic();
  }

  @Test
  void theFileOfTheManualIsRead() throws IOException {
    Path token = Files.writeString(directory.resolve("router.token"), "hunter2-hunter2\n");
    String manual = Files.readString(Path.of("..", "docs", "traffic.md"));
    String yaml = manual.substring(manual.indexOf("```yaml\n") + 8, manual.indexOf("```\n", manual.indexOf("```yaml\n") + 8));
    List<TrafficSettings> traffic = sound(yaml.replace("/etc/helios-repl/router.token", token.toString()));
    assertThat(traffic).hasSize(4);
    TrafficSettings.Directory table = (TrafficSettings.Directory) traffic.getFirst();
    assertThat(table.schema() + "|" + table.table() + "|" + table.tenantColumn() + "|" + table.channel()).isEqualTo("saas|tenants|id|tenant_moves");
    assertThat(table.columns()).hasSize(6).containsEntry(DirectoryColumn.HOST, "db_host");
    assertThat(table.timeout()).isEqualTo(TrafficSettings.TIMEOUT);
    TrafficSettings.Pgbouncer pooler = (TrafficSettings.Pgbouncer) traffic.get(1);
    assertThat(pooler.console().place()).isEqualTo("10.0.0.5:6432/pgbouncer");
    assertThat(pooler.file()).isEqualTo(Path.of("/etc/pgbouncer/tenants/aliases.ini"));
    assertThat(pooler.alias()).isEqualTo("shop_{key}");
    assertThat(pooler.timeout()).isEqualTo(Duration.ofSeconds(2));
    assertThat(pooler.homes())
        .isEqualTo(Map.of("shop-eu", new SeenHome("db-eu.internal", 5433, null), "eu-central-1/shop", new SeenHome(null, null, "shop2")));
    assertThat(traffic.get(2))
        .isEqualTo(new TrafficSettings.Command(List.of("/usr/local/bin/move-traffic", "--fast"), Duration.ofSeconds(3), Map.of()));
    TrafficSettings.Hook hook = (TrafficSettings.Hook) traffic.get(3);
    assertThat(hook.token()).isEqualTo("hunter2-hunter2");
    assertThat(hook.timeout()).isEqualTo(TrafficSettings.HOOK_TIMEOUT);
  }

  @Test
  void noSecretIsShown() throws IOException {
    Path token = Files.writeString(directory.resolve("router.token"), "hunter2-hunter2\n");
    LoadedConfiguration loaded = load(
        "traffic: [ { http: { url: \"https://r/\", token-file: %s } }, { pgbouncer: { url: \"postgresql://a:hunter2@b/pgbouncer\", file: /x } } ]\n"
            .formatted(token),
        Map.of());
    assertThat(loaded.problems()).isEmpty();
    assertThat(loaded.values() + " " + Objects.requireNonNull(loaded.configuration()).traffic()).doesNotContain("hunter2");
  }

  @Test
  void anEntryIsReachedFromTheEnvironmentToo() throws IOException {
    LoadedConfiguration loaded = load(
        "traffic: [ { pgbouncer: { url: \"postgresql://a@b/pgbouncer\", file: /x } } ]\n", Map.of("HELIOS_TRAFFIC_0__PGBOUNCER_FILE", "/y"));
    assertThat(loaded.warnings()).isEmpty();
    assertThat(Objects.requireNonNull(loaded.configuration()).traffic())
        .singleElement()
        .isInstanceOfSatisfying(TrafficSettings.Pgbouncer.class, p -> assertThat(p.file()).isEqualTo(Path.of("/y")));
  }

  @Test
  void allThatIsWrongIsSaidAtOnce() throws IOException {
    LoadedConfiguration loaded = load(
        """
        traffic:
          - {}
          - { http: { url: "https://r/?token=x" }, command: { run: [/a] } }
          - http: { url: "http://router/", token-file: TOKEN }
          - http: { token-file: /nowhere/at/all }
          - command: { run: [move-traffic] }
          - command: { timeout: 1ms }
          - pgbouncer: { url: "postgresql://a@b/shop", file: tenants.ini, alias: shop, homes: { x: { port: 0 } } }
          - pgbouncer: { file: /x }
          - directory: { url: "postgresql://a@b/c", table: a.b.c, columns: { home: home } }
          - directory: { url: "postgresql://a@b/c", table: t, tenant-column: id, columns: { epoch: e, homes: h } }
        """
            .replace("TOKEN", Files.writeString(directory.resolve("t"), "secret").toString()),
        Map.of());
    assertThat(loaded.configuration()).isNull();
    List<String> said = loaded.problems().stream().map(Problem::message).map(m -> m.replaceFirst("^c.yaml:\\d+: ", "")).toList();
    assertThat(said)
        .containsExactlyInAnyOrder(
            "traffic[0]: exactly one of pgbouncer, command, http and directory is needed",
            "traffic[1]: exactly one of pgbouncer, command, http and directory is needed",
            "traffic[1].http.url: the value is not right",
            "traffic[2].http.url: needs https",
            "traffic[3].http.token-file: cannot be read",
            "traffic[3].http.url: is missing",
            "traffic[4].command.run: is no program",
            "traffic[5].command.run: is missing",
            "traffic[5].command.timeout: the value is not right",
            "traffic[6].pgbouncer.url: is not the admin console",
            "traffic[6].pgbouncer.file: the value is not right",
            "traffic[6].pgbouncer.alias: the value is not right",
            "traffic[6].pgbouncer.homes.x.port: the value is not right",
            "traffic[7].pgbouncer.url: is missing",
            "traffic[8].directory.table: the value is not right",
            "traffic[8].directory.tenant-column: is missing",
            "traffic[8].directory.columns.epoch: is missing",
            "traffic[9].directory.columns: nothing says where a tenant is",
            "traffic[9].directory.columns.homes: unknown key");
    assertThat(loaded.problems()).allSatisfy(problem -> assertThat(problem.hint()).isNotBlank());
    assertThat(loaded.problems().toString()).doesNotContain("secret");
  }
}
