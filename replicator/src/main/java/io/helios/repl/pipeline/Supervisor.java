package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.capture.CaptureStatus;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.relay.Backlog;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Looks after what the other threads publish: notices tenants that failed or lost what they need, completes barriers, and
 * keeps rates. Its own thread; {@link #status} is for any.
 */
final class Supervisor implements AutoCloseable {

  private static final Duration IDLE_TURN = Duration.ofMillis(20);
  private static final Duration BUSY_TURN = Duration.ofMillis(1);
  private static final long RATE_EVERY_NANOS = Duration.ofSeconds(1).toNanos();
  /** Microseconds from 1970 to 2000, PostgreSQL's epoch. */
  private static final long POSTGRES_EPOCH_MICROS = 946_684_800_000_000L;

  private final Map<String, SourceEngine> sources;
  private final Map<String, TargetEngine> targets;
  private final Map<UUID, TenantPipeline> tenants;
  private final Barriers barriers;
  private final Meters meters;
  private final Map<UUID, RateMeter> rates = new ConcurrentHashMap<>();
  private long sampledNanos = System.nanoTime();
  private @Nullable Worker worker;

  Supervisor(
      Map<String, SourceEngine> sources,
      Map<String, TargetEngine> targets,
      Map<UUID, TenantPipeline> tenants,
      Barriers barriers,
      Meters meters) {
    this.sources = sources;
    this.targets = targets;
    this.tenants = tenants;
    this.barriers = barriers;
    this.meters = meters;
  }

  void start() {
    worker = Worker.start("supervisor", this::runOnce, () -> {}, bug -> {});
  }

  private void runOnce() throws InterruptedException {
    tenants.values().forEach(this::notice);
    barriers.look(this::progress);
    long now = System.nanoTime();
    if (now - sampledNanos >= RATE_EVERY_NANOS) {
      sampledNanos = now;
      tenants.forEach(
          (id, pipeline) -> rates.computeIfAbsent(id, any -> new RateMeter()).sample(rows(pipeline), now));
      meters.sample();
    }
    Thread.sleep(barriers.isEmpty() ? IDLE_TURN : BUSY_TURN);
  }

  private static long rows(TenantPipeline pipeline) {
    ReplicaTenant replica = pipeline.replica();
    return replica == null ? 0 : replica.status().rows();
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
    if (state == TenantState.NEEDS_RESYNC || state == TenantState.CREATED) {
      return;
    }
    SourceEngine source = source(pipeline);
    UUID id = pipeline.tenant().id();
    Problem lost = source.lost(id);
    if (lost != null) {
      pipeline.fail(lost, true);
      return;
    }
    ReplicaTenant replica = pipeline.replica();
    if (replica != null && replica.status().stopped()) {
      Problem problem = replica.status().error();
      pipeline.fail(
          problem == null ? Fleet.bug(new IllegalStateException("stopped without an error")) : problem,
          problem != null && problem.code() == ErrorCode.TENANT_NEEDS_RESYNC);
    }
  }

  private Barriers.Progress progress(UUID id) {
    TenantPipeline pipeline = tenants.get(id);
    if (pipeline == null) {
      return new Barriers.Progress(
          null,
          new Problem(ErrorCode.TENANT_UNKNOWN, "the tenant is gone", "it was removed meanwhile", "helios-repl tenant list"));
    }
    TenantPipeline.Standing standing = pipeline.standing();
    return switch (standing.state()) {
      case FAILED, NEEDS_RESYNC -> new Barriers.Progress(null, standing.problem());
      case STREAMING -> new Barriers.Progress(through(pipeline), null);
      default -> new Barriers.Progress(null, null);
    };
  }

  /** Everything of the tenant that committed before this is at the target. */
  private @Nullable Lsn through(TenantPipeline pipeline) {
    ReplicaTenant replica = pipeline.replica();
    if (replica == null) {
      return null;
    }
    SourceEngine source = source(pipeline);
    // In this order: what is captured after the first line only makes the backlog longer, never the answer wrong.
    Lsn captured = new Lsn(source.journal().capturedUpTo());
    boolean nothingWaits = source.journal().backlog(pipeline.tenant().id()).frames() == 0;
    Lsn applied = replica.status().position();
    return nothingWaits ? Lsn.max(captured, applied) : applied;
  }

  /** What any thread may be told of a tenant. */
  TenantStatus status(TenantPipeline pipeline) {
    SourceEngine source = source(pipeline);
    TenantPipeline.Standing standing = pipeline.standing();
    ReplicaTenant replica = pipeline.replica();
    AppliedStatus applied = replica == null ? pipeline.lastApplied() : replica.status();
    Backlog backlog = source.journal().backlog(pipeline.tenant().id());
    CaptureStatus capture = source.captureStatus();
    SourceEngine.Condition condition = source.condition();
    Problem problem = standing.problem();
    Instant at = standing.problemAt();
    if (problem == null && applied != null && applied.error() != null) {
      problem = applied.error();
      at = Instant.now();
    }
    if (problem == null && condition.problem() != null && isActive(standing.state())) {
      problem = condition.problem();
      at = condition.at();
    }
    RateMeter rate = rates.get(pipeline.tenant().id());
    Lsn captured = new Lsn(source.journal().capturedUpTo());
    return new TenantStatus(
        pipeline.tenant().name(),
        standing.state(),
        pipeline.tenant().source(),
        pipeline.tenant().target(),
        pipeline.tenant().tier().label(),
        pipeline.tenant().epoch(),
        lagSeconds(standing.state(), backlog, capture, condition),
        lagBytes(standing.state(), backlog, captured, capture),
        pipeline.tenant().lagTarget().toMillis() / 1000.0,
        rate == null ? 0 : rate.perSecond(),
        applied == null || applied.position().equals(Lsn.INVALID) ? null : applied.position(),
        captured.equals(Lsn.INVALID) ? null : captured,
        pipeline.copy(),
        applied == null ? 0 : applied.conflicts(),
        source.sealedBytes(pipeline.tenant().id()),
        source.plainBytes(pipeline.tenant().id()),
        standing.since(),
        problem,
        problem == null ? null : at);
  }
}
