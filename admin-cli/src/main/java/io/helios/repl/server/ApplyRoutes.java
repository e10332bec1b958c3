package io.helios.repl.server;

import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /api/v1/apply}: makes the tenants what the body declares, all or none. Requests run on virtual threads. */
final class ApplyRoutes {

  private final ServerConfiguration configuration;
  private final Tenants tenants;

  ApplyRoutes(ServerConfiguration configuration, Tenants tenants) {
    this.configuration = configuration;
    this.tenants = tenants;
  }

  void install(RoutesConfig routes) {
    routes.post("/api/v1/apply", this::apply);
  }

  private void apply(Context request) {
    JsonNode items = Api.body(request).path("tenants");
    if (!items.isArray() || items.isEmpty()) {
      throw Api.badRequest(
          "the body has no list \"tenants\"", "{\"tenants\": [{\"name\": …, \"source\": …, \"target\": …}]}");
    }
    boolean dryRun = Api.dryRun(request);
    TenantDeclarations declarations = new TenantDeclarations(configuration);
    List<StoredTenant> declared = new ArrayList<>();
    Instant now = Instant.now();
    for (JsonNode item : items) {
      Optional.ofNullable(declarations.read(item, now)).ifPresent(declared::add);
    }
    Gate.detail(request, declared.stream().map(d -> d.tenant().name()).toList());
    List<Problem> problems = declarations.problems();
    if (problems.isEmpty()) {
      TenantPlan plan = tenants.apply(declared, dryRun);
      if (plan.problems().isEmpty()) {
        Api.answer(request, 200, document(plan, !dryRun));
        return;
      }
      problems = plan.problems();
    }
    int status = Problems.status(new OperatorException(problems.getFirst()));
    Api.problem(request, status, Problems.document(problems, status));
  }

  private static ObjectNode document(TenantPlan plan, boolean done) {
    ObjectNode node =
        Json.document("Apply")
            .put("done", done)
            .put("created", plan.created().size())
            .put("changed", plan.changed().size())
            .put("unchanged", plan.unchanged());
    ArrayNode items = node.putArray("items");
    for (StoredTenant created : plan.created()) {
      ArrayNode fields = item(items, created.tenant().name(), "create");
      TenantPlan.fields(created.tenant())
          .forEach((name, value) -> fields.addObject().put("field", name).putNull("from").put("to", value));
    }
    for (TenantPlan.Change change : plan.changed()) {
      ArrayNode fields = item(items, change.name(), "change");
      change.fields().forEach(f -> fields.addObject().put("field", f.name()).put("from", f.from()).put("to", f.to()));
    }
    ArrayNode undeclared = node.putArray("undeclared");
    plan.undeclared().forEach(undeclared::add);
    return node;
  }

  private static ArrayNode item(ArrayNode items, String tenant, String action) {
    return items.addObject().put("tenant", tenant).put("action", action).putArray("fields");
  }
}
