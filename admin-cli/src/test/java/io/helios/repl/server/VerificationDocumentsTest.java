package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.DifferingKeys;
import io.helios.repl.status.Evidence;
import io.helios.repl.status.TableEvidence;
import io.helios.repl.status.VerificationCost;
import io.helios.repl.status.VerificationProgress;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Scripts rely on these shapes: whoever changes one breaks them. */
class VerificationDocumentsTest {

  private static final Instant AT = Instant.parse("2026-01-01T00:00:00.123456Z");
  private static final Evidence EVIDENCE =
      new Evidence(
              new UUID(0, 1), new UUID(0, 2), "tenant-123", 3, "7512345678901234567", 1, AT, null, 1, List.of(),
              new VerificationCost(17, 20, 4096, 5, 6, 7, 1))
          .with(new TableEvidence(
              "public.orders", Lsn.parse("2/A0"), AT, 10, 10, "aa", "aa", List.of("id", "v"), 0, 0, 0, null))
          .ended(AT.plusSeconds(1));

  @Test
  void aVerificationIsTheManualsExampleAndMore() {
    assertThat(VerificationDocuments.verification(EVIDENCE, false, "123", null).toString())
        .isEqualTo(
            Json.MAPPER
                .readTree(
                    """
                    {"apiVersion": "helios-repl/v1", "kind": "Verification", "tenant": "tenant-123",
                     "id": "00000000-0000-0000-0000-000000000001", "lsn": "2/A0", "at": "2026-01-01T00:00:00.123Z", "millis": 17,
                     "equal": true, "complete": true, "superseded": false, "epoch": 3,
                     "begunAt": "2026-01-01T00:00:00.123Z", "endedAt": "2026-01-01T00:00:01.123Z",
                     "tablesWanted": 1, "tablesDone": 1, "sourceRows": 10, "targetRows": 10, "differing": 0,
                     "source": {"systemIdentifier": "7512345678901234567", "timeline": 1},
                     "cost": {"rows": 20, "bytes": 4096, "pausedMillis": 5, "heldMillis": 6, "snapshotMillis": 7, "points": 1},
                     "tables": [{"table": "public.orders", "sourceRows": 10, "targetRows": 10, "differing": 0,
                       "altered": 0, "missing": 0, "extra": 0, "lsn": "2/A0", "at": "2026-01-01T00:00:00.123Z",
                       "sourceDigest": "aa", "targetDigest": "aa", "columns": ["id", "v"]}]}
                    """)
                .toString());
  }

  @Test
  void aTableThatDiffersHasTheHashesOfItsKeysAndTheSqlThatListsItsRows() {
    Evidence differing =
        EVIDENCE.with(
            new TableEvidence(
                "public.orders", Lsn.parse("2/A0"), AT, 10, 10, "aa", "ab", List.of("id", "v"), 1, 0, 0,
                new DifferingKeys("\"public\".\"orders\"", "\"tenant_id\"", "sha256(t.id)", false, List.of("00ff"))));
    JsonNode document = VerificationDocuments.verification(differing, false, "it's", null);
    assertThat(document.path("equal").asBoolean()).isFalse();
    JsonNode table = document.path("tables").path(0);
    assertThat(table.path("differing").asInt()).isEqualTo(1);
    assertThat(table.path("keyHashes").path(0).asString()).isEqualTo("00ff");
    assertThat(table.path("sql").asString()).contains("BEGIN READ ONLY", "t.\"tenant_id\" = 'it''s'", "'{00ff}'");
  }

  @Test
  void aRunningOneTellsHowFarItIs() {
    JsonNode document =
        VerificationDocuments.verification(EVIDENCE, false, "123", new VerificationProgress(5, 1, 100, 1000, 4000, 60));
    assertThat(document.path("progress").toString())
        .isEqualTo("{\"tables\":5,\"tablesDone\":1,\"rows\":100,\"bytes\":1000,\"bytesExpected\":4000,\"snapshotMillis\":60}");
  }

  @Test
  void evidenceComesBackAsItWasFromItsJson() {
    assertThat(Json.MAPPER.readValue(Json.MAPPER.writeValueAsString(EVIDENCE), Evidence.class)).isEqualTo(EVIDENCE);
  }
}
