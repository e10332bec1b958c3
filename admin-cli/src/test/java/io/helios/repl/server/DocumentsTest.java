package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.config.EffectiveValue;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.PreparationPlan;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.LagObjective;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Scripts rely on these shapes: whoever changes one breaks them. */
class DocumentsTest {

  private static final Instant AT = Instant.parse("2026-01-01T00:00:00.123456Z");
  private static final Problem PROBLEM =
      new Problem(ErrorCode.INTERNAL, "what", "why", "run this", "2/A0", "public.orders");

  @Test
  void aTenantsStatusIsTheManualsExample() {
    same(
        Documents.tenantStatus(status(TenantState.STREAMING, null)),
        """
        {"apiVersion": "helios-repl/v1", "kind": "TenantStatus", "tenant": "tenant-123", "state": "STREAMING",
         "source": "shop", "target": "shop-eu", "sourceRegion": "us-east-1", "targetRegion": "eu-central-1",
         "tier": "standard", "epoch": 1, "lagSeconds": 0.21, "lagBytes": 41984, "lagTargetSeconds": 5.0, "rowsPerSecond": 3412.0,
         "appliedLsn": "2/A0012F30", "capturedLsn": "2/A001C0F8", "copy": {"tables": 23, "done": 23, "rows": 1000000, "bytes": 1932735283},
         "conflicts": 0, "sealedBytes": 9437184, "rawBytes": 40370176, "since": "2026-01-01T00:00:00.123Z",
         "objective": {"windowSeconds": 3600, "attained": 0.9993, "goal": 0.99, "budgetLeft": 0.93, "burnRate": 0.2},
         "error": null, "nextSteps": ["helios-repl verify run tenant-123"]}
        """);
  }

  @Test
  void aTenantsErrorHasTheManualsFields() {
    same(
        Documents.tenantStatus(status(TenantState.FAILED, PROBLEM)).path("error"),
        """
        {"code": "HR-9001", "message": "what", "why": "why", "hint": "run this", "lsn": "2/A0", "table": "public.orders", "at": "2026-01-01T00:00:00.123Z"}
        """);
  }

  @Test
  void whatIsNotKnownIsNull() {
    TenantStatus fresh =
        new TenantStatus(
            "a",
            TenantState.CREATED,
            "s",
            "t",
            "standard",
            1,
            null,
            null,
            5,
            0,
            null,
            null,
            TenantStatus.CopyProgress.NONE,
            0,
            0,
            0,
            AT,
            null,
            null,
            null,
            null,
            null);
    ObjectNode node = Documents.tenantStatus(fresh);
    assertThat(List.of("lagSeconds", "lagBytes", "appliedLsn", "capturedLsn", "sourceRegion", "targetRegion", "objective", "error"))
        .allSatisfy(
            f -> {
              assertThat(node.has(f)).isTrue();
              assertThat(node.path(f).isNull()).isTrue();
            });
  }

  @ParameterizedTest
  @EnumSource(
      value = TenantState.class,
      names = {"FENCED", "CUTOVER", "MOVED", "PROMOTED"},
      mode = EnumSource.Mode.EXCLUDE)
  void everyStateOfThisReleaseHasANextStepThatIsACommand(TenantState state) {
    assertThat(Documents.nextSteps("acme", state))
        .isNotEmpty()
        .allMatch(s -> s.startsWith("helios-repl ") && s.contains(" acme"));
  }

  @Test
  void aDescribedTenantHasItsDeclarationStatusAndEvents() {
    Tenant tenant =
        new Tenant(
            new UUID(1, 2),
            "tenant-123",
            "123",
            "shop",
            "shop-eu",
            new TableFilter(List.of("public.*", "!public.x")),
            Tier.BEST_EFFORT,
            Duration.ofSeconds(5),
            ConflictPolicy.SOURCE_WINS,
            1);
    ObjectNode node =
        Documents.tenant(
            new StoredTenant(tenant, DesiredState.RUNNING, AT),
            status(TenantState.STREAMING, null),
            List.of(
                new SequenceSample("s", "q", "public", "t", "id", 41, true, 1, Lsn.parse("0/10"), AT),
                new SequenceSample("s", "r", "public", "t", "no", 1, false, -2, Lsn.parse("0/10"), AT)),
            List.of(
                new StoredEvent(
                    1, AT, FleetEvent.Severity.ERROR, "tenant-123", "tenant-state", "failed", "HR-9001", "run")));
    ObjectNode status = (ObjectNode) node.remove("status");
    assertThat(status.path("kind").asString()).isEqualTo("TenantStatus");
    same(
        node,
        """
        {"apiVersion": "helios-repl/v1", "kind": "Tenant", "tenant": "tenant-123", "id": "00000000-0000-0001-0000-000000000002",
         "key": "123", "source": "shop", "target": "shop-eu", "tables": ["public.*", "!public.x"], "tier": "best-effort",
         "lagTarget": "5s", "conflictPolicy": "source-wins", "fencing": "epoch", "epoch": 1, "desired": "RUNNING", "created": "2026-01-01T00:00:00.123Z",
         "sequences": [
           {"sequence": "s.q", "table": "public.t", "column": "id", "lastValue": 41, "increment": 1, "lsn": "0/10",
            "at": "2026-01-01T00:00:00.123Z"},
           {"sequence": "s.r", "table": "public.t", "column": "no", "lastValue": null, "increment": -2, "lsn": "0/10",
            "at": "2026-01-01T00:00:00.123Z"}],
         "events": [{"id": 1, "at": "2026-01-01T00:00:00.123Z", "severity": "ERROR", "tenant": "tenant-123", "type": "tenant-state",
           "message": "failed", "code": "HR-9001", "hint": "run"}]}
        """);
  }

