package io.helios.repl.pipeline;

import io.helios.repl.apply.Applier;
import io.helios.repl.apply.ApplySchedule;
import io.helios.repl.apply.ApplySettings;
import io.helios.repl.apply.Replica;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.apply.Replicated;
import io.helios.repl.apply.Target;
import io.helios.repl.error.Problem;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.seal.FrameKeys;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.status.StageTimes;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The schedule of a target's tenants and the threads that apply. The appliers belong to their workers. */
final class LocalApplySite implements ApplySite {

  private static final Duration TURN = Duration.ofMillis(250);
  private static final Duration IDLE = Duration.ofMillis(20);

  private final String name;
  private final FrameKeys keys;
  private final ApplySettings settings;
  private final Target target;
  private final Ticker ticker;
  private final BooleanSupplier mayWork;
  private final ApplySchedule schedule;
  private final List<Applier> appliers = new ArrayList<>();
  private final List<Worker> workers = new ArrayList<>();
  private volatile @Nullable Problem bug;

  LocalApplySite(String name, FrameKeys keys, ApplySettings settings, Target target, Ticker ticker, BooleanSupplier mayWork) {
    this.name = name;
    this.keys = keys;
    this.settings = settings;
    this.target = target;
    this.ticker = ticker;
    this.mayWork = mayWork;
    this.schedule = new ApplySchedule(ticker::nanos, Math.max(2, Runtime.getRuntime().availableProcessors()));
  }

  @Override
  public void start() {
    for (int i = 1; i <= settings.workers(); i++) {
      Applier applier = Applier.open(schedule, new FrameOpener(keys), target, settings, ticker::nanos);
      appliers.add(applier);
      workers.add(
          Worker.start(
              "apply-" + name + "-" + i,
              Map.of("target", name),
              () -> {
                if (!mayWork.getAsBoolean()) {
                  Thread.sleep(IDLE);
                } else if (applier.runOnce() == 0) {
                  applier.awaitWork(TURN);
                }
              },
              applier::close,
              e -> bug = Fleet.bug(e)));
    }
  }

  @Override
  public Replica attach(Tenant tenant, Replicated what, FrameSource frames) {
    ReplicaTenant replica = new ReplicaTenant(tenant, what, frames);
    attach(replica);
    return replica;
  }

  void attach(ReplicaTenant replica) {
    schedule.add(replica);
  }

  @Override
  public void detach(UUID tenant) throws InterruptedException {
    try {
      remove(tenant).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Completes when no applier works for the tenant any more; may be asked for again meanwhile. */
  CompletableFuture<Void> remove(UUID tenant) {
    return schedule.remove(tenant);
  }

  /** What kept the tenant from being applied is mended. */
  void resume(UUID tenant) {
    schedule.resume(tenant);
  }

  @Override
  public void signal(UUID tenant) {
    schedule.signal(tenant);
  }

  @Override
  public void distrust(UUID tenant) {
    schedule.distrust(tenant);
  }

  /** Appliers look keys up as frames need them. */
  @Override
  public void rekeyed(UUID tenant) {}

  @Override
  public @Nullable Problem problem() {
    return bug != null
        ? bug
        : appliers.stream().map(Applier::problem).filter(Objects::nonNull).findFirst().orElse(null);
  }

  @Override
  public StageTimes shipping() {
    return schedule.shipping();
  }

  @Override
  public StageTimes applying() {
    return schedule.applying();
  }

  @Override
  public int waiting() {
    return schedule.waiting();
  }

  @Override
  public String way() {
    return "in this process";
  }

  @Override
  public void close() {
    workers.forEach(Worker::askToStop);
    workers.forEach(Worker::close);
  }
}
