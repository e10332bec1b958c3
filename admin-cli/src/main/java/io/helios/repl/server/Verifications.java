package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.TenantVerification;
import io.helios.repl.status.Evidence;
import io.helios.repl.status.TableEvidence;
import io.helios.repl.status.VerificationProgress;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.verify.VerifySettings;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Verifications of this server's tenants: begun, gone on with after an interruption, kept, and demanded by whoever is about
 * to rely on both sides being equal. Any thread.
 */
final class Verifications {

  /** One that was interrupted can be gone on with for so long after it began; then its first tables are too old. */
  static final Duration RESUMABLE = Duration.ofHours(1);

  private final Tenants tenants;
  private final Fleet fleet;
  private final VerificationHistory history;
  private final Consumer<FleetEvent> events;
  private final ConcurrentHashMap<UUID, TenantVerification> running = new ConcurrentHashMap<>();

  Verifications(Tenants tenants, Fleet fleet, VerificationHistory history, Consumer<FleetEvent> events) {
    this.tenants = tenants;
    this.fleet = fleet;
    this.history = history;
    this.events = events;
  }

  /**
   * Begins one, or attaches to the one that runs, whatever its settings.
   *
   * @param fresh whether to compare every table again that an interrupted one has compared
   */
  CompletableFuture<Evidence> run(String name, VerifySettings settings, boolean fresh) {
    Tenant tenant = tenants.engaged(name);
    return running
        .compute(
            tenant.id(),
            (id, now) -> now != null && !now.result().isDone() ? now : begin(tenant, settings, fresh))
        .result();
  }

  private TenantVerification begin(Tenant tenant, VerifySettings settings, boolean fresh) {
    Evidence unfinished = fresh ? null : unfinished(tenant.id(), Instant.now()).orElse(null);
    TenantVerification begun = fleet.verify(tenant.id(), settings, unfinished, history::keep);
    begun.result().whenComplete((evidence, failure) -> events.accept(event(tenant.name(), evidence, failure)));
    return begun;
  }

  private Optional<Evidence> unfinished(UUID tenant, Instant now) {
    return history.of(tenant, 1).stream()
        .findFirst()
        .filter(last -> !last.superseded() && !last.evidence().complete())
        .map(VerificationHistory.Entry::evidence)
        .filter(last -> Duration.between(last.begunAt(), now).compareTo(RESUMABLE) < 0);
  }

  private static FleetEvent event(String tenant, @Nullable Evidence evidence, @Nullable Throwable failure) {
    if (evidence == null) {
      Problem problem = failure instanceof HeliosException known ? known.problem() : Problems.bug();
      return new FleetEvent(Instant.now(), FleetEvent.Severity.WARN, tenant, "verification", problem.message(), problem);
    }
    long rows = evidence.tables().stream().mapToLong(TableEvidence::sourceRows).sum();
    long differing = evidence.tables().stream().filter(table -> !table.equal()).count();
    return new FleetEvent(
        Instant.now(),
        evidence.equal() ? FleetEvent.Severity.INFO : FleetEvent.Severity.WARN,
        tenant,
        "verification",
        evidence.equal()
            ? "both sides are equal at " + evidence.lsn() + ": " + rows + " rows of " + evidence.tables().size() + " tables"
            : "the sides differ at " + evidence.lsn() + " in " + differing + " of " + evidence.tables().size() + " tables",
        null);
  }

  /** Breaks off the one that runs; what it has compared is kept. Returns at once. */
  void cancel(String name) {
    TenantVerification now = running.get(tenants.get(name).tenant().id());
    if (now == null || now.result().isDone()) {
      throw new OperatorException(
          new Problem(
              ErrorCode.VERIFY_NOT_RUNNING,
              "no verification of tenant \"" + name + "\" is running",
              "it has ended, or none was begun",
              "helios-repl verify show " + name));
    }
    now.cancel();
  }

  /** How far the one that runs is. */
  Optional<VerificationProgress> progress(String name) {
    return Optional.ofNullable(running.get(tenants.get(name).tenant().id()))
        .filter(now -> !now.result().isDone())
        .map(TenantVerification::progress);
  }

  /** The newest first. */
  List<VerificationHistory.Entry> history(String name) {
    return history.of(tenants.get(name).tenant().id(), VerificationHistory.KEPT);
  }

  /** The newest, finished or not. */
  VerificationHistory.Entry latest(String name) {
    return history.of(tenants.get(name).tenant().id(), 1).stream().findFirst().orElseThrow(() -> none(name));
  }

  /**
   * Evidence that both sides are equal, for whoever is about to rely on it.
   *
   * @throws OperatorException (HR-6008) with what is wrong with the newest complete evidence, or (HR-6007) that there is none
   */
  VerificationHistory.Entry demand(String name, Duration maxAge) {
    Tenant tenant = tenants.get(name).tenant();
    VerificationHistory.Entry newest =
        history(name).stream().filter(entry -> entry.evidence().complete()).findFirst().orElseThrow(() -> none(name));
    Optional<String> objection =
        newest.superseded()
            ? Optional.of("it was made before the tenant was last resynced")
            : newest.evidence().objection(tenant.id(), maxAge, tenant.epoch(), Instant.now());
    if (objection.isPresent()) {
      throw new OperatorException(
          new Problem(
              ErrorCode.VERIFY_EVIDENCE_STALE,
              "the last verification of tenant \"" + name + "\" does not show that both sides are equal now",
              objection.get(),
              "helios-repl verify run " + name));
    }
    return newest;
  }

  private static OperatorException none(String name) {
    return new OperatorException(
        new Problem(
            ErrorCode.VERIFY_NO_EVIDENCE,
            "there is no verification of tenant \"" + name + "\"",
            "none was made, or none came to its end",
            "helios-repl verify run " + name));
  }
}
