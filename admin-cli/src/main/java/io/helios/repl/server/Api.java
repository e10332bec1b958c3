package io.helios.repl.server;

import io.helios.repl.config.Durations;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The routes below {@code /api/v1}: nouns and verbs as the commands have them. Requests run on virtual threads. */
final class Api {

  private static final Logger LOG = LoggerFactory.getLogger(Api.class);
  private static final int EVENTS_SHOWN = 20;
  private static final int TENANTS_AT_ONCE = 10_000;

  private final ServerConfiguration configuration;
  private final Fleet fleet;
  private final Tenants tenants;
  private final ControlStore store;
  private final Operations operations;
  private final ServerFacts facts;

  Api(
      ServerConfiguration configuration,
      Fleet fleet,
      Tenants tenants,
      ControlStore store,
      Operations operations,
      ServerFacts facts) {
    this.configuration = configuration;
    this.fleet = fleet;
    this.tenants = tenants;
    this.store = store;
    this.operations = operations;
    this.facts = facts;
  }

  void install(RoutesConfig routes) {
    routes.get("/api/v1/server", r -> answer(r, 200, server()));
    routes.get("/api/v1/config", r -> answer(r, 200, Documents.configuration(configuration.values())));

    routes.get("/api/v1/sources", r -> answer(r, 200, endpoints("SourceList", fleet.sources())));
    routes.get(
        "/api/v1/sources/{name}/check",
        r -> {
          String name = source(r);
          answer(r, 200, Documents.check("source", name, fleet.checkSource(name)));
        });
    routes.post(
        "/api/v1/sources/{name}/prepare",
        r -> {
          String name = source(r);
          answer(r, 200, Documents.preparation("source", name, fleet.prepareSource(name, dryRun(r))));
        });
    routes.get("/api/v1/targets", r -> answer(r, 200, endpoints("TargetList", fleet.targets())));
    routes.get(
        "/api/v1/targets/{name}/check",
        r -> {
          String name = target(r);
          answer(r, 200, Documents.check("target", name, fleet.checkTarget(name)));
        });
    routes.post(
        "/api/v1/targets/{name}/prepare",
        r -> {
          String name = target(r);
          answer(r, 200, Documents.preparation("target", name, fleet.prepareTarget(name, dryRun(r))));
        });

    routes.get(
        "/api/v1/tenants",
        r ->
            answer(
                r,
                200,
                Pages.byName(
                    r, "TenantList", tenants.statuses(), TENANTS_AT_ONCE, TenantStatus::tenant, Documents::tenantStatus)));
    routes.post("/api/v1/tenants", this::create);
    routes.get(
        "/api/v1/tenants/{name}",
        r ->
            answer(
                r,
                200,
                Documents.tenant(
                    tenants.get(name(r)),
                    tenants.status(name(r)),
                    tenants.sequences(name(r)),
                    history(name(r)))));
    routes.get("/api/v1/tenants/{name}/status", r -> answer(r, 200, Documents.tenantStatus(tenants.status(name(r)))));
    for (Verb verb : Verb.values()) {
      routes.post("/api/v1/tenants/{name}/" + verb.word(), r -> carryOut(r, verb));
    }
    routes.delete("/api/v1/tenants/{name}", this::delete);
    routes.post("/api/v1/tenants/{name}/wait", this::await);
    routes.get(
        "/api/v1/keys",
        r -> answer(r, 200, Documents.list("KeyList", tenants.all().stream().map(t -> key(t.tenant().name())).toList())));
    routes.post("/api/v1/tenants/{name}/key/rotate", this::rotateKey);
    routes.post("/api/v1/tenants/{name}/key/shred", this::shredKey);
    routes.get(
        "/api/v1/operations/{id}",
        r -> answer(r, 200, operations.await(r.pathParam("id"), duration(r, "timeout", Operations.LONGEST_REQUEST))));
    explain(routes);
  }

  /** Tells whatever goes wrong in a route. */
  static void explain(RoutesConfig routes) {
    routes.exception(
        HeliosException.class,
        (e, r) -> {
          LOG.debug("{} {} was refused", r.method(), r.path(), e);
          int status = Problems.status(e);
          Authentication.explain(r, e);
          problem(r, status, Problems.document(e.problem(), status));
        });
    routes.exception(
        HttpResponseException.class,
        (e, r) -> {
          boolean missing = e.getStatus() == 404 || e.getStatus() == 405;
          problem(
              r,
              e.getStatus(),
              Problems.document(
                  new Problem(
                      missing ? ErrorCode.NO_SUCH_ROUTE : ErrorCode.BAD_REQUEST,
                      missing ? "there is no " + r.method() + " at this path" : "the request is not right",
                      missing ? "the API has nothing there" : "it was refused with status " + e.getStatus(),
                      "GET /api/v1/server tells which version answers"),
                  e.getStatus()));
        });
    routes.exception(
        Exception.class,
        (e, r) -> {
          if (e instanceof InterruptedException) {
            Thread.currentThread().interrupt();
            problem(
                r,
                503,
                Problems.document(
                    new Problem(
                        ErrorCode.SERVER_STOPPING,
                        "the server is stopping",
                        "it was told to",
                        "start it again: helios-repl server run"),
                    503));
            return;
          }
          LOG.error("{} {} met a bug", r.method(), r.path(), e);
          problem(r, 500, Problems.document(Problems.bug(), 500));
        });
  }

