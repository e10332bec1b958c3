package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;
import static io.helios.repl.server.Api.badRequest;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** What was changed, by whom, and whether that log is whole. */
final class AuditRoutes {

  private static final int LIMIT = 100;
  private static final int MOST = 1_000;

  private final AuditLog audit;

  AuditRoutes(AuditLog audit) {
    this.audit = audit;
  }

  void install(RoutesConfig routes) {
    routes.get("/api/v1/audit", this::list);
    routes.get("/api/v1/audit/verify", this::verify);
  }

  private void list(Context request) {
    int limit = Pages.limit(request, LIMIT, MOST);
    String cursor = request.queryParam("cursor");
    List<AuditLog.Change> found =
        audit.changes(cursor == null ? Long.MAX_VALUE : Pages.number(cursor), limit + 1);
    List<AuditLog.Change> page = found.subList(0, Math.min(limit, found.size()));
    ObjectNode list = Documents.list("AuditList", page.stream().map(AuditRoutes::document).toList());
    if (found.size() > limit) {
      list.put("next", Long.toString(page.getLast().asked().seq()));
    }
    answer(request, 200, list);
  }

  private void verify(Context request) {
    String head = request.queryParam("head");
    if (head != null && !head.matches("[0-9a-f]{64}")) {
      throw badRequest("the parameter head is not right", "what an earlier check had as \"head\": 64 hexadecimal digits");
    }
    answer(request, 200, audit.verify(head));
  }

  private static ObjectNode document(AuditLog.Change change) {
    AuditEntry asked = change.asked();
    AuditEntry end = asked.outcome().equals("asked") ? change.end() : asked;
    String detail = end != null && end.detail() != null ? end.detail() : asked.detail();
    return Json.MAPPER
        .createObjectNode()
        .put("id", asked.seq())
        .put("at", Documents.time(asked.at()))
        .put("who", asked.who())
        .put("role", asked.role())
        .put("address", asked.address())
        .put("action", asked.action())
        .put("detail", detail)
        .put("outcome", end == null ? "open" : end.outcome())
        .put("status", end == null ? null : end.status())
        .put("code", end == null ? null : end.code())
        .put("ended", end == null ? null : Documents.time(end.at()));
  }
}
