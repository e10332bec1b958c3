package io.helios.repl.migration;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings each migration one step further, whenever one can be taken. The loop itself ({@link #runOnce}) never blocks; a step
 * may, and is run by the executor, one at a time for each migration. What one of them meets stops no other.
 */
public final class MigrationDriver {

  private static final Logger LOG = LoggerFactory.getLogger(MigrationDriver.class);

  /** So often the marker is sent through before a tenant is ready. */
  private static final int REHEARSALS = 5;

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(250);
  private static final Duration AFTER_TROUBLE = Duration.ofSeconds(2);
  private static final Duration AFTER_BUG = Duration.ofMinutes(1);

  private final Migrations migrations;
  private final Replication replication;
  private final TenantEnds ends;
  private final Traffic traffic;
  private final MoveClock clock;
  private final Executor steps;
  private final int parallelCopies;
  private final Cutover cutover;
  private final Set<UUID> busy = ConcurrentHashMap.newKeySet();
  private final Map<UUID, Long> restsUntilNanos = new ConcurrentHashMap<>();

  /**
   * @param steps runs what may block
   * @param parallelCopies how many may be copied and compared at once
   */
  public MigrationDriver(
      Migrations migrations,
      Replication replication,
      TenantEnds ends,
      Traffic traffic,
      MoveClock clock,
      Executor steps,
      int parallelCopies) {
    this.migrations = migrations;
    this.replication = replication;
    this.ends = ends;
    this.traffic = traffic;
    this.clock = clock;
    this.steps = steps;
    this.parallelCopies = parallelCopies;
    this.cutover = new Cutover(ends, traffic, clock);
  }

  /** Begins every step that is due. Returns how many. One thread. */
  public int runOnce() {
    int begun = 0;
    List<Migration> all = migrations.all();
    Admission admission = Admission.of(all, parallelCopies, m -> busy.contains(m.tenantId()));
    for (Migration migration : all) {
      if (isDue(migration, admission) && busy.add(migration.tenantId())) {
        begun++;
        if (migration.state() == MigrationState.PLANNED) {
          admission.admit(migration);
        }
        steps.execute(() -> run(migration.tenantId()));
      }
    }
    return begun;
  }

  /** It was asked for something: it need not wait for its turn to look again. Any thread. */
  public void wake(UUID tenant) {
    restsUntilNanos.remove(tenant);
  }

  private boolean isDue(Migration m, Admission admission) {
    Long rest = restsUntilNanos.get(m.tenantId());
    if (rest != null && clock.nanos() - rest < 0) {
      return false;
    }
    Instant now = clock.now();
    Instant notBefore = m.notBefore();
    boolean retried = notBefore == null || !now.isBefore(notBefore);
    return switch (m.state()) {
      case PLANNED -> m.wish() != Wish.NONE || (inWindow(m, now) && admission.hasRoom(m));
      case READY -> m.wish() == Wish.CANCEL || (m.wish() == Wish.NONE ? cutsOverByItself(m, now) : retried);
      case SWITCHED -> m.wish() == Wish.NONE ? !m.armed() : retried;
      case FAILED -> m.wish() != Wish.NONE;
      case COPYING, CATCHING_UP, CUTTING_OVER, CUTTING_BACK, CLEARING_UP, COMPLETING, SETTLING, CANCELLING -> true;
      case COMPLETED, ROLLED_BACK, SETTLED, CANCELLED -> false;
    };
  }

  /** Once: what was undone for good waits for an operator. */
  private static boolean cutsOverByItself(Migration m, Instant now) {
    return m.options().cutOver() && m.error() == null && inWindow(m, now);
  }

  private static boolean inWindow(Migration m, Instant now) {
    TimeWindow window = m.options().window();
    return window == null || window.contains(now);
  }

  private void run(UUID tenant) {
    try {
      step(migrations.find(tenant).orElseThrow(), replication.tenant(tenant));
    } catch (HeliosException e) {
      met(migrations.find(tenant).orElseThrow(), e);
    } catch (MoveClock.Stopping e) {
      LOG.info("the migration of tenant {} waits for the next start", tenant);
    } catch (Migrations.Overtaken e) {
      LOG.info("a step of the migration of tenant {} is over: {}", tenant, e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("a bug has stopped the migration of tenant {}", tenant, e);
      show(migrations.find(tenant).orElseThrow(), bug());
      rest(tenant, AFTER_BUG);
    } finally {
      busy.remove(tenant);
    }
  }

  /** Where nothing was done yet that cannot be left so, an operator's wish has failed; else it is tried again. */
  private void met(Migration m, HeliosException e) {
    rest(m.tenantId(), AFTER_TROUBLE);
    try {
      if (m.state() == MigrationState.READY || m.state() == MigrationState.SWITCHED) {
        migrations.note(m, x -> x.undone(e.problem(), clock.now()));
      } else if (!(e instanceof TransientException) && Transitions.find(m.state(), MigrationState.FAILED).isPresent()) {
        fail(m, e.problem());
      } else {
        show(m, e.problem());
      }
    } catch (HeliosException journal) {
      LOG.warn("the migration of tenant {} cannot be journaled: {}", m.tenant(), journal.getMessage());
    }
  }

  private void step(Migration m, Tenant tenant) {
    if (m.wish() == Wish.CANCEL && Wish.CANCEL.allowedIn(m.state())) {
      migrations.move(m, MigrationState.CANCELLING, Migration::content);
      return;
    }
    switch (m.state()) {
      case PLANNED -> begin(m, tenant);
      case COPYING -> copy(m, tenant);
      case CATCHING_UP -> catchUp(m, tenant);
      case READY -> ready(m, tenant);
      case CUTTING_OVER, CUTTING_BACK -> conclude(m, tenant, cutover.settle(tenant, m.epoch(), told(m)));
      case SWITCHED -> switched(m, tenant);
      case CLEARING_UP -> clear(m, tenant, MigrationState.ROLLED_BACK);
      case SETTLING -> clear(m, tenant, MigrationState.SETTLED);
      case CANCELLING -> clear(m, tenant, MigrationState.CANCELLED);
      case COMPLETING -> {
        ends.leave(tenant, m.wish() == Wish.COMPLETE_AND_PURGE);
        migrations.move(m, MigrationState.COMPLETED, x -> x.armed(false).content());
      }
      case COMPLETED, ROLLED_BACK, SETTLED, CANCELLED, FAILED -> {}
    }
  }

  /** What would make the copy useless is looked at once more: it may have waited for its turn for long. */
  private void begin(Migration m, Tenant tenant) {
    Gates.beforeCopy(m.tenant(), replication.facts(tenant.id(), m.options().proofAge()), m.options())
        .ifPresentOrElse(problem -> fail(m, problem), () -> migrations.move(m, MigrationState.COPYING, x -> x));
  }

  private void clear(Migration m, Tenant tenant, MigrationState end) {
    ends.disarm(tenant);
    migrations.move(m, end, x -> x.armed(false).content());
  }

  private void copy(Migration m, Tenant tenant) {
    TenantStatus status = replication.status(tenant.id());
    switch (status.state()) {
      case STREAMING -> migrations.move(m, MigrationState.CATCHING_UP, x -> x.failing(null));
      case CREATED, STOPPED, PAUSED -> {
        replication.start(tenant.id());
        rest(tenant.id(), LOOK_AGAIN);
      }
      case COPYING -> rest(tenant.id(), LOOK_AGAIN);
      case FAILED, NEEDS_RESYNC, FENCED, CUTOVER, MOVED, PROMOTED -> fail(m, cannotStream(tenant, status));
    }
  }

  private void catchUp(Migration m, Tenant tenant) {
    if (!m.armed()) {
      ends.arm(tenant);
      m = migrations.note(m, x -> x.armed(true));
    }
    if (heedsProof(m) && !isProven(m, tenant)) {
      return;
    }
    Double lag = replication.status(tenant.id()).lagSeconds();
    if (lag == null || lag > Gates.MOST_LAG_SECONDS) {
      rest(tenant.id(), LOOK_AGAIN);
      return;
    }
    Prediction prediction = rehearse(tenant, REHEARSALS);
    migrations.move(m, MigrationState.READY, x -> x.predicted(prediction).failing(null));
  }

  /** Everything of a cutover but the fence, so many times. Needs the tenant armed. Any thread. */
  public Prediction rehearse(Tenant tenant, int times) {
    List<TenantEnds.Rehearsal> rehearsals = new ArrayList<>();
    List<Long> trafficNanos = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      rehearsals.add(ends.rehearse(tenant, PATIENCE));
      long began = clock.nanos();
      traffic.check(Traffic.Move.of(tenant, tenant.epoch() + 1));
      trafficNanos.add(clock.nanos() - began);
    }
    return Prediction.of(clock.now(), rehearsals, trafficNanos);
  }

  private void ready(Migration m, Tenant tenant) {
    Migration asked = m.wish() == Wish.NONE ? migrations.note(m, x -> x.wishing(Wish.CUTOVER)) : m;
    cut(asked, tenant, MigrationState.CUTTING_OVER);
  }

  private void switched(Migration m, Tenant tenant) {
    switch (m.wish()) {
      case ROLLBACK -> {
        if (m.armed()) {
          cut(m, tenant, MigrationState.CUTTING_BACK);
        } else {
          armForTheWayBack(m, tenant);
        }
      }
      case COMPLETE, COMPLETE_AND_PURGE -> migrations.move(m, MigrationState.COMPLETING, x -> x);
      case SETTLE -> migrations.move(m, MigrationState.SETTLING, x -> x);
      case NONE -> armForTheWayBack(m, tenant);
      case CUTOVER, CANCEL -> migrations.note(m, Migration::content);
    }
  }

  /** Ahead of time, so that a rollback need not wait for it. */
  private void armForTheWayBack(Migration m, Tenant tenant) {
    ends.arm(tenant);
    migrations.note(m, x -> x.armed(true).failing(null));
  }

  private void cut(Migration m, Tenant tenant, MigrationState cutting) {
    if (heedsProof(m) && !isProven(m, tenant)) {
      return;
    }
    List<Gates.Refusal> closed =
        Gates.closed(m.tenant(), replication.facts(tenant.id(), m.options().proofAge()), m.options());
    if (!closed.isEmpty()) {
      migrations.note(m, x -> x.undone(closed.getFirst().problem(), clock.now()));
      return;
    }
    TenantEnds.Arbiter arbiter = ends.arbiter(tenant);
    long epoch = Math.max(tenant.epoch(), Math.max(arbiter.epoch(), Math.max(arbiter.refused(), m.epoch()))) + 1;
    Migration begun = migrations.begin(m, cutting, epoch);
    if (begun == null) {
      return;
    }
    conclude(begun, tenant, cutover.carryOut(tenant, epoch, m.options().maxPause(), told(begun)));
  }

  private void conclude(Migration m, Tenant tenant, Cutover.Outcome outcome) {
    boolean back = m.state() == MigrationState.CUTTING_BACK;
    switch (outcome) {
      case Cutover.Outcome.Undone undone ->
          migrations.move(
              m,
              back ? MigrationState.SWITCHED : MigrationState.READY,
              x -> x.undone(undone.why(), clock.now()));
      case Cutover.Outcome.Taken taken -> {
        Migration reported = reported(m, taken);
        Tenant turned = ends.turn(tenant, m.epoch());
        migrations.move(
            reported,
            back ? MigrationState.CLEARING_UP : MigrationState.SWITCHED,
            x -> x.armed(back).content(),
            turned);
      }
    }
  }

  /** Kept before the turn, which may take several tries: what was measured is measured once. */
  private Migration reported(Migration m, Cutover.Outcome.Taken taken) {
    CutoverReport known = m.direction() == Direction.FORWARD ? m.there() : m.back();
    if (taken.pauseNanos() < 0 && known != null && known.epoch() == m.epoch()) {
      return m;
    }
    boolean exact = taken.pauseNanos() >= 0;
    CutoverReport report =
        new CutoverReport(
            m.direction(),
            m.epoch(),
            exact ? Prediction.millis(taken.pauseNanos()) : Duration.between(m.since(), clock.now()).toMillis(),
            exact,
            Prediction.millis(taken.trafficNanos()),
            Prediction.millis(taken.lockNanos()),
            Prediction.millis(taken.drainNanos()),
            Prediction.millis(taken.switchNanos()),
            taken.markerLsn(),
            clock.now());
    return migrations.note(m, x -> x.reported(report));
  }

  private static boolean heedsProof(Migration m) {
    return !m.options().forced().contains(CutoverGate.VERIFICATION);
  }

  /** Whether both sides are known to be equal; if nobody knows, it is being found out. */
  private boolean isProven(Migration m, Tenant tenant) {
    Proof proof = replication.proof(tenant.id(), m.options().proofAge());
    switch (proof.standing()) {
      case FRESH -> {
        return true;
      }
      case OLD -> replication.prove(tenant.id());
      case RUNNING -> {}
      case DIFFERENT, FAILED -> {
        Problem problem = unproven(tenant, proof);
        if (m.state() == MigrationState.CATCHING_UP) {
          fail(m, problem);
        } else {
          migrations.note(m, x -> x.undone(problem, clock.now()));
        }
      }
    }
    rest(tenant.id(), LOOK_AGAIN);
    return false;
  }

  private void rest(UUID tenant, Duration duration) {
    restsUntilNanos.put(tenant, clock.nanos() + duration.toNanos());
  }

  private void fail(Migration m, Problem problem) {
    migrations.move(m, MigrationState.FAILED, x -> x.failing(problem));
  }

  private Consumer<@Nullable Problem> told(Migration m) {
    return problem -> show(m, problem == null ? null : unanswered(m, problem));
  }

  /** To be seen; where the journal is the trouble, the log has it. */
  private void show(Migration m, @Nullable Problem problem) {
    try {
      migrations.note(m, x -> Objects.equals(x.error(), problem) ? x : x.failing(problem));
    } catch (HeliosException e) {
      LOG.warn(
          "the migration of tenant {}: {}; {}", m.tenant(), problem == null ? "goes on" : problem.message(), e.getMessage());
    }
  }

  private static Problem unanswered(Migration m, Problem cause) {
    return new Problem(
        ErrorCode.CUTOVER_UNANSWERED,
        "tenant \"" + m.tenant() + "\" waits: how its cutover to epoch " + m.epoch() + " ended cannot be told yet",
        cause.code().id() + ": " + cause.message() + ". Only the target's answer tells whether it has become the home; until"
            + " then the tenant is opened nowhere, and it is asked again and again",
        "mend the way to the target; it goes on by itself. What else may be decided: docs/migration.md");
  }

  private static Problem cannotStream(Tenant tenant, TenantStatus status) {
    Problem error = status.error();
    return new Problem(
        ErrorCode.MIGRATION_STUCK,
        "tenant \"" + tenant.name() + "\" cannot be moved: it is " + status.state(),
        error == null ? "it does not stream to its target" : error.code().id() + ": " + error.message(),
        "helios-repl tenant describe " + tenant.name() + "; then: helios-repl migrate start " + tenant.name());
  }

  private static Problem unproven(Tenant tenant, Proof proof) {
    return new Problem(
        ErrorCode.GATE_VERIFICATION,
        "both sides of tenant \"" + tenant.name() + "\" are not known to be equal",
        proof.why(),
        proof.standing() == Proof.Standing.DIFFERENT
            ? "helios-repl verify repair " + tenant.name()
            : "helios-repl verify run " + tenant.name());
  }

  private static Problem bug() {
    return new Problem(
        ErrorCode.INTERNAL,
        "the migration met a bug in the server",
        "an assumption of the program does not hold",
        "see the server's log at this time, and report it with what stands there");
  }

  /** How a tenant's state is told while it is moved; null when its stream's own state is. */
  public static @Nullable TenantState shown(Migration m) {
    return switch (m.state()) {
      case CUTTING_OVER, CUTTING_BACK -> m.error() == null ? TenantState.CUTOVER : TenantState.FENCED;
      case COMPLETED -> TenantState.MOVED;
      default -> null;
    };
  }
}
