package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.capture.SourceHealth;
import io.helios.repl.capture.SourceScope;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.status.Finding;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The doctor, a tenant's pipeline and the metrics, of a server on real databases. */
class DoctorTest {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir static Path directory;

  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(directory);
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "start", "acme", "--wait", "--timeout", "2m");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static List<JsonNode> findings(ErrorCode code) {
    JsonNode doctor = server.run("doctor", "-o", "json").json();
    assertThat(doctor.path("kind").asString()).isEqualTo("Doctor");
    assertThat(doctor.path("findings")).allSatisfy(f -> {
      assertThat(f.path("message").asString()).isNotBlank();
      assertThat(f.path("why").asString()).isNotBlank();
      assertThat(f.path("hint").asString()).isNotBlank();
    });
    return doctor.path("findings").valueStream().filter(f -> f.path("code").asString().equals(code.id())).toList();
  }

  @Test
  void whatIsOnOneHostAndAKeyThatIsNowhereElseAreNoErrors() {
    TestServer.Ran ran = server.done("doctor");

    assertThat(ran.out())
        .contains("warning").contains("0 errors").contains("HR-9057").contains("HR-9058").contains("on one host")
        .doesNotContain("HR-2222");
    assertThat(server.done("doctor", "--all").out()).contains("info HR-2222");
  }

  @Test
  void aSlotThatNobodyReadsIsNamedWithTheSqlThatDropsIt() {
    String slot = "helios_gone_" + server.source.name();
    server.source.execute("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
    try {
      assertThat(findings(ErrorCode.SLOT_ORPHANED))
          .anyMatch(f -> f.path("hint").asString().contains("pg_drop_replication_slot('" + slot + "')"))
          .as("our own").noneMatch(f -> f.path("message").asString().contains("slot helios_" + server.source.name() + ","));
    } finally {
      server.source.execute("SELECT pg_drop_replication_slot('" + slot + "')");
    }
  }

  @Test
  void aSequenceWithoutValuesLeftIsAnErrorAndABigOneIsNot() {
    server.source.execute(
        "CREATE SEQUENCE small AS integer", "SELECT setval('small', 2100000000)", "CREATE SEQUENCE big",
        "SELECT setval('big', 2100000000)", "CREATE SEQUENCE down INCREMENT -1 MINVALUE -100 MAXVALUE -1",
        "SELECT setval('down', -85)");
    try {
      List<JsonNode> found = findings(ErrorCode.SEQUENCE_NEAR_END);

      assertThat(found).extracting(f -> f.path("message").asString().replaceAll(".*sequence (\\S+) .*", "$1"))
          .containsExactly("public.small", "public.down");
      assertThat(found).extracting(f -> f.path("severity").asString()).containsExactly("ERROR", "WARN");
      assertThat(server.run("doctor").code()).isEqualTo(6);
    } finally {
      server.source.execute("DROP SEQUENCE small", "DROP SEQUENCE big", "DROP SEQUENCE down");
    }
  }

  @Test
  void aGuardThatIsSwitchedOffIsFoundAndItsHintMendsIt() {
    server.target.execute("ALTER TABLE orders DISABLE TRIGGER \"!helios_guard\"");

    JsonNode found = findings(ErrorCode.GUARD_OFF).getFirst();
    assertThat(found.path("message").asString()).contains("public.orders").contains("\"acme\"");
    String hint = found.path("hint").asString();
    server.target.execute(hint.substring(hint.indexOf("ALTER"), hint.indexOf(';')));

    assertThat(findings(ErrorCode.GUARD_OFF)).isEmpty();
  }

  @Test
  void aTransactionThatStaysOpenIsNamedByItsProcess() throws Exception {
    SourceScope scope =
        new SourceScope("shop", new Tenancy.ByColumn("tenant_id"), TableFilter.ALL, null, "none", "none");
    try (Connection open = server.source.connect();
        Statement statement = open.createStatement();
        Connection ours = PgConnections.open(server.source.settings(), "doctor", null)) {
      open.setAutoCommit(false);
      statement.execute("CREATE TABLE never_committed ()");

      assertThat(SourceHealth.run(ours, scope, Set.of(), 1 << 30, SourceHealth.LONG_TRANSACTION))
          .extracting(Finding::code).doesNotContain(ErrorCode.LONG_TRANSACTION);
      await().atMost(PATIENCE).untilAsserted(() ->
          assertThat(SourceHealth.run(ours, scope, Set.of(), 1 << 30, Duration.ofMillis(1)))
              .filteredOn(f -> f.code() == ErrorCode.LONG_TRANSACTION)
              .anyMatch(f -> f.hint().startsWith("SELECT pg_terminate_backend(")));
      open.rollback();
    }
  }

  @Test
  void thePipelineTellsItsStagesItsLagAndItsTables() throws Exception {
    server.source.execute("INSERT INTO orders SELECT 'acme', i, 'more' FROM generate_series(1000, 1500) i");
    server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "2m");

    await().atMost(PATIENCE).untilAsserted(() -> {
      JsonNode pipeline = TestServer.json(server.api("GET", "/tenants/acme/pipeline", null));
      assertThat(pipeline.path("kind").asString()).isEqualTo("Pipeline");
      assertThat(pipeline.path("stages")).extracting(stage -> stage.path("stage").asString())
          .containsExactly("read", "seal", "journal", "ship", "apply");
      assertThat(pipeline.path("stages")).allSatisfy(stage -> {
        assertThat(stage.path("p50Millis").isNumber()).as(stage.toString()).isTrue();
        assertThat(stage.path("p99Millis").asDouble()).isGreaterThanOrEqualTo(stage.path("p50Millis").asDouble());
        assertThat(stage.path("state").asString()).isNotBlank();
      });
      assertThat(pipeline.path("lag").path(0).path("seconds").isNumber()).isTrue();
      assertThat(pipeline.path("tables").path(0).path("table").asString()).isEqualTo("public.orders");
      assertThat(pipeline.path("tables").path(0).path("rows").asLong()).isGreaterThanOrEqualTo(501);
      assertThat(pipeline.path("restartLsn").asString()).matches("[0-9A-F]+/[0-9A-F]+");
      assertThat(pipeline.path("error").isNull()).isTrue();
    });
    assertThat(server.api("GET", "/tenants/nobody/pipeline", null).statusCode()).isEqualTo(404);
  }

  @Test
  void theMetricsHaveTheManualsNames() {
    server.source.execute("INSERT INTO orders VALUES ('acme', 2000, 'counted')");
    server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "2m");

    await().atMost(PATIENCE).untilAsserted(() -> {
      String metrics = server.http("GET", "/metrics", null, null).body();
      assertThat(metrics).contains(
          "helios_repl_lag_seconds{source=\"shop\",target=\"shop-eu\",tenant=\"acme\"}",
          "helios_repl_lag_bytes{source=\"shop\",target=\"shop-eu\",tenant=\"acme\"}",
          "helios_repl_apply_rows_total{op=\"insert\",table=\"public.orders\",tenant=\"acme\"}",
          "helios_repl_apply_transactions_total{tenant=\"acme\"}",
          "helios_repl_relay_bytes{tenant=\"acme\"}",
          "helios_repl_sealed_bytes_total ",
          "helios_repl_raw_bytes_total ",
          "helios_repl_source_wal_retained_bytes{source=\"shop\"}",
          "helios_repl_tenant_state{state=\"STREAMING\",tenant=\"acme\"} 1.0",
          "helios_repl_tenants{state=\"STREAMING\"} 1.0",
          "helios_repl_lag_measured_seconds_total{tenant=\"acme\"}",
          "helios_repl_lag_budget_left_ratio{tenant=\"acme\"}",
          "helios_repl_stage_seconds{endpoint=\"shop\",quantile=\"0.99\",stage=\"journal\"}",
          "helios_repl_source_up{source=\"shop\"} 1.0",
          "helios_repl_target_up{target=\"shop-eu\"} 1.0",
          "helios_repl_tenants_unverified 0.0",
          "helios_repl_sampled_timestamp_seconds ");
    });
  }
}