  private ObjectNode server() {
    return facts.document(tenants.statuses(), fleet.sources(), fleet.targets());
  }

  private static ObjectNode endpoints(String kind, List<EndpointStatus> all) {
    return Documents.list(kind, all.stream().map(Documents::endpoint).toList());
  }

  /** The latest events, or what keeps them from being read: the rest of the answer needs no store. */
  private List<StoredEvent> history(String tenant) {
    try {
      return store.events(tenant, EVENTS_SHOWN);
    } catch (TransientException e) {
      Problem problem = e.problem();
      return List.of(
          new StoredEvent(
              0,
              Instant.now(),
              FleetEvent.Severity.WARN,
              tenant,
              "history-missing",
              problem.message(),
              problem.code().id(),
              problem.hint()));
    }
  }

  private void create(Context request) {
    JsonNode body = body(request);
    JsonNode items = body.path("tenants");
    if (!items.isArray() || items.isEmpty()) {
      throw badRequest(
          "the body has no list \"tenants\"", "{\"tenants\": [{\"name\": …, \"source\": …, \"target\": …}]}");
    }
    TenantDeclarations declarations = new TenantDeclarations(configuration);
    List<StoredTenant> declared = new ArrayList<>();
    Instant now = Instant.now();
    for (JsonNode item : items) {
      Optional.ofNullable(declarations.read(item, now)).ifPresent(declared::add);
    }
    if (!declarations.problems().isEmpty()) {
      int status = Problems.status(new OperatorException(declarations.problems().getFirst()));
      problem(request, status, Problems.document(declarations.problems(), status));
      return;
    }
    Gate.detail(request, declared.stream().map(d -> d.tenant().name()).toList());
    tenants.create(declared, dryRun(request));
    if (dryRun(request)) {
      answer(
          request,
          200,
          Documents.list(
              "PlanList",
              declared.stream()
                  .map(
                      d ->
                          Documents.plan(
                              "tenant create",
                              d.tenant().name(),
                              List.of(
                                  "declare "
                                      + d.tenant().name()
                                      + ", tables "
                                      + d.tenant().tables()
                                      + ", from source "
                                      + d.tenant().source()
                                      + " to target "
                                      + d.tenant().target()
                                      + "; nothing is copied before tenant start")))
                  .toList()));
    } else {
      answer(
          request,
          201,
          Documents.list(
              "TenantList",
              declared.stream().map(d -> Documents.tenantStatus(tenants.status(d.tenant().name()))).toList()));
    }
  }

  /** With {@code wait=true} the answer is an operation that ends when the verb's goal is reached. */
  private void carryOut(Context request, Verb verb) {
    String name = name(request);
    boolean copy = verb == Verb.RESYNC && flag(request, "copy");
    if (dryRun(request)) {
      answer(request, 200, Documents.plan("tenant " + verb.word(), name, tenants.plan(verb, name, copy)));
      return;
    }
    Instant asked = Instant.now();
    tenants.carryOut(verb, name, copy);
    if (flag(request, "wait")) {
      answer(request, 202, operations.start(TenantWait.state(verb.goal(), () -> tenants.status(name), asked)));
    } else {
      answer(request, 200, Documents.tenantStatus(tenants.status(name)));
    }
  }

  private void delete(Context request) {
    String name = name(request);
    boolean purge = flag(request, "purge");
    List<String> steps = tenants.planDelete(name, purge);
    if (!dryRun(request)) {
      confirmed(request, name, "deletion");
      tenants.delete(name, purge);
    }
    answer(request, 200, Documents.plan("tenant delete", name, steps).put("done", !dryRun(request)));
  }

  private void await(Context request) {
    String name = name(request);
    String goal = body(request).path("for").asString("");
    StoredTenant tenant = tenants.get(name);
    Operations.Work work =
        switch (goal) {
          case "caught-up" -> caughtUp(tenant);
          case "streaming", "paused", "failed", "stopped" ->
              TenantWait.state(TenantState.valueOf(goal.toUpperCase(Locale.ROOT)), () -> tenants.status(name), null);
          default ->
              throw badRequest(
                  "\"" + TenantNames.printable(goal) + "\" cannot be waited for",
                  "streaming, caught-up, paused, failed, stopped");
        };
    answer(request, 202, operations.start(work));
  }

  private Operations.Work caughtUp(StoredTenant tenant) {
    String name = tenant.tenant().name();
    Operations.Work barrier =
        TenantWait.done(fleet.caughtUp(tenant.tenant().id()), lsn -> Documents.tenantStatus(tenants.status(name)));
    Operations.Work failure = TenantWait.state(TenantState.STREAMING, () -> tenants.status(name), null);
    return new Operations.Work() {
      @Override
      public @Nullable ObjectNode poll() {
        ObjectNode reached = barrier.poll();
        if (reached == null) {
          failure.poll();
        }
        return reached;
      }

      @Override
      public void abandon() {
        barrier.abandon();
      }
    };
  }

