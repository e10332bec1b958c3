package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;
import static io.helios.repl.server.Api.badRequest;
import static io.helios.repl.server.Api.dryRun;
import static io.helios.repl.server.Api.duration;
import static io.helios.repl.server.Api.flag;
import static io.helios.repl.server.Api.name;

import io.helios.repl.config.ByteSizes;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.status.Evidence;
import io.helios.repl.verify.VerifySettings;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.time.Duration;
import tools.jackson.databind.node.ObjectNode;

/** The routes of verifications, as {@link Api} has the others. */
final class VerificationRoutes {

  private static final Duration PATIENCE = Duration.ofMinutes(30);
  private static final String RATE_FORM = "a size, per second: 50MiB/s";

  private final Tenants tenants;
  private final Verifications verifications;
  private final Fleet fleet;
  private final Operations operations;

  VerificationRoutes(Tenants tenants, Verifications verifications, Fleet fleet, Operations operations) {
    this.tenants = tenants;
    this.fleet = fleet;
    this.verifications = verifications;
    this.operations = operations;
  }

  void install(RoutesConfig routes) {
    routes.post("/api/v1/tenants/{name}/verify", this::run);
    routes.post("/api/v1/tenants/{name}/repair", this::repair);
    routes.get("/api/v1/tenants/{name}/verification", this::show);
    routes.delete("/api/v1/tenants/{name}/verification", this::cancel);
    routes.get(
        "/api/v1/tenants/{name}/verifications",
        r ->
            answer(
                r,
                200,
                Documents.list(
                    "VerificationList",
                    verifications.history(name(r)).stream()
                        .map(entry -> VerificationDocuments.summary(entry.evidence(), entry.superseded()))
                        .toList())));
  }

  private void run(Context request) {
    String name = name(request);
    VerifySettings settings =
        VerifySettings.DEFAULT
            .withPatience(duration(request, "patience", PATIENCE))
            .withParallelism(parallelism(request))
            .withBytesPerSecond(rate(request));
    answer(
        request,
        202,
        operations.start(
            TenantWait.done(
                verifications.run(name, settings, flag(request, "fresh")).copy(),
                evidence -> document(name, new VerificationHistory.Entry(evidence, false)))));
  }

  private void repair(Context request) {
    StoredTenant tenant = tenants.get(name(request));
    if (dryRun(request)) {
      answer(request, 200, Documents.plan("verify repair", tenant.tenant().name(), tenants.planRepair(tenant)));
      return;
    }
    tenants.requireNoFailover(tenant.tenant());
    Duration patience = duration(request, "patience", PATIENCE);
    answer(
        request,
        202,
        operations.start(TenantWait.done(fleet.repair(tenant.tenant().id(), patience), Documents::repair)));
  }

  /** With {@code maxAge} it is asked whether the evidence suffices to rely on both sides being equal. */
  private void show(Context request) {
    String name = name(request);
    answer(
        request,
        200,
        document(
            name,
            request.queryParam("maxAge") == null
                ? verifications.latest(name)
                : verifications.demand(name, duration(request, "maxAge", Duration.ZERO))));
  }

  private void cancel(Context request) {
    String name = name(request);
    verifications.cancel(name);
    answer(request, 200, document(name, verifications.latest(name)));
  }

  private ObjectNode document(String name, VerificationHistory.Entry entry) {
    Evidence evidence = entry.evidence();
    return VerificationDocuments.verification(
        evidence,
        entry.superseded(),
        tenants.get(name).tenant().key(),
        evidence.complete() ? null : verifications.progress(name).orElse(null));
  }

  private static int parallelism(Context request) {
    String value = request.queryParam("parallelism");
    if (value == null) {
      return VerifySettings.DEFAULT.parallelism();
    }
    if (value.matches("\\d{1,2}") && Integer.parseInt(value) >= 1 && Integer.parseInt(value) <= VerifySettings.MOST_SESSIONS) {
      return Integer.parseInt(value);
    }
    throw badRequest("the parameter parallelism is not right", "a number of sessions on each side, 1 to " + VerifySettings.MOST_SESSIONS);
  }

  private static long rate(Context request) {
    String value = request.queryParam("maxRate");
    if (value == null) {
      return 0;
    }
    return ByteSizes.parse(value.endsWith("/s") ? value.substring(0, value.length() - 2) : value)
        .filter(bytes -> bytes > 0)
        .orElseThrow(() -> badRequest("the parameter maxRate is not right", RATE_FORM));
  }
}
