package io.helios.repl.pipeline;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenant;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Finds what the column of a polled source does not show: rows that were deleted, that moved to another tenant, whose column
 * went back, and all that happens in tables without the column. Each streaming tenant is compared with its source once an
 * interval, one after the other, and what differs is mended. Its own thread, which does nothing else.
 */
final class Reconciler implements AutoCloseable {

  private static final Duration TURN = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** What compares and mends a tenant. */
  interface Work {
    /**
     * Empty when it is not the time: somebody else works on the tenant, or it does not stream any more.
     *
     * @throws HeliosException when it failed
     */
    Optional<TenantRepair.Mended> reconcile(
        TenantPipeline tenant, Predicate<TableDefinition> which, Duration patience);

    /** Too much of it differs: it is to be compared and copied while it does not stream. */
    void resync(TenantPipeline tenant);
  }

  /** Who is told of what an operator would want to know. */
  interface Listener {
    void tell(FleetEvent.Severity severity, Tenant tenant, String kind, String message, @Nullable Problem problem);
  }

  /** @param which of a tenant's tables are compared */
  private record Round(Predicate<TableDefinition> which, ReconcileSchedule schedule) {}

  private final String source;
  private final Supplier<List<TenantPipeline>> tenants;
  private final Work work;
  private final Listener listener;
  private final MeterRegistry meters;
  private final Ticker ticker;
  private final List<Round> rounds = new ArrayList<>();
  private final Map<UUID, ErrorCode> troubles = new HashMap<>();
  private final AtomicLong overdueMillis = new AtomicLong();
  private @Nullable Worker worker;

  /** @param tenants those of the source */
  Reconciler(
      String source,
      CaptureMode.Checkpoint mode,
      Supplier<List<TenantPipeline>> tenants,
      Work work,
      Listener listener,
      MeterRegistry meters,
      Ticker ticker,
      RandomGenerator chance) {
    this.source = source;
    this.tenants = tenants;
    this.work = work;
    this.listener = listener;
    this.meters = meters;
    this.ticker = ticker;
    if (mode.reconcile() != null) {
      rounds.add(new Round(table -> true, new ReconcileSchedule(mode.reconcile(), chance)));
    }
    if (mode.fullRefresh() != null) {
      rounds.add(new Round(table -> !mode.polls(table), new ReconcileSchedule(mode.fullRefresh(), chance)));
    }
    Gauge.builder("helios.repl.reconcile.overdue.seconds", () -> overdueMillis.get() / 1000.0)
        .description("how long the tenant that has waited longest for its reconciliation is overdue")
        .tag("source", source)
        .register(meters);
  }

  void start() {
    if (!rounds.isEmpty()) {
      worker = Worker.start("reconcile-" + source, this::runOnce, () -> {}, bug -> {});
    }
  }

  private void runOnce() throws InterruptedException {
    Map<UUID, TenantPipeline> all =
        tenants.get().stream().collect(Collectors.toMap(pipeline -> pipeline.tenant().id(), pipeline -> pipeline));
    long overdue = 0;
    boolean worked = false;
    for (Round round : rounds) {
      Optional<UUID> next = round.schedule().next(all.keySet(), id -> isReady(all, id), ticker.nanos());
      overdue = Math.max(overdue, round.schedule().overdue(id -> isReady(all, id), ticker.nanos()).toMillis());
      if (next.isPresent()) {
        worked = true;
        reconcile(round, Objects.requireNonNull(all.get(next.get())));
      }
    }
    overdueMillis.set(overdue);
    troubles.keySet().retainAll(all.keySet());
    if (!worked) {
      Thread.sleep(TURN);
    }
  }

  private static boolean isReady(Map<UUID, TenantPipeline> all, UUID id) {
    TenantPipeline pipeline = all.get(id);
    return pipeline != null && pipeline.standing().state() == TenantState.STREAMING;
  }

  private void reconcile(Round round, TenantPipeline pipeline) {
    UUID id = pipeline.tenant().id();
    try {
      Optional<TenantRepair.Mended> done = work.reconcile(pipeline, round.which(), PATIENCE);
      if (done.isEmpty()) {
        round.schedule().failed(id, ticker.nanos());
        return;
      }
      round.schedule().done(id, ticker.nanos());
      told(pipeline, done.get());
    } catch (HeliosException e) {
      failed(round, pipeline, e.problem());
    }
  }

  private void told(TenantPipeline pipeline, TenantRepair.Mended mended) {
    count(mended.tables().isEmpty() ? "equal" : "mended");
    long brought = mended.tables().stream().mapToLong(table -> table.brought()).sum();
    long removed = mended.tables().stream().mapToLong(table -> table.removed()).sum();
    meters.counter("helios.repl.reconcile.rows", "source", source, "op", "brought").increment(brought);
    meters.counter("helios.repl.reconcile.rows", "source", source, "op", "removed").increment(removed);
    if (!mended.tables().isEmpty()) {
      listener.tell(
          FleetEvent.Severity.INFO, pipeline.tenant(), "tenant-reconciled", "reconciled: " + mended.summary(), null);
    }
    if (troubles.remove(pipeline.tenant().id()) != null) {
      listener.tell(FleetEvent.Severity.INFO, pipeline.tenant(), "reconcile", "over: it is reconciled again", null);
    }
  }

  private void failed(Round round, TenantPipeline pipeline, Problem problem) {
    UUID id = pipeline.tenant().id();
    round.schedule().failed(id, ticker.nanos());
    count("failed");
    if (problem.code() == ErrorCode.REPAIR_TOO_LARGE) {
      Problem tooMuch =
          new Problem(
              ErrorCode.RECONCILE_TOO_MUCH,
              problem.message(),
              "its rows are compared and copied with the tenant resting, by themselves",
              "helios-repl tenant status " + pipeline.tenant().name());
      listener.tell(FleetEvent.Severity.WARN, pipeline.tenant(), "reconcile", tooMuch.message(), tooMuch);
      work.resync(pipeline);
    } else if (troubles.put(id, problem.code()) != problem.code()) {
      listener.tell(
          FleetEvent.Severity.WARN,
          pipeline.tenant(),
          "reconcile",
          "not reconciled, it is tried again: " + problem.message(),
          problem);
    }
  }

  private void count(String outcome) {
    meters.counter("helios.repl.reconcile.runs", "source", source, "outcome", outcome).increment();
  }

  void askToStop() {
    if (worker != null) {
      worker.askToStop();
    }
  }

  /** Whoever closes it has broken off what it is at. */
  @Override
  public void close() {
    if (worker != null) {
      worker.close();
    }
  }
}
