package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;
import static io.helios.repl.server.Api.badRequest;
import static io.helios.repl.server.Api.body;
import static io.helios.repl.server.Api.confirmed;
import static io.helios.repl.server.Api.dryRun;
import static io.helios.repl.server.Api.name;

import io.helios.repl.apply.GuardTrial;
import io.helios.repl.config.TenantNames;
import io.helios.repl.failover.Failover;
import io.helios.repl.failover.FailoverOptions;
import io.helios.repl.migration.MigrationOptions;
import io.helios.repl.tenant.Tenant;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/** The routes of failovers, as {@link Api} has the others. */
final class FailoverRoutes {

  private static final String OF_TENANT = "/api/v1/tenants/{name}/failover";
  private static final List<String> FIELDS = List.of("force", "rejoin", "drainPatience", "parallel");

  private final Tenants tenants;
  private final FailoverRequests requests;
  private final Operations operations;
  private final Duration drainPatience;
  private final Function<Tenant, GuardTrial.Outcome> guard;

  /**
   * @param drainPatience unless a request says otherwise
   * @param guard tries whether a tenant's target refuses writes
   */
  FailoverRoutes(
      Tenants tenants,
      FailoverRequests requests,
      Operations operations,
      Duration drainPatience,
      Function<Tenant, GuardTrial.Outcome> guard) {
    this.guard = guard;
    this.tenants = tenants;
    this.requests = requests;
    this.operations = operations;
    this.drainPatience = drainPatience;
  }

  void install(RoutesConfig routes) {
    routes.get(
        "/api/v1/failovers", r -> answer(r, 200, FailoverDocuments.list(requests.failovers().all(), Instant.now())));
    routes.post("/api/v1/failovers", this::runMany);
    routes.get("/api/v1/failovers/history", this::history);
    routes.get(OF_TENANT, this::show);
    routes.post(OF_TENANT + "/plan", this::plan);
    routes.post(OF_TENANT + "/run", this::run);
    routes.post(OF_TENANT + "/rejoin", this::rejoin);
    routes.post(OF_TENANT + "/failback", this::failBack);
    routes.post(OF_TENANT + "/wait", this::await);
    routes.post(OF_TENANT + "/export", this::export);
    routes.post(OF_TENANT + "/trial", this::tryGuard);
  }

  private void show(Context request) {
    Failover failover = requests.failovers().of(tenants.get(name(request)).tenant());
    answer(request, 200, FailoverDocuments.failover(failover, requests.failovers().passages(failover)));
  }

  private void history(Context request) {
    String tenant = request.queryParam("tenant");
    List<Failover> kept =
        tenant == null
            ? requests.failovers().history()
            : requests.failovers().history().stream().filter(f -> f.tenant().equals(tenant)).toList();
    if (tenant != null && kept.isEmpty()) {
      tenants.get(tenant);
    }
    answer(request, 200, Documents.list("FailoverHistory", kept.stream().map(FailoverDocuments::failover).toList()));
  }

  private void plan(Context request) {
    Tenant tenant = tenants.engaged(name(request));
    answer(request, 200, requests.plan(tenant, options(request, body(request), Set.of())));
  }

  private void run(Context request) {
    JsonNode body = body(request);
    Tenant tenant = tenants.engaged(name(request));
    FailoverOptions options = options(request, body, Set.of());
    if (options.forced()) {
      Gate.detail(request, List.of("force"));
    }
    requests.requireRunnable(tenant, options);
    if (dryRun(request)) {
      answer(request, 200, Documents.plan("failover run", tenant.name(), FailoverPlans.steps(tenant, options)));
      return;
    }
    confirmed(request, tenant.name(), "failover");
    requests.run(tenant, options);
    answer(request, 202, operations.start(requests.until(tenant, FailoverRequests.Goal.PROMOTED)));
  }

