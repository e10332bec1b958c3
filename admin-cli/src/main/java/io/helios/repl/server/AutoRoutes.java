package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;
import static io.helios.repl.server.Api.badRequest;
import static io.helios.repl.server.Api.body;

import io.helios.repl.config.Durations;
import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.failover.lease.LeaseStatus;
import io.helios.repl.failover.policy.Decision;
import io.helios.repl.server.AutoSettings.Scope;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What is observed, and for whom the automatic failover is on. */
final class AutoRoutes {

  private static final String FORM = "{\"automatic\": true, \"tier\": \"premium\"}, with tenants: [NAME] or all: true instead of tier";

  private static final Logger LOG = LoggerFactory.getLogger(AutoRoutes.class);

  private final Tenants tenants;
  private final AutoStore store;
  private final Observing observing;
  private final Supplier<List<LeaseStatus>> leases;

  AutoRoutes(Tenants tenants, AutoStore store, Observing observing, Supplier<List<LeaseStatus>> leases) {
    this.tenants = tenants;
    this.store = store;
    this.observing = observing;
    this.leases = leases;
  }

  void install(RoutesConfig routes) {
    routes.get("/api/v1/observations", r -> answer(r, 200, ObservationDocuments.list(observing.latest(), leases.get(), Instant.now())));
    routes.get("/api/v1/failover/auto", r -> answer(r, 200, automatic()));
    routes.post("/api/v1/failover/auto", this::change);
  }

  /** Whether it is on for anybody, paused or not; no where the store does not answer, since then nobody is failed over by itself. */
  boolean isOnAnywhere() {
    try {
      AutoSettings settings = store.settings();
      return tenants.all().stream().anyMatch(t -> settings.isOn(t.tenant()));
    } catch (TransientException e) {
      LOG.info("for whom the automatic failover is on cannot be read: {}", e.getMessage());
      return false;
    }
  }

  private void change(Context request) {
    JsonNode body = body(request);
    Api.requireKnown(body, List.of("automatic", "tenants", "tier", "all", "for"), Set.of());
    if (!body.path("automatic").isBoolean()) {
      throw badRequest("the body does not say whether it is to be on", FORM);
    }
    boolean on = body.path("automatic").asBoolean();
    Optional<Duration> pause = pause(body, on);
    Scope scope = scope(body);
    List<String> subjects =
        switch (scope) {
          case ALL -> List.of("");
          case TIER -> List.of(tier(body.path("tier").asString("")).label());
          case TENANT -> named(body.path("tenants"));
        };
    Instant now = Instant.now();
    if (pause.isPresent()) {
      store.pause(scope, subjects, now.plus(pause.get()), Gate.who(request), now);
    } else {
      store.set(scope, subjects, on, Gate.who(request), now);
    }
    answer(request, 200, automatic());
  }

  private static Optional<Duration> pause(JsonNode body, boolean on) {
    if (body.path("for").isMissingNode()) {
      return Optional.empty();
    }
    Optional<Duration> pause = Durations.parse(body.path("for").asString(""));
    if (on || pause.isEmpty() || pause.get().isZero()) {
      throw refused("for does not fit", "only what is switched off is off for a while, which is " + Durations.FORM);
    }
    return pause;
  }

  private static Scope scope(JsonNode body) {
    List<Scope> said = new ArrayList<>();
    if (body.path("all").asBoolean(false)) {
      said.add(Scope.ALL);
    }
    if (body.has("tier")) {
      said.add(Scope.TIER);
    }
    if (body.path("tenants").isArray() && !body.path("tenants").isEmpty()) {
      said.add(Scope.TENANT);
    }
    if (said.size() != 1) {
      throw refused("it is not said for whom", "exactly one of tenants, tier and all is needed");
    }
    return said.getFirst();
  }

  private static Tier tier(String label) {
    try {
      return Tier.of(label);
    } catch (IllegalArgumentException e) {
      throw refused("\"" + TenantNames.printable(label) + "\" is no tier", "tiers are premium, standard and best-effort");
    }
  }

  private List<String> named(JsonNode names) {
    List<String> ids = new ArrayList<>();
    names.forEach(name -> ids.add(tenants.get(name.asString("")).tenant().id().toString()));
    return ids;
  }

  private static OperatorException refused(String message, String why) {
    return new OperatorException(
        new Problem(ErrorCode.FAILOVER_AUTO_SUBJECT, message, why, "helios-repl failover auto on --tier premium"));
  }

  private ObjectNode automatic() {
    Instant now = Instant.now();
    AutoSettings settings = store.settings();
    List<Decision> decisions = observing.decisions();
    List<ObjectNode> items =
        tenants.all().stream().map(stored -> tenant(stored.tenant(), settings, decisions, now)).toList();
    ObjectNode list = Documents.list("AutomaticFailoverList", items);
    ArrayNode lines = list.putArray("settings");
    settings.lines().forEach(line -> {
      if (line.scope() != Scope.TENANT) {
        lines.addObject()
            .put("scope", line.scope() == Scope.ALL ? "all" : line.subject())
            .put("automatic", line.automatic())
            .put("offUntil", line.offUntil() == null || !line.offUntil().isAfter(now) ? null : Documents.time(line.offUntil()))
            .put("who", line.who())
            .put("at", Documents.time(line.at()));
      }
    });
    return list;
  }

  private static ObjectNode tenant(Tenant tenant, AutoSettings settings, List<Decision> decisions, Instant now) {
    Instant paused = settings.pausedUntil(tenant, now).orElse(null);
    Decision decision = decisions.stream().filter(d -> d.tenant().id().equals(tenant.id())).findFirst().orElse(null);
    return Json.document("AutomaticFailover")
        .put("tenant", tenant.name())
        .put("tier", tenant.tier().label())
        .put("automatic", settings.isAutomatic(tenant, now))
        .put("offUntil", paused == null ? null : Documents.time(paused))
        .put("step", decision == null ? null : decision.step().name().toLowerCase(Locale.ROOT).replace('_', '-'))
        .put("why", decision == null ? null : decision.step().words());
  }
}
