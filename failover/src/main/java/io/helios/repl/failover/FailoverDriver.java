package io.helios.repl.failover;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.failover.coordination.Epochs;
import io.helios.repl.pipeline.Ticker;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings each failover on, as far as it goes. The loop itself ({@link #runOnce}) never blocks; a step may, and is run by the
 * executor, one at a time for each tenant. What one of them meets stops no other.
 */
public final class FailoverDriver {

  private static final Logger LOG = LoggerFactory.getLogger(FailoverDriver.class);

  /** An old home that comes back is to be found soon; asking it for ever costs little. */
  private static final Duration LONGEST_REST = Duration.ofSeconds(5);

  private static final Duration FIRST_REST = Duration.ofMillis(100);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(250);
  private static final Duration ACCOUNT_PATIENCE = Duration.ofSeconds(10);

  /** Somebody who claims an epoch and has not promoted for so long is taken for dead, too. */
  private static final Duration RIVAL_PATIENCE = Duration.ofSeconds(10);

  private static final Duration AFTER_BUG = Duration.ofMinutes(1);

  /** @param untilNanos when it is tried again */
  private record Rest(long untilNanos, int failures) {}

  private final Failovers failovers;
  private final Function<UUID, Tenant> tenants;
  private final FailoverEnds ends;
  private final Surroundings around;
  private final Ticker clock;
  private final Executor steps;
  private final Set<UUID> busy = ConcurrentHashMap.newKeySet();
  private final Map<UUID, Rest> rests = new ConcurrentHashMap<>();

  /** What a failover has to do with besides the two databases. */
  public record Surroundings(
      Epochs epochs, OldLease lease, SourceSight sight, FailoverTraffic traffic, PlannedMoves moves) {}

  /**
   * @param tenants as they are now
   * @param steps runs what may block
   */
  public FailoverDriver(
      Failovers failovers,
      Function<UUID, Tenant> tenants,
      FailoverEnds ends,
      Surroundings around,
      Ticker clock,
      Executor steps) {
    this.failovers = failovers;
    this.tenants = tenants;
    this.ends = ends;
    this.around = around;
    this.clock = clock;
    this.steps = steps;
  }

  /** Before anything else after a start: old homes that are not closed yet get no lease from this server again. */
  public void withholdLeases() {
    failovers.all().stream()
        .filter(f -> f.state().promoting() || f.state() == FailoverState.PROMOTED)
        .forEach(f -> around.lease().withhold(f.before(tenants.apply(f.tenantId()))));
  }

  /** Begins every step that is due. Returns how many. One thread. */
  public int runOnce() {
    int begun = 0;
    List<Failover> all = failovers.all();
    Admission admission = Admission.of(all, f -> busy.contains(f.tenantId()));
    for (Failover failover : all) {
      if (isDue(failover) && admission.hasRoom(failover) && busy.add(failover.tenantId())) {
        begun++;
        if (!failover.state().promoting()) {
          admission.admit(failover);
        }
        steps.execute(() -> run(failover.tenantId()));
      }
    }
    return begun;
  }

  /** It was asked for something: it need not wait for its turn to look again. Any thread. */
  public void wake(UUID tenant) {
    rests.remove(tenant);
  }

  private boolean isDue(Failover f) {
    Rest rest = rests.get(f.tenantId());
    if (rest != null && clock.nanos() - rest.untilNanos() < 0) {
      return false;
    }
    return isUnsent(f) || hasNext(f);
  }

  private static boolean hasNext(Failover f) {
    return f.state() == FailoverState.ACCOUNTED ? f.options().rejoins() : !f.state().rests();
  }

  /** On the way back it is the move that sends them. */
  private static boolean isUnsent(Failover f) {
    return f.switchedAt() == null
        && f.state().promoted()
        && f.state() != FailoverState.FAILING_BACK
        && f.state() != FailoverState.FAILED_BACK;
  }

  /** As many steps as there are: every tenth of a second counts. */
  private void run(UUID id) {
    Failover before = failovers.find(id).orElseThrow();
    try {
      FailoverState left;
      do {
        left = before.state();
        step(before, tenants.apply(id));
        before = failovers.find(id).orElseThrow();
      } while (before.state() != left && hasNext(before) && before.state() != FailoverState.REPAIRING);
      if (before.state() != left) {
        wake(id);
      }
    } catch (HeliosException e) {
      met(failovers.find(id).orElseThrow(), e);
    } catch (RuntimeException e) {
      LOG.error("a bug has stopped the failover of tenant {}", id, e);
      show(failovers.find(id).orElseThrow(), bug());
      rests.put(id, new Rest(clock.nanos() + AFTER_BUG.toNanos(), 0));
    } finally {
      busy.remove(id);
    }
  }

  private void met(Failover f, HeliosException e) {
    Rest last = rests.get(f.tenantId());
    int failures = last == null ? 0 : last.failures();
    long rest = Math.min(LONGEST_REST.toNanos(), FIRST_REST.toNanos() << Math.min(failures, 10));
    rests.put(f.tenantId(), new Rest(clock.nanos() + rest, failures + 1));
    try {
      if (e instanceof OperatorException && f.state() == FailoverState.PLANNED) {
        failovers.move(f, FailoverState.FAILED, x -> x.failing(e.problem()));
      } else if (e instanceof OperatorException && f.state() == FailoverState.FAILING_BACK) {
        failovers.move(f, FailoverState.FOLLOWING, x -> x.failing(e.problem()));
      } else {
        show(f, e.problem());
      }
    } catch (HeliosException journal) {
      LOG.warn("the failover of tenant {} cannot be journaled: {}", f.tenant(), journal.getMessage());
    }
  }

  /** Clients that cannot be sent yet keep nothing of the old home waiting: it has to be closed all the same. */
  private void step(Failover f, Tenant tenant) {
    Problem unsent = isUnsent(f) ? send(f, tenant) : null;
    try {
      advance(failovers.find(f.tenantId()).orElseThrow(), tenant);
    } catch (HeliosException e) {
      if (unsent == null) {
        throw e;
      }
      LOG.debug("the failover of tenant {}: {}", f.tenant(), e.getMessage());
    }
    if (unsent != null) {
      throw new TransientException(unsent);
    }
  }

  private @Nullable Problem send(Failover f, Tenant tenant) {
    try {
      around.traffic().send(tenant, f.epoch(), f.from(), f.to());
      failovers.note(f, x -> x.switched(clock.now()).failing(null));
      return null;
    } catch (HeliosException e) {
      return new Problem(
          ErrorCode.FAILOVER_TRAFFIC,
          "the clients of tenant \"" + f.tenant() + "\" are not sent to " + f.to() + " yet",
          e.problem().code().id() + ": " + e.problem().message(),
          e.problem().hint());
    }
  }

  private void advance(Failover f, Tenant tenant) {
    switch (f.state()) {
      case PLANNED -> claim(f, tenant);
      case WAITING -> await(f, tenant);
      case DRAINING -> {
        boolean drained = ends.drain(tenant, f.options().drainPatience());
        failovers.move(f, FailoverState.PROMOTING, x -> x.drained(drained));
      }
      case PROMOTING -> promote(f, tenant);
      case PROMOTED -> {
        Lsn fence = ends.fenceOldHome(tenant, f.epoch());
        failovers.move(f, FailoverState.FENCED, x -> x.fenced(fence.toString()));
        around.lease().release(tenant);
      }
      case FENCED -> {
        Account account =
            ends.account(
                tenant, f.epoch(), Lsn.parse(Objects.requireNonNull(f.promotion()).position()),
                Lsn.parse(Objects.requireNonNull(f.fence())), ACCOUNT_PATIENCE);
        failovers.move(f, FailoverState.ACCOUNTED, x -> x.accounted(account));
      }
      case ACCOUNTED -> {
        if (f.options().rejoins()) {
          failovers.move(f, FailoverState.REPAIRING, x -> x);
        }
      }
      case REPAIRING -> {
        Tenant turned = ends.rejoin(tenant, f.epoch());
        failovers.move(f, FailoverState.FOLLOWING, x -> x, turned);
      }
      case FAILING_BACK -> {
        if (around.moves().back(tenant, f)) {
          failovers.move(f, FailoverState.FAILED_BACK, x -> x);
        } else {
          rests.put(f.tenantId(), new Rest(clock.nanos() + LOOK_AGAIN.toNanos(), 0));
        }
      }
      case FOLLOWING, FAILED_BACK, FAILED -> {}
    }
  }

  /** What forbids a failover, whoever asks. Throws {@link OperatorException}; blocks on the replica. */
  public FailoverEnds.Standing requirePromotable(Tenant tenant, FailoverOptions options) {
    around.moves().requireEndable(tenant);
    if (!options.forced()) {
      requireDead(tenant);
    }
    FailoverEnds.Standing standing = ends.standing(tenant);
    if (standing.obstacle() != null) {
      throw new OperatorException(standing.obstacle());
    }
    return standing;
  }

  /** Throws {@link OperatorException} (HR-8104) while its source is alive and healthy. May block for seconds. */
  public void requireDead(Tenant tenant) {
    if (around.sight().of(tenant.source()).healthy()) {
      throw new OperatorException(
          new Problem(
              ErrorCode.SOURCE_ALIVE,
              "source " + tenant.source() + " of tenant \"" + tenant.name() + "\" is alive and healthy",
              "a failover leaves behind what has not arrived yet; a planned move leaves nothing",
              "helios-repl migrate cutover " + tenant.name() + "; or, all the same: helios-repl failover run "
                  + tenant.name() + " --force"));
    }
  }

  private void claim(Failover f, Tenant tenant) {
    requirePromotable(tenant, f.options());
    FailoverEnds.Arbiter arbiter = ends.arbiter(tenant);
    around.moves().end(tenant);
    long epoch = claimNext(f, tenant, arbiter);
    failovers.move(f, FailoverState.WAITING, x -> x.claimed(epoch));
  }

  /** Above every epoch that anybody has seen. */
  private long claimNext(Failover f, Tenant tenant, FailoverEnds.Arbiter arbiter) {
    Optional<Epochs.Claim> seen = around.epochs().of(tenant.id());
    long known = Math.max(tenant.epoch(), Math.max(arbiter.epoch(), arbiter.refused()));
    long epoch = Math.max(known, seen.map(Epochs.Claim::epoch).orElse(0L)) + 1;
    if (!around.epochs().claim(tenant.id(), seen, epoch, tenant.target())) {
      throw new TransientException(lost(f, "somebody else claimed one at the same moment; it is tried again"));
    }
    return epoch;
  }

  private void await(Failover f, Tenant tenant) {
    if (isOurs(f)) {
      around.lease().withhold(tenant);
      Duration left = around.lease().remaining(tenant);
      if (left.isZero() || left.isNegative()) {
        failovers.move(f, FailoverState.DRAINING, x -> x);
      } else {
        rests.put(f.tenantId(), new Rest(clock.nanos() + left.toNanos(), 0));
      }
    } else {
      failovers.move(f, FailoverState.FAILED, x -> x.failing(lost(f, "who claimed it promotes the tenant")));
    }
  }

  /** Registers that were lost are nobody's claim: it is made again. */
  private boolean isOurs(Failover f) {
    Optional<Epochs.Claim> seen = around.epochs().of(f.tenantId());
    return seen.isPresent()
        ? seen.get().epoch() == f.epoch()
        : around.epochs().claim(f.tenantId(), seen, f.epoch(), f.to());
  }

  /**
   * Whether an earlier try has promoted it, only the replica's row tells: where the epoch is not ours any more the row is asked,
   * and it is waited for until it has a later one, behind which no late try of ours can get; or claimed anew where nobody does that.
   */
  private void promote(Failover f, Tenant tenant) {
    if (!isOurs(f)) {
      FailoverEnds.Arbiter arbiter = ends.arbiter(tenant);
      if (arbiter.epoch() > f.epoch()) {
        failovers.move(f, FailoverState.FAILED, x -> x.failing(lost(f, "who claimed it has promoted the tenant")));
        return;
      }
      if (arbiter.epoch() < f.epoch()) {
        if (Duration.between(f.since(), clock.now()).compareTo(RIVAL_PATIENCE) < 0) {
          throw new TransientException(lost(f, "it is waited for until the replica's row has that epoch"));
        }
        long epoch = claimNext(f, tenant, arbiter);
        promote(failovers.note(f, x -> x.claimed(epoch)), tenant);
        return;
      }
    }
    FailoverEnds.Promoted done = ends.promote(tenant, f.epoch());
    failovers.move(
        f,
        FailoverState.PROMOTED,
        x -> x.promoted(new Failover.Promotion(done.position().toString(), done.lastCommit(), clock.now())));
  }

  /** To be seen; where the journal is the trouble, the log has it. */
  private void show(Failover f, @Nullable Problem problem) {
    try {
      failovers.note(f, x -> Objects.equals(x.error(), problem) ? x : x.failing(problem));
    } catch (HeliosException e) {
      LOG.warn("the failover of tenant {}: {}", f.tenant(), e.getMessage());
    }
  }

  private static Problem lost(Failover f, String why) {
    return new Problem(
        ErrorCode.EPOCH_LOST,
        "the epoch of tenant \"" + f.tenant() + "\" is somebody else's",
        why,
        "helios-repl failover status " + f.tenant());
  }

  /** How a tenant's state is told while it is failed over; null when its stream's own state is. */
  public static @Nullable TenantState shown(Failover f) {
    return switch (f.state()) {
      case PROMOTED, FENCED, ACCOUNTED, REPAIRING -> TenantState.PROMOTED;
      case PLANNED, WAITING, DRAINING, PROMOTING, FOLLOWING, FAILING_BACK, FAILED_BACK, FAILED -> null;
    };
  }

  private static Problem bug() {
    return new Problem(
        ErrorCode.INTERNAL,
        "the failover met a bug in the server",
        "an assumption of the program does not hold",
        "see the server's log at this time, and report it with what stands there");
  }
}
