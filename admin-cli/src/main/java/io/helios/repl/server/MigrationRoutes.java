package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;
import static io.helios.repl.server.Api.badRequest;
import static io.helios.repl.server.Api.body;
import static io.helios.repl.server.Api.confirmed;
import static io.helios.repl.server.Api.dryRun;
import static io.helios.repl.server.Api.flag;
import static io.helios.repl.server.Api.name;

import io.helios.repl.config.TenantNames;
import io.helios.repl.migration.Migration;
import io.helios.repl.migration.MigrationOptions;
import io.helios.repl.migration.Wish;
import io.helios.repl.tenant.Tenant;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The routes of migrations, as {@link Api} has the others. */
final class MigrationRoutes {

  private static final String OF_TENANT = "/api/v1/tenants/{name}/migration";
  private static final int REHEARSALS = 10;
  private static final int MOST_REHEARSALS = 1000;
  private static final int MOST_PARALLEL = 1000;

  private final Tenants tenants;
  private final Moves moves;
  private final Operations operations;

  MigrationRoutes(Tenants tenants, Moves moves, Operations operations) {
    this.tenants = tenants;
    this.moves = moves;
    this.operations = operations;
  }

  void install(RoutesConfig routes) {
    routes.get(
        "/api/v1/migrations",
        r ->
            answer(
                r,
                200,
                Documents.list(
                    "MigrationList", moves.migrations().all().stream().map(MigrationDocuments::migration).toList())));
    routes.post("/api/v1/migrations", this::startMany);
    routes.get(OF_TENANT, this::show);
    routes.post(OF_TENANT + "/plan", this::plan);
    routes.post(OF_TENANT + "/start", this::start);
    routes.post(OF_TENANT + "/cutover", r -> cut(r, Wish.CUTOVER, Moves.Goal.CUTOVER));
    routes.post(OF_TENANT + "/rollback", r -> cut(r, Wish.ROLLBACK, Moves.Goal.ROLLBACK));
    routes.post(OF_TENANT + "/complete", this::complete);
    routes.post(OF_TENANT + "/cancel", this::cancel);
    routes.post(OF_TENANT + "/wait", this::await);
  }

  private void show(Context request) {
    Tenant tenant = tenants.get(name(request)).tenant();
    Migration migration = moves.migrations().of(tenant);
    ObjectNode document = MigrationDocuments.migration(migration, moves.migrations().passages(migration));
    if (flag(request, "gates")) {
      document.set("gates", moves.gates(tenant, migration));
    }
    answer(request, 200, document);
  }

  private void plan(Context request) {
    JsonNode body = body(request);
    Tenant tenant = moves.movable(name(request), to(body));
    MigrationOptions options = MoveDeclarations.read(body, MigrationOptions.DEFAULT, Set.of("to", "rehearsals"));
    answer(request, 200, moves.plan(tenant, options, rehearsals(body)));
  }

  private static int rehearsals(JsonNode body) {
    if (!body.has("rehearsals")) {
      return REHEARSALS;
    }
    int asked = body.path("rehearsals").asInt(0);
    if (asked < 1 || asked > MOST_REHEARSALS) {
      throw badRequest("rehearsals is not right", "how often, 1 to " + MOST_REHEARSALS + ": 10");
    }
    return asked;
  }

  private void start(Context request) {
    JsonNode body = body(request);
    Tenant tenant = moves.movable(name(request), to(body));
    MigrationOptions options = MoveDeclarations.read(body, MigrationOptions.DEFAULT, Set.of("to"));
    audit(request, options);
    moves.requireStartable(tenant, options);
    if (dryRun(request)) {
      answer(request, 200, Documents.plan("migrate start", tenant.name(), moves.steps(tenant, options)));
      return;
    }
    Migration begun = moves.start(tenant, options);
    if (flag(request, "wait")) {
      answer(request, 202, operations.start(moves.until(tenant, goal(options))));
    } else {
      answer(request, 200, MigrationDocuments.migration(begun));
    }
  }

  private static Moves.Goal goal(MigrationOptions options) {
    return options.cutOver() ? Moves.Goal.CUTOVER : Moves.Goal.READY;
  }

  /** All or none are begun; each then goes its own way. */
  private void startMany(Context request) {
    JsonNode body = body(request);
    JsonNode items = body.path("moves");
    if (!items.isArray() || items.isEmpty()) {
      throw badRequest("the body has no list \"moves\"", "{\"moves\": [{\"tenant\": …}], \"parallel\": 2}");
    }
    int parallel = body.path("parallel").asInt(body.has("parallel") ? 0 : MOST_PARALLEL);
    if (parallel < 1 || parallel > MOST_PARALLEL) {
      throw badRequest("parallel is not right", "how many are copied at once, 1 to " + MOST_PARALLEL + ": 2");
    }
    Map<Tenant, MigrationOptions> declared = declared(items);
    String batch = UUID.randomUUID().toString();
    Gate.detail(request, declared.keySet().stream().map(Tenant::name).toList());
    declared.forEach(moves::requireStartable);
    if (dryRun(request)) {
      answer(
          request,
          200,
          Documents.list(
              "PlanList",
              declared.entrySet().stream()
                  .map(d -> Documents.plan("migrate start", d.getKey().name(), moves.steps(d.getKey(), d.getValue())))
                  .toList()));
      return;
    }
    List<Migration> begun = new ArrayList<>();
    for (Map.Entry<Tenant, MigrationOptions> one : declared.entrySet()) {
      begun.add(moves.start(one.getKey(), one.getValue().inBatch(batch, begun.size(), parallel)));
    }
    answer(
        request, 200, Documents.list("MigrationList", begun.stream().map(MigrationDocuments::migration).toList()));
  }

