package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.apply.Replica;
import io.helios.repl.capture.CaptureStatus;
import io.helios.repl.capture.CaptureTimes;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.relay.Backlog;
import io.helios.repl.relay.Volume;
import io.helios.repl.status.PipelineDetail;
import io.helios.repl.status.StageTimes;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Looks after what the other threads publish: notices tenants that failed or lost what they need, completes barriers, and
 * keeps rates. Its own thread; {@link #status} is for any.
 */
final class Supervisor implements AutoCloseable {

  private static final Duration IDLE_TURN = Duration.ofMillis(20);
  private static final Duration BUSY_TURN = Duration.ofMillis(1);
  private static final Duration KEEPALIVE_TURN = Duration.ofMillis(500);
  private static final long LOOK_EVERY_NANOS = Duration.ofSeconds(10).toNanos();
  private static final long RATE_EVERY_NANOS = Duration.ofSeconds(1).toNanos();

  private static final long MARK_EVERY_NANOS = Duration.ofSeconds(5).toNanos();

  private final Map<String, SourceEngine> sources;
  private final Map<String, TargetEngine> targets;
  private final Map<UUID, TenantPipeline> tenants;
  private final Barriers barriers;
  private final SequenceKeeper sequences;
  private final Meters meters;
  private final CopyLoad copyLoad;
  private final Executor passing;
  private final Map<UUID, TenantGauges> gauges = new ConcurrentHashMap<>();
  private final AppliedMarks marks;
  private final Consumer<SynchronousTenants.Change> synchrony;
  private final Ticker ticker;
  private long markedNanos;
  private long sampledNanos;
  private long lookedNanos;
  private final List<Worker> workers = new ArrayList<>();

  Supervisor(
      Map<String, SourceEngine> sources,
      Map<String, TargetEngine> targets,
      Map<UUID, TenantPipeline> tenants,
      Barriers barriers,
      SequenceKeeper sequences,
      Meters meters,
      CopyLoad copyLoad,
      Executor passing,
      Consumer<SynchronousTenants.Change> synchrony,
      Ticker ticker) {
    this.sources = sources;
    this.tenants = tenants;
    this.barriers = barriers;
    this.sequences = sequences;
    this.meters = meters;
    this.copyLoad = copyLoad;
    this.passing = passing;
    this.synchrony = synchrony;
    this.ticker = ticker;
    this.markedNanos = ticker.nanos() - MARK_EVERY_NANOS;
    this.sampledNanos = ticker.nanos();
    this.lookedNanos = ticker.nanos() - LOOK_EVERY_NANOS;
    this.targets = targets;
    this.marks = new AppliedMarks();
  }

  void start() {
    workers.add(Worker.start("supervisor", this::runOnce, () -> {}, bug -> {}));
    workers.add(Worker.start("keepalive", this::keepAlive, () -> {}, bug -> {}));
  }

  /** So that a capture thread that is busy, with a slow disk say, does not look dead to its source. */
  private void keepAlive() throws InterruptedException {
    sources.values().forEach(SourceEngine::keepAlive);
    Thread.sleep(KEEPALIVE_TURN);
  }

  private void runOnce() throws InterruptedException {
    tenants.values().forEach(this::notice);
    barriers.look(this::progress);
    sources.values().forEach(this::lookAtSynchronous);
    long now = ticker.nanos();
    if (now - sampledNanos >= RATE_EVERY_NANOS) {
      sampledNanos = now;
      meters.sample(
          tenants.values().stream().map(pipeline -> sample(pipeline, now)).toList(),
          sources.values().stream().map(source -> source.status(0)).toList(),
          targets.values().stream().map(target -> target.status(0)).toList(),
          stages(now),
          ticker.now());
      meters.sampleSynchronous(degraded());
      copyLoad.look();
      sources.forEach((name, source) -> source.releaseUpTo(marks.releasable(streaming(tenant -> tenant.source().equals(name)))));
    }
    if (now - lookedNanos >= LOOK_EVERY_NANOS) {
      lookedNanos = now;
      sources.values().forEach(
          source -> passing.execute(() -> source.look(samples -> sequences.keep(source, samples))));
    }
    if (now - markedNanos >= MARK_EVERY_NANOS) {
      markedNanos = now;
      targets.forEach(
          (name, target) ->
              passing.execute(
                  () -> marks.write(name, () -> due(name), target::mark, target.site()::distrust)));
    }
    Thread.sleep(barriers.isEmpty() ? IDLE_TURN : BUSY_TURN);
  }

  private List<AppliedMarks.Streaming> streaming(Predicate<Tenant> which) {
    List<AppliedMarks.Streaming> found = new ArrayList<>();
    for (TenantPipeline pipeline : tenants.values()) {
      Tenant tenant = pipeline.tenant();
      boolean streams = pipeline.standing().state() == TenantState.STREAMING || pipeline.isResuming();
      if (which.test(tenant) && streams) {
        Replica replica = pipeline.replica();
        Lsn position = replica == null ? Lsn.INVALID : replica.status().position();
        found.add(new AppliedMarks.Streaming(tenant.id(), tenant.epoch(), position));
      }
    }
    return found;
  }

  private Map<String, Integer> degraded() {
    Map<String, Integer> counts = new HashMap<>();
    sources.forEach((name, source) -> {
      SynchronousTenants waiting = source.synchronous();
      if (waiting != null) {
        counts.put(name, waiting.degraded().size());
      }
    });
    return counts;
  }

  private void lookAtSynchronous(SourceEngine source) {
    SynchronousTenants waiting = source.synchronous();
    if (waiting == null) {
      return;
    }
    List<SynchronousTenants.Follower> followers =
        tenants.values().stream()
            .filter(pipeline -> pipeline.tenant().source().equals(source.settings().name()))
            .filter(pipeline -> waiting.settings().tiers().contains(pipeline.tenant().tier()))
            .<SynchronousTenants.Follower>map(Follower::new)
            .toList();
    waiting.look(followers, source.capturedUpTo(), ticker.nanos()).forEach(synchrony);
  }

  private record Follower(TenantPipeline pipeline) implements SynchronousTenants.Follower {

    @Override
    public UUID tenant() {
      return pipeline.tenant().id();
    }

    @Override
    public String name() {
      return pipeline.tenant().name();
    }

    @Override
    public SynchronousTenants.Standing standing() {
      return switch (pipeline.standing().state()) {
        case STREAMING -> SynchronousTenants.Standing.FOLLOWING;
        case COPYING -> pipeline.isResuming() && !pipeline.isNew()
            ? SynchronousTenants.Standing.INTERRUPTED
            : SynchronousTenants.Standing.APART;
        case FAILED, NEEDS_RESYNC -> pipeline.isNew()
            ? SynchronousTenants.Standing.APART
            : SynchronousTenants.Standing.INTERRUPTED;
        default -> SynchronousTenants.Standing.APART;
      };
    }

    @Override
    public @Nullable Lsn position() {
      Replica replica = pipeline.replica();
      return replica == null ? null : replica.status().position();
    }
  }

  private List<AppliedMarks.Due> due(String target) {
    List<AppliedMarks.Due> found = new ArrayList<>();
    for (TenantPipeline pipeline : tenants.values()) {
      Tenant tenant = pipeline.tenant();
      if (tenant.target().equals(target)) {
        Lsn transaction = source(pipeline).lastTransaction(); // before what is through, which is then not before it
        Replica replica = pipeline.replica();
        AppliedStatus last = pipeline.lastApplied();
        // The position first: one that has moved on since is not found, and that mark is written the next time.
        AppliedStatus known =
            switch (pipeline.standing().state()) {
              case STREAMING -> replica == null ? null : replica.status();
              case PAUSED, STOPPED -> replica != null ? null : last;
              default -> null;
            };
        // The frames of one at rest wait; the slot may go as far, so the target must say that it has what is before.
        Lsn through =
            known == null
                ? null
                : replica != null
                    ? through(pipeline)
                    : new Lsn(source(pipeline).journal().oldestUnacknowledged(tenant.id()));
        if (known != null && through != null) {
          found.add(new AppliedMarks.Due(tenant.id(), tenant.epoch(), known.position(), through, transaction));
        }
      }
    }
    return found;
  }

  private Meters.Sample sample(TenantPipeline pipeline, long nanos) {
    TenantGauges measured = gauges.computeIfAbsent(pipeline.tenant().id(), any -> new TenantGauges());
    TenantStatus status = status(pipeline);
    AppliedStatus applied = applied(pipeline);
    measured.sample(status, applied, ticker.now(), nanos);
    return new Meters.Sample(
        status,
        applied,
        source(pipeline).journal().backlog(pipeline.tenant().id()).sealedBytes(),
        measured.objectiveTotals());
  }

  private List<Meters.StageSample> stages(long nanos) {
    List<Meters.StageSample> all = new ArrayList<>();
    sources.forEach(
        (name, source) -> {
          add(all, name, "read", source.reading(), nanos);
          CaptureTimes times = source.captureTimes();
          if (times != null) {
            add(all, name, "seal", times.seal(), nanos);
            add(all, name, "journal", times.journal(), nanos);
          }
        });
    targets.forEach(
        (name, target) -> {
          add(all, name, "ship", target.site().shipping(), nanos);
          add(all, name, "apply", target.site().applying(), nanos);
        });
    return all;
  }

  private static void add(
      List<Meters.StageSample> all, String endpoint, String stage, StageTimes times, long nanos) {
    StageTimes.Summary summary = times.summary(nanos);
    if (summary != null) {
      all.add(new Meters.StageSample(endpoint, stage, summary));
    }
  }

  private static @Nullable AppliedStatus applied(TenantPipeline pipeline) {
    Replica replica = pipeline.replica();
    return replica == null ? pipeline.lastApplied() : replica.status();
  }

  void forget(Tenant tenant) {
    gauges.remove(tenant.id());
    marks.forget(tenant.id());
  }

  private SourceEngine source(TenantPipeline pipeline) {
    SourceEngine source = sources.get(pipeline.tenant().source());
    if (source == null) {
      throw new IllegalStateException("no source of tenant " + pipeline.tenant().name());
    }
    return source;
  }

  private void notice(TenantPipeline pipeline) {
    TenantState state = pipeline.standing().state();
    if (state == TenantState.NEEDS_RESYNC || state == TenantState.CREATED || pipeline.desired() == DesiredState.PROMOTED) {
      return;
    }
    SourceEngine source = source(pipeline);
    UUID id = pipeline.tenant().id();
    pipeline.unlessRenewing(
        () -> {
          Problem lost = source.lost(id);
          if (lost != null) {
            source.abandon(id, lost);
            pipeline.fail(lost, true);
          }
        });
    if (pipeline.standing().state() == TenantState.NEEDS_RESYNC) {
      return;
    }
    Replica replica = pipeline.replica();
    if (replica != null && replica.status().stopped()) {
      Problem error = replica.status().error();
      Problem problem = error == null ? Fleet.bug(new IllegalStateException("stopped without an error")) : error;
      pipeline.unlessRenewing(
          () -> {
            Problem lost = source.lost(id); // the applier may meet the loss before we do, and knows less of it
            Problem why = lost == null ? problem : lost;
            boolean gap = lost != null || TenantPipeline.isGap(problem);
            if (gap) {
              source.abandon(id, why);
            }
            pipeline.fail(why, gap);
          });
    }
  }

  private Barriers.Progress progress(UUID id) {
    TenantPipeline pipeline = tenants.get(id);
    if (pipeline == null) {
      return new Barriers.Progress(
          null,
          new Problem(ErrorCode.TENANT_GONE, "the tenant is gone", "it was removed meanwhile", "helios-repl tenant list"));
    }
    TenantPipeline.Standing standing = pipeline.standing();
    return switch (standing.state()) {
      case FAILED, NEEDS_RESYNC -> new Barriers.Progress(null, standing.problem());
      case STREAMING -> new Barriers.Progress(through(pipeline), null);
      default -> new Barriers.Progress(null, null);
    };
  }

  /** Everything of the tenant that committed before this is at the target. */
  @Nullable Lsn through(TenantPipeline pipeline) {
    Replica replica = pipeline.replica();
    if (replica == null) {
      return null;
    }
    SourceEngine source = source(pipeline);
    // In this order: what is captured after this only makes the backlog longer, never the answer wrong.
    Lsn captured = source.capturedUpTo();
    return AppliedMarks.through(source.journal(), captured, pipeline.tenant().id(), replica.status().position());
  }

  /** What any thread may be told of a tenant. */
  TenantStatus status(TenantPipeline pipeline) {
    SourceEngine source = source(pipeline);
    TenantPipeline.Standing standing = pipeline.standing();
    AppliedStatus applied = applied(pipeline);
    Backlog backlog = source.journal().backlog(pipeline.tenant().id());
    CaptureStatus capture = source.captureStatus();
    SourceEngine.Condition condition = source.condition();
    Problem problem = standing.problem();
    Instant at = standing.problemAt();
    if (problem == null && applied != null && applied.error() != null) {
      problem = applied.error();
      at = ticker.now();
    }
    if (problem == null && condition.problem() != null && isActive(standing.state())) {
      problem = condition.problem();
      at = condition.at();
    }
    TargetEngine target = targets.get(pipeline.tenant().target());
    if (problem == null && target != null && applied != null && waits(standing.state(), applied, backlog)) {
      // Its turn has not come yet to meet what the others met.
      problem = target.problem();
      at = Instant.now();
    }
    TenantGauges measured = gauges.get(pipeline.tenant().id());
    Lsn captured = source.capturedUpTo();
    Volume volume = source.journal().volume(pipeline.tenant().id());
    return new TenantStatus(
        pipeline.tenant().name(),
        standing.state(),
        pipeline.tenant().source(),
        pipeline.tenant().target(),
        pipeline.tenant().tier().label(),
        pipeline.tenant().epoch(),
        lagSeconds(standing.state(), applied, backlog, capture, source),
        lagBytes(standing.state(), applied, backlog, captured),
        pipeline.tenant().lagTarget().toMillis() / 1000.0,
        measured == null ? 0 : measured.rowsPerSecond(),
        applied == null || applied.position().equals(Lsn.INVALID) ? null : applied.position(),
        captured.equals(Lsn.INVALID) ? null : captured,
        pipeline.copy(),
        applied == null ? 0 : applied.conflicts(),
        volume.sealedBytes(),
        volume.plainBytes(),
        standing.since(),
        problem,
        problem == null ? null : at,
        source.settings().region(),
        target == null ? null : target.settings().region(),
        measured == null ? null : measured.objective());
  }

  /** One tenant's way in detail. */
  PipelineDetail detail(TenantPipeline pipeline) {
    TargetEngine target = targets.get(pipeline.tenant().target());
    if (target == null) {
      throw new IllegalStateException("no target of tenant " + pipeline.tenant().name());
    }
    return new PipelineView(source(pipeline), target, ticker)
        .of(pipeline.tenant().id(), status(pipeline), applied(pipeline), gauges.get(pipeline.tenant().id()));
  }

  private static boolean waits(TenantState state, AppliedStatus applied, Backlog backlog) {
    return state == TenantState.STREAMING && new Lsn(backlog.lastPosition()).isAfter(applied.position());
  }

  private static boolean isActive(TenantState state) {
    return state == TenantState.STREAMING || state == TenantState.COPYING || state == TenantState.PAUSED;
  }

  /**
   * Age of the oldest commit that the target lacks, as far as is known here. While the capture itself is behind, the age of
   * the last commit that it took tells. While nothing comes, a heartbeat tells an idle source from a silent one.
   */
  private @Nullable Double lagSeconds(
      TenantState state,
      @Nullable AppliedStatus applied,
      Backlog backlog,
      @Nullable CaptureStatus capture,
      SourceEngine source) {
    if (!isActive(state) || applied == null) {
      return null;
    }
    long now = source.sourceMicros();
    Long waiting = backlog.oldestCommitMicros();
    if (waiting != null && new Lsn(backlog.lastPosition()).isAfter(applied.position())) {
      return seconds(now - Math.max(waiting, applied.lastCommitMicros()));
    }
    if (capture == null) {
      return null;
    }
    return source.isBehind() ? seconds(now - capture.lastCommitMicros()) : seconds(source.missedNanos() / 1000);
  }

  private static double seconds(long micros) {
    return Math.max(0, micros / 1e6);
  }

  private static @Nullable Long lagBytes(
      TenantState state, @Nullable AppliedStatus applied, Backlog backlog, Lsn captured) {
    if (!isActive(state) || applied == null) {
      return null;
    }
    boolean waits = new Lsn(backlog.lastPosition()).isAfter(applied.position());
    return waits ? Math.max(0, captured.bytesSince(applied.position())) : 0L;
  }

  @Override
  public void close() {
    workers.forEach(Worker::askToStop);
    workers.forEach(Worker::close);
  }
}
