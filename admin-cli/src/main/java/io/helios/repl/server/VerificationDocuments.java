package io.helios.repl.server;

import io.helios.repl.status.DifferingKeys;
import io.helios.repl.status.Evidence;
import io.helios.repl.status.TableEvidence;
import io.helios.repl.status.VerificationCost;
import io.helios.repl.status.VerificationProgress;
import io.helios.repl.verify.RowQuery;
import java.time.Instant;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Evidence as JSON. Pure. */
final class VerificationDocuments {

  private VerificationDocuments() {}

  /** With its tables, and for those that differ the SQL that lists their rows. */
  static ObjectNode verification(
      Evidence e, boolean superseded, String tenantKey, @Nullable VerificationProgress progress) {
    ObjectNode node = summary(e, superseded);
    ArrayNode tables = node.putArray("tables");
    e.tables().stream()
        .sorted(Comparator.comparing(TableEvidence::table))
        .forEach(table -> tables.add(table(table, tenantKey)));
    if (progress != null) {
      node.putObject("progress")
          .put("tables", progress.tables())
          .put("tablesDone", progress.tablesDone())
          .put("rows", progress.rows())
          .put("bytes", progress.bytes())
          .put("bytesExpected", progress.bytesExpected())
          .put("snapshotMillis", progress.snapshotMillis());
    }
    return node;
  }

  /** Without its tables. */
  static ObjectNode summary(Evidence e, boolean superseded) {
    Instant ended = e.endedAt();
    ObjectNode node =
        Json.document("Verification")
            .put("tenant", e.tenant())
            .put("id", e.id().toString())
            .put("lsn", e.lsn().toString())
            .put("at", Documents.time(e.takenAt()))
            .put("millis", e.cost().millis())
            .put("equal", e.equal())
            .put("complete", e.complete())
            .put("superseded", superseded)
            .put("epoch", e.epoch())
            .put("begunAt", Documents.time(e.begunAt()))
            .put("endedAt", ended == null ? null : Documents.time(ended))
            .put("tablesWanted", e.tablesWanted())
            .put("tablesDone", e.tables().size())
            .put("sourceRows", e.tables().stream().mapToLong(TableEvidence::sourceRows).sum())
            .put("targetRows", e.tables().stream().mapToLong(TableEvidence::targetRows).sum())
            .put("differing", e.tables().stream().mapToLong(TableEvidence::differing).sum());
    node.putObject("source").put("systemIdentifier", e.systemIdentifier()).put("timeline", e.timeline());
    VerificationCost cost = e.cost();
    node.putObject("cost")
        .put("rows", cost.rows())
        .put("bytes", cost.bytes())
        .put("pausedMillis", cost.pausedMillis())
        .put("heldMillis", cost.heldMillis())
        .put("snapshotMillis", cost.snapshotMillis())
        .put("points", cost.points());
    return node;
  }

  private static ObjectNode table(TableEvidence t, String tenantKey) {
    ObjectNode node =
        Json.MAPPER
            .createObjectNode()
            .put("table", t.table())
            .put("sourceRows", t.sourceRows())
            .put("targetRows", t.targetRows())
            .put("differing", t.differing())
            .put("altered", t.altered())
            .put("missing", t.missing())
            .put("extra", t.extra())
            .put("lsn", t.lsn().toString())
            .put("at", Documents.time(t.at()))
            .put("sourceDigest", t.sourceDigest())
            .put("targetDigest", t.targetDigest());
    ArrayNode columns = node.putArray("columns");
    t.columns().forEach(columns::add);
    DifferingKeys keys = t.keys();
    if (keys != null) {
      ArrayNode hashes = node.putArray("keyHashes");
      keys.hashes().forEach(hashes::add);
      node.put("sql", RowQuery.of(t, tenantKey));
    }
    return node;
  }
}
