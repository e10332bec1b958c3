package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;
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
  void aSlotThatNobodyReadsIsFoundAndItsHintDropsIt() {
    String slot = "helios_gone_" + server.source.name();
    String hint = "helios-repl slot drop shop " + slot;
    server.source.execute("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
    try {
      assertThat(findings(ErrorCode.SLOT_ORPHANED))
          .anyMatch(f -> f.path("hint").asString().equals(hint))
          .as("our own").noneMatch(f -> f.path("message").asString().contains("slot helios_" + server.source.name() + ","));
      server.done((hint.substring("helios-repl ".length()) + " --confirm=" + slot).split(" "));

      assertThat(findings(ErrorCode.SLOT_ORPHANED)).noneMatch(f -> f.path("hint").asString().equals(hint));
    } finally {
      server.source.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '" + slot + "'");
    }
  }

  @Test
  void aSequenceWithoutValuesLeftIsAnErrorUntilItsHintWasRunAndABigOneIsNot() {
    server.source.execute(
        "CREATE SEQUENCE \"Small\" AS integer", "SELECT setval('\"Small\"', 2100000000)", "CREATE SEQUENCE big",
        "SELECT setval('big', 2100000000)", "CREATE SEQUENCE down INCREMENT -1 MINVALUE -100 MAXVALUE -1",
        "SELECT setval('down', -85)");
    try {
      List<JsonNode> found = findings(ErrorCode.SEQUENCE_NEAR_END);

      assertThat(found).extracting(f -> f.path("message").asString().replaceAll(".*sequence (\\S+) .*", "$1"))
          .containsExactly("public.Small", "public.down");
      assertThat(found).extracting(f -> f.path("severity").asString()).containsExactly("ERROR", "WARN");
      assertThat(server.run("doctor").code()).isEqualTo(6);
      found.forEach(f -> server.source.execute(f.path("hint").asString()));

      assertThat(findings(ErrorCode.SEQUENCE_NEAR_END)).isEmpty();
    } finally {
      server.source.execute("DROP SEQUENCE \"Small\"", "DROP SEQUENCE big", "DROP SEQUENCE down");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"!helios_guard", "!helios_guard_table"})
  void aGuardThatIsSwitchedOffIsFoundAndItsHintMendsIt(String trigger) {
    server.target.execute("ALTER TABLE orders DISABLE TRIGGER \"" + trigger + "\"");

    assertThat(findings(ErrorCode.GUARD_OFF)).singleElement().satisfies(found -> {
      assertThat(found.path("message").asString()).contains("public.orders").contains("\"acme\"");
      assertThat(found.path("hint").asString()).isEqualTo("ALTER TABLE public.orders ENABLE TRIGGER \"" + trigger + "\";");
      server.target.execute(found.path("hint").asString());
    });

    assertThat(findings(ErrorCode.GUARD_OFF)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"!helios_guard", "!helios_guard_table"})
  void aGuardThatWasDroppedIsFoundAndItsHintBringsItBack(String trigger) {
    server.target.execute("DROP TRIGGER \"" + trigger + "\" ON orders");

    assertThat(findings(ErrorCode.GUARD_OFF)).singleElement().satisfies(found -> {
      assertThat(found.path("why").asString()).contains("missing");
      assertThat(found.path("hint").asString()).isEqualTo("helios-repl target prepare shop-eu");
    });
    assertThat(server.done("target", "prepare", "shop-eu", "--dry-run").out()).contains("CREATE TRIGGER \"" + trigger + "\"");
    server.done("target", "prepare", "shop-eu");

    assertThat(findings(ErrorCode.GUARD_OFF)).isEmpty();
    assertThatThrownBy(() -> server.target.execute(trigger.endsWith("table") ? "TRUNCATE orders" : "DELETE FROM orders"))
        .hasStackTraceContaining("read-only");
  }

  @Test
  void aGuardThatNothingIsKnownOfIsFound() {
    server.target.execute("CREATE TABLE saved AS TABLE helios.guarded", "DELETE FROM helios.guarded");
    try {
      assertThat(findings(ErrorCode.GUARD_OFF)).singleElement()
          .satisfies(found -> assertThat(found.path("hint").asString()).isEqualTo("helios-repl tenant resync acme"));
    } finally {
      server.target.execute("INSERT INTO helios.guarded TABLE saved", "DROP TABLE saved");
    }
  }

  @Test
  void aTransactionThatStaysOpenIsFoundUntilItsHintEndsIt() throws Exception {
    SourceScope scope =
        new SourceScope("shop", new Tenancy.ByColumn("tenant_id"), TableFilter.ALL, null, "none", "none");
    try (Connection open = server.source.connect();
        Statement statement = open.createStatement();
        Connection ours = PgConnections.open(server.source.settings(), "doctor", null)) {
      open.setAutoCommit(false);
      statement.execute("CREATE TABLE never_committed ()");

      assertThat(SourceHealth.run(ours, scope, Set.of(), 1 << 30, SourceHealth.LONG_TRANSACTION))
          .extracting(Finding::code).doesNotContain(ErrorCode.LONG_TRANSACTION);
      String hint = "SELECT pg_terminate_backend(" + open.unwrap(PGConnection.class).getBackendPID() + ");";
      await().atMost(PATIENCE).untilAsserted(() ->
          assertThat(SourceHealth.run(ours, scope, Set.of(), 1 << 30, Duration.ofMillis(1))).extracting(Finding::hint).contains(hint));
      server.source.execute(hint);
      await().atMost(PATIENCE).untilAsserted(() ->
          assertThat(SourceHealth.run(ours, scope, Set.of(), 1 << 30, Duration.ofMillis(1))).extracting(Finding::hint).doesNotContain(hint));
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
