package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;
import static io.helios.repl.server.Api.name;

import io.helios.repl.pipeline.Fleet;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.PipelineDetail;
import io.javalin.config.RoutesConfig;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code GET /api/v1/tenants/{name}/pipeline}: a tenant's way from source to target, stage by stage. */
record PipelineRoutes(Tenants tenants, Fleet fleet) {

  void install(RoutesConfig routes) {
    routes.get(
        "/api/v1/tenants/{name}/pipeline",
        r -> answer(r, 200, document(fleet.detail(tenants.engaged(name(r)).id()))));
  }

  static ObjectNode document(PipelineDetail detail) {
    ObjectNode node = Json.document("Pipeline").put("tenant", detail.tenant());
    ArrayNode stages = node.putArray("stages");
    for (PipelineDetail.Stage stage : detail.stages()) {
      stages
          .addObject()
          .put("stage", stage.name())
          .put("p50Millis", rounded(stage.p50Millis()))
          .put("p99Millis", rounded(stage.p99Millis()))
          .put("queue", stage.queue())
          .put("state", stage.state());
    }
    ArrayNode lag = node.putArray("lag");
    detail.lag().forEach(p -> lag.addObject().put("at", Documents.time(p.at())).put("seconds", rounded(p.seconds())));
    ArrayNode tables = node.putArray("tables");
    for (PipelineDetail.TableFlow table : detail.tables()) {
      tables
          .addObject()
          .put("table", table.table())
          .put("rows", table.rows())
          .put("rowsPerSecond", rounded(table.rowsPerSecond()))
          .put("lagSeconds", rounded(table.lagSeconds()));
    }
    node.put("releasedLsn", text(detail.releasedLsn()))
        .put("restartLsn", text(detail.restartLsn()))
        .put("retainedWalBytes", detail.retainedWalBytes());
    node.set("error", Documents.error(detail.error(), detail.errorAt()));
    return node;
  }

  private static @Nullable Double rounded(@Nullable Double value) {
    return value == null ? null : (Double) (Math.round(value * 1000) / 1000.0);
  }

  private static @Nullable String text(@Nullable Lsn lsn) {
    return lsn == null ? null : lsn.toString();
  }
}