  private ObjectNode key(String name) {
    return Documents.key(name, tenants.keyGeneration(name));
  }

  private void rotateKey(Context request) {
    String name = name(request);
    if (dryRun(request)) {
      answer(
          request, 200,
          Documents.plan(
              "key rotate", name,
              List.of(
                  "make key " + (tenants.keyGeneration(name) + 1) + " of " + name + " and seal with it from the next frame on",
                  "keep the older keys, for the frames that were sealed with them")));
      return;
    }
    tenants.rotateKey(name);
    answer(request, 200, key(name));
  }

  private void shredKey(Context request) {
    String name = name(request);
    if (dryRun(request)) {
      answer(
          request, 200,
          Documents.plan(
              "key shred", name,
              List.of(
                  "destroy all " + tenants.keyGeneration(name) + " keys of " + name
                      + ": none of its frames can be read again, in no copy of the relay journal",
                  "leave its rows on the target as they are; it needs tenant resync to go on")));
      return;
    }
    confirmed(request, name, "shredding of the keys");
    tenants.shredKey(name);
    answer(request, 200, key(name));
  }

  static String name(Context request) {
    String name = request.pathParam("name");
    if (!TenantNames.isValid(name)) {
      throw badRequest("\"" + TenantNames.printable(name) + "\" is no name", TenantNames.RULE);
    }
    return name;
  }

  private String source(Context request) {
    String name = name(request);
    if (configuration.source(name).isEmpty()) {
      throw unknown(ErrorCode.NO_SUCH_SOURCE, "source", name);
    }
    return name;
  }

  private String target(Context request) {
    String region = request.queryParam("region");
    String name = region == null ? name(request) : region + "/" + name(request);
    if (region == null ? configuration.target(name).isEmpty() : !configuration.isFarTarget(name)) {
      throw unknown(ErrorCode.NO_SUCH_TARGET, "target", TenantNames.printable(name));
    }
    return name;
  }

  private static OperatorException unknown(ErrorCode code, String role, String name) {
    return new OperatorException(
        new Problem(
            code,
            "there is no " + role + " \"" + name + "\"",
            "no " + role + " of that name is configured",
            "helios-repl " + role + " list"));
  }

  static JsonNode body(Context request) {
    try {
      JsonNode body = request.body().isEmpty() ? Json.MAPPER.createObjectNode() : Json.MAPPER.readTree(request.body());
      if (body.isObject()) {
        return body;
      }
    } catch (JacksonException e) {
      LOG.debug("a body is not JSON: {}", e.getClass().getSimpleName()); // its message quotes the body
    }
    throw badRequest("the body is not a JSON object", "Content-Type: application/json");
  }

  static boolean dryRun(Context request) {
    return flag(request, "dryRun");
  }

  static boolean flag(Context request, String parameter) {
    String value = request.queryParam(parameter);
    if (value == null || value.equals("false")) {
      return false;
    }
    if (value.equals("true")) {
      return true;
    }
    throw badRequest("the parameter " + parameter + " is not right", parameter + "=true or " + parameter + "=false");
  }

  static Duration duration(Context request, String parameter, Duration fallback) {
    String value = request.queryParam(parameter);
    if (value == null) {
      return fallback;
    }
    return Durations.parse(value)
        .orElseThrow(() -> badRequest("the parameter " + parameter + " is not right", Durations.FORM));
  }

  /** The same as a field of a body. */
  static Duration duration(JsonNode body, String field, Duration fallback) {
    return body.has(field)
        ? Durations.parse(body.path(field).asString(""))
            .orElseThrow(() -> badRequest(field + " is no duration", Durations.FORM))
        : fallback;
  }

  /** An unknown field would be ignored in silence, so it is refused. */
  static void requireKnown(JsonNode body, List<String> known, Set<String> also) {
    for (String field : body.propertyNames()) {
      if (!known.contains(field) && !also.contains(field)) {
        throw badRequest("\"" + TenantNames.printable(field) + "\" is not understood", String.join(", ", known));
      }
    }
  }

  /** A severe act: the name was said again. */
  static void confirmed(Context request, String name, String act) {
    if (!name.equals(request.queryParam("confirm"))) {
      throw badRequest("the " + act + " of \"" + name + "\" is not confirmed", "?confirm=" + name);
    }
  }

  static OperatorException badRequest(String message, String hint) {
    return new OperatorException(new Problem(ErrorCode.BAD_REQUEST, message, "the request cannot be understood", hint));
  }

  static void answer(Context request, int status, JsonNode document) {
    request.status(status).contentType("application/json").result(Json.MAPPER.writeValueAsBytes(document));
  }

  static void problem(Context request, int status, JsonNode document) {
    Gate.refused(request, document.path("code").asString(""));
    request.status(status).contentType(Problems.CONTENT_TYPE).result(Json.MAPPER.writeValueAsBytes(document));
  }
}
