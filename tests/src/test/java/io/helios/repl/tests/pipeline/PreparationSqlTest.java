package io.helios.repl.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** What {@code prepare --dry-run} prints, against the log of what the server was then told. */
class PreparationSqlTest {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir Path directory;

  /** Statements that change something, as the database's log has them since the marker. */
  private static List<String> executed(Database database) {
    return database.value("SELECT pg_catalog.pg_read_file(pg_catalog.pg_current_logfile('jsonlog'))").lines()
        .map(JSON::readTree)
        .filter(line -> line.path("dbname").asString("").equals(database.name()))
        .filter(line -> line.path("application_name").asString("").equals("helios-repl/prepare"))
        .map(line -> line.path("message").asString(""))
        .filter(message -> message.matches("(?s)(statement|execute [^:]+): .*"))
        .map(message -> message.substring(message.indexOf(": ") + 2))
        .filter(sql -> !sql.matches("(?is)\\s*(BEGIN|COMMIT|ROLLBACK|SET|SHOW)\\b.*"))
        .filter(sql -> !sql.matches("(?is)\\s*(SELECT|WITH)\\b.*") || sql.contains("pg_create_logical_replication_slot('"))
        .toList();
  }

  @Test
  void aDryRunPrintsExactlyWhatIsThenExecuted() throws Exception {
    try (LocalPostgres server = Postgres.start(17, Map.of(
        "logging_collector", "on", "log_destination", "jsonlog", "log_statement", "all", "fsync", "off"))) {
      Database source = Database.create(server);
      Database target = Database.create(server);
      source.execute(
          "CREATE TABLE orders (tenant_id text, id bigint, PRIMARY KEY (tenant_id, id))",
          "CREATE TABLE other (tenant_id int NOT NULL, id bigint PRIMARY KEY)",
          "CREATE TABLE \"Odd \"\"name\" (tenant_id int NOT NULL, line text)");
      try (Replication replication =
          new Replication(directory, source, target, new Tenancy.ByColumn("tenant_id"), null)) {
        List<String> atSource = replication.fleet.prepareSource("shop", true).sql();
        List<String> atTarget = replication.fleet.prepareTarget("copy", true).sql();
        assertThat(executed(source)).isEmpty();
        assertThat(executed(target)).isEmpty();
        assertThat(replication.fleet.prepareSource("shop", false).sql()).isEqualTo(atSource);
        assertThat(replication.fleet.prepareTarget("copy", false).sql()).isEqualTo(atTarget);
        assertThat(executed(source)).isEqualTo(atSource).hasSizeGreaterThan(4);
        assertThat(executed(target)).isEqualTo(atTarget).hasSizeGreaterThan(8);

        assertThat(replication.fleet.prepareSource("shop", true).sql()).isEmpty();
        assertThat(replication.fleet.prepareTarget("copy", true).sql()).isEmpty();
        target.execute("DROP SCHEMA helios CASCADE", "CREATE SCHEMA helios");
        List<String> without = replication.fleet.prepareTarget("copy", true).sql();
        assertThat(without).isEqualTo(atTarget.subList(1, atTarget.size()));
        replication.fleet.prepareTarget("copy", false);
        assertThat(executed(target)).endsWith(without.toArray(String[]::new)).hasSize(atTarget.size() + without.size());
      }
    }
  }
}