  /** In the file's order; a source stands for all of its tenants, by name unless the item says another order. */
  private Map<Tenant, MigrationOptions> declared(JsonNode items) {
    Map<Tenant, MigrationOptions> declared = new LinkedHashMap<>();
    for (JsonNode item : items) {
      MigrationOptions options =
          MoveDeclarations.read(item, MigrationOptions.DEFAULT, Set.of("tenant", "source", "to", "order"));
      String source = item.path("source").asString("");
      String tenant = item.path("tenant").asString("");
      if (source.isEmpty() == tenant.isEmpty()) {
        throw badRequest("a move names one of tenant and source", "- { tenant: acme }, or - { source: shop }");
      }
      List<String> names =
          source.isEmpty() ? List.of(tenant) : order(item).of(source, tenants.statuses());
      if (source.isEmpty() && item.has("order")) {
        throw badRequest("one tenant has no order", "- { source: shop, order: quietest }");
      }
      if (names.isEmpty()) {
        throw badRequest(
            "no tenant has the source \"" + TenantNames.printable(source) + "\"", "helios-repl tenant list");
      }
      for (String name : names) {
        if (declared.putIfAbsent(moves.movable(name, to(item)), options) != null && source.isEmpty()) {
          throw badRequest("tenant \"" + name + "\" is named twice", "each is moved once");
        }
      }
    }
    return declared;
  }

  private static DrainOrder order(JsonNode item) {
    return item.has("order")
        ? DrainOrder.of(item.path("order").asString(""))
            .orElseThrow(() -> badRequest("order is not right", "name, or quietest: who writes least first"))
        : DrainOrder.NAME;
  }

  private void cut(Context request, Wish wish, Moves.Goal goal) {
    Tenant tenant = tenants.engaged(name(request));
    JsonNode body = body(request);
    MigrationOptions options = options(tenant, body);
    audit(request, options);
    moves.requireAskable(tenant, wish, options);
    if (dryRun(request)) {
      answer(
          request, 200,
          Documents.plan("migrate " + word(wish), tenant.name(), Moves.cutoverSteps(tenant, options)));
      return;
    }
    confirmed(request, tenant.name(), word(wish));
    moves.ask(tenant, wish, before -> options);
    answer(request, 202, operations.start(moves.until(tenant, goal)));
  }

  private MigrationOptions options(Tenant tenant, JsonNode body) {
    return MoveDeclarations.read(
        body, moves.migrations().of(tenant).options().withForced(Set.of()), Set.of());
  }

  /** What is forced, for whoever asks later who did it. */
  private static void audit(Context request, MigrationOptions options) {
    if (!options.forced().isEmpty()) {
      Gate.detail(request, options.forced().stream().sorted().map(gate -> "force " + gate.label()).toList());
    }
  }

  private void complete(Context request) {
    Tenant tenant = tenants.engaged(name(request));
    boolean purge = flag(request, "purge");
    Wish wish = purge ? Wish.COMPLETE_AND_PURGE : Wish.COMPLETE;
    moves.requireAskable(tenant, wish, MigrationOptions.DEFAULT);
    if (dryRun(request)) {
      answer(
          request,
          200,
          Documents.plan(
              "migrate complete",
              tenant.name(),
              List.of(
                  "end the stream from " + tenant.source() + " back to " + tenant.target()
                      + ": there is no rollback any more",
                  purge
                      ? "DELETE its rows at " + tenant.target() + ", in chunks"
                      : "leave its rows at " + tenant.target() + " as they are, closed for writes")));
      return;
    }
    if (purge) {
      confirmed(request, tenant.name(), "complete");
    }
    moves.ask(tenant, wish, UnaryOperator.identity());
    ended(request, tenant, Moves.Goal.COMPLETED);
  }

  private void cancel(Context request) {
    Tenant tenant = tenants.engaged(name(request));
    moves.requireAskable(tenant, Wish.CANCEL, MigrationOptions.DEFAULT);
    if (dryRun(request)) {
      answer(
          request,
          200,
          Documents.plan(
              "migrate cancel",
              tenant.name(),
              List.of(
                  "take back what was armed for moving " + tenant.name(),
                  "go on replicating it from " + tenant.source() + " to " + tenant.target())));
      return;
    }
    moves.ask(tenant, Wish.CANCEL, UnaryOperator.identity());
    ended(request, tenant, Moves.Goal.CANCELLED);
  }

  private void ended(Context request, Tenant tenant, Moves.Goal goal) {
    if (flag(request, "wait")) {
      answer(request, 202, operations.start(moves.until(tenant, goal)));
    } else {
      answer(request, 200, MigrationDocuments.migration(moves.migrations().of(tenant)));
    }
  }

  private void await(Context request) {
    Tenant tenant = tenants.get(name(request)).tenant();
    moves.migrations().of(tenant);
    String asked = body(request).path("for").asString("");
    for (Moves.Goal goal : Moves.Goal.values()) {
      if (goal.name().toLowerCase(Locale.ROOT).equals(asked)) {
        answer(request, 202, operations.start(moves.until(tenant, goal)));
        return;
      }
    }
    throw badRequest(
        "\"" + TenantNames.printable(asked) + "\" cannot be waited for", "ready, cutover, rollback, completed, cancelled");
  }

  private static String word(Wish wish) {
    return wish.name().toLowerCase(Locale.ROOT);
  }

  private static @Nullable String to(JsonNode body) {
    return body.has("to") ? body.path("to").asString("") : null;
  }
}