  /** The tenants that are named, or all of a source: premium ones first, so many at once. */
  private void runMany(Context request) {
    JsonNode body = body(request);
    String source = body.path("source").asString("");
    if (source.isEmpty() == !body.path("tenants").isArray()) {
      throw badRequest("the body names one of tenants and source", "{\"source\": \"shop\"}, or {\"tenants\": [\"acme\", \"globex\"]}");
    }
    List<Tenant> many = source.isEmpty() ? named(body.path("tenants")) : requests.ofSource(source);
    if (many.isEmpty()) {
      throw badRequest(
          "no tenant of the source \"" + TenantNames.printable(source) + "\" is left to be failed over",
          "helios-repl failover status; helios-repl tenant list");
    }
    FailoverOptions options = options(request, body, Set.of("source", "tenants"));
    List<String> told = new ArrayList<>(many.stream().map(Tenant::name).toList());
    if (options.forced()) {
      told.addFirst("force");
    }
    Gate.detail(request, told);
    requests.requireRunnable(many, options);
    if (dryRun(request)) {
      answer(
          request,
          200,
          Documents.list(
              "PlanList",
              many.stream().map(t -> Documents.plan("failover run", t.name(), FailoverPlans.steps(t, options))).toList()));
      return;
    }
    confirmed(request, source.isEmpty() ? String.join(",", many.stream().map(Tenant::name).sorted().toList()) : source, "failover");
    requests.runAll(many, options);
    answer(request, 202, operations.start(requests.until(many)));
  }

  private List<Tenant> named(JsonNode names) {
    return FailoverRequests.ordered(
        names.valueStream().map(n -> n.asString("")).distinct().map(tenants::engaged).toList());
  }

  private void rejoin(Context request) {
    Tenant tenant = tenants.engaged(name(request));
    if (dryRun(request)) {
      Failover now = requests.failovers().of(tenant);
      answer(
          request,
          200,
          Documents.plan(
              "failover run", tenant.name(),
              List.of("repair " + now.from() + " by difference, once its account is made; it follows " + now.to())));
      return;
    }
    requests.rejoin(tenant);
    answer(request, 202, operations.start(requests.until(tenant, FailoverRequests.Goal.FOLLOWING)));
  }

  private void failBack(Context request) {
    Tenant tenant = tenants.engaged(name(request));
    JsonNode body = body(request);
    Api.requireKnown(body, List.of("maxPause"), Set.of());
    Duration maxPause = MoveDeclarations.read(body, MigrationOptions.DEFAULT, Set.of()).maxPause();
    requests.requireFailback(tenant);
    if (dryRun(request)) {
      answer(
          request,
          200,
          Documents.plan(
              "failover failback",
              tenant.name(),
              List.of(
                  "verify both sides, and make " + tenant.target() + " ready",
                  "close " + tenant.name() + " at " + tenant.source() + ", within " + maxPause.toMillis() + " ms; else undo it",
                  "go on with " + tenant.target() + " as its home and " + tenant.source() + " as its replica")));
      return;
    }
    confirmed(request, tenant.name(), "failback");
    requests.failBack(tenant, maxPause);
    answer(request, 202, operations.start(requests.until(tenant, FailoverRequests.Goal.FAILED_BACK)));
  }

  private void await(Context request) {
    Tenant tenant = tenants.get(name(request)).tenant();
    requests.failovers().of(tenant);
    String asked = body(request).path("for").asString("");
    for (FailoverRequests.Goal goal : FailoverRequests.Goal.values()) {
      if (goal.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(asked)) {
        answer(request, 202, operations.start(requests.until(tenant, goal)));
        return;
      }
    }
    throw badRequest(
        "\"" + TenantNames.printable(asked) + "\" cannot be waited for", "promoted, accounted, following, failed-back");
  }

  private void export(Context request) {
    Tenant tenant = tenants.get(name(request)).tenant();
    request.contentType("application/json").header("Cache-Control", "no-store").result(requests.export(tenant));
  }

  /** Nothing stays of what it writes. */
  private void tryGuard(Context request) {
    Tenant tenant = tenants.engaged(name(request));
    answer(request, 200, FailoverDocuments.trial(tenant, guard.apply(tenant)));
  }

  private FailoverOptions options(Context request, JsonNode body, Set<String> besides) {
    Api.requireKnown(body, FIELDS, besides);
    FailoverOptions asked = FailoverOptions.by(Gate.who(request));
    int parallel = body.has("parallel") ? body.path("parallel").asInt(0) : asked.parallel();
    if (parallel < 1 || parallel > FailoverOptions.PARALLEL) {
      throw badRequest("parallel is not right", "how many are promoted at once, 1 to " + FailoverOptions.PARALLEL);
    }
    return asked
        .withForced(body.path("force").asBoolean(false))
        .withRejoin(body.path("rejoin").asBoolean(true))
        .withDrainPatience(Api.duration(body, "drainPatience", drainPatience))
        .inBatch(null, 0, parallel);
  }
}