  @Test
  void sourcesAndTargetsTellHowTheyAre() {
    same(
        Documents.endpoint(
            new EndpointStatus("shop", "source", "h:5432/shop", true, Lsn.parse("0/10"), 5L, 6L, 7, null, null)),
        """
        {"apiVersion": "helios-repl/v1", "kind": "Source", "source": "shop", "place": "h:5432/shop", "reachable": true,
         "capturedLsn": "0/10", "retainedWalBytes": 5, "relayBytes": 6, "tenants": 7, "error": null}
        """);
    same(
        Documents.endpoint(new EndpointStatus("eu", "target", "h:5432/shop", false, null, null, null, 0, PROBLEM, AT)),
        """
        {"apiVersion": "helios-repl/v1", "kind": "Target", "target": "eu", "place": "h:5432/shop", "reachable": false, "tenants": 0,
         "error": {"code": "HR-9001", "message": "what", "why": "why", "hint": "run this", "lsn": "2/A0", "table": "public.orders", "at": "2026-01-01T00:00:00.123Z"}}
        """);
  }

  @Test
  void aCheckIsNotOkWhenAnythingIsAnError() {
    Finding warning = new Finding(Severity.WARN, ErrorCode.INTERNAL, "m", "w", "h");
    Finding error = new Finding(Severity.ERROR, ErrorCode.INTERNAL, "m", "w", "h");
    same(
        Documents.check("source", "shop", List.of(warning)),
        """
        {"apiVersion": "helios-repl/v1", "kind": "Check", "source": "shop", "ok": true,
         "findings": [{"severity": "WARN", "code": "HR-9001", "message": "m", "why": "w", "hint": "h", "table": null}]}
        """);
    assertThat(Documents.check("target", "eu", List.of(warning, error)).path("ok").asBoolean()).isFalse();
  }

  @Test
  void plansAndPreparationsListTheirSteps() {
    same(
        Documents.preparation("source", "shop", new PreparationPlan(List.of("CREATE X"), false)),
        """
        {"apiVersion": "helios-repl/v1", "kind": "Preparation", "source": "shop", "done": false, "sql": ["CREATE X"]}
        """);
    same(
        Documents.plan("tenant start", "acme", List.of("copy")),
        """
        {"apiVersion": "helios-repl/v1", "kind": "Plan", "command": "tenant start", "name": "acme", "steps": ["copy"]}
        """);
  }

  @Test
  void listsHaveItems() {
    same(
        Documents.list("TenantList", List.of()),
        "{\"apiVersion\": \"helios-repl/v1\", \"kind\": \"TenantList\", \"items\": []}");
    same(
        Documents.configuration(List.of(new EffectiveValue("listen", "x", "default"))),
        """
        {"apiVersion": "helios-repl/v1", "kind": "Configuration", "items": [{"key": "listen", "value": "x", "origin": "default"}]}
        """);
  }

  @Test
  void problemsAreProblemDocuments() {
    same(
        Problems.document(PROBLEM, 500),
        """
        {"type": "urn:helios-repl:HR-9001", "title": "A bug in helios-repl", "code": "HR-9001", "detail": "what", "why": "why",
         "hint": "run this", "lsn": "2/A0", "table": "public.orders", "status": 500}
        """);
    assertThat(Problems.document(List.of(PROBLEM, PROBLEM), 400).path("problems")).hasSize(2);
  }

  /** Same fields in the same order with the same values. */
  private static void same(JsonNode actual, String expected) {
    assertThat(actual.toString()).isEqualTo(Json.MAPPER.readTree(expected).toString());
  }

  private static TenantStatus status(TenantState state, @Nullable Problem error) {
    return new TenantStatus(
        "tenant-123",
        state,
        "shop",
        "shop-eu",
        "standard",
        1,
        0.21,
        41984L,
        5,
        3412,
        Lsn.parse("2/A0012F30"),
        Lsn.parse("2/A001C0F8"),
        new TenantStatus.CopyProgress(23, 23, 1_000_000, 1_932_735_283, 1_000_000, 1_932_735_283, null),
        0,
        9_437_184,
        40_370_176,
        AT,
        error,
        error == null ? null : AT,
        "us-east-1",
        "eu-central-1",
        new LagObjective(Duration.ofHours(1), 0.99931, 0.99, 0.9302, 0.2));
  }
}
