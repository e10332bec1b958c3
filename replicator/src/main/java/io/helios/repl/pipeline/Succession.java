package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.apply.OldHome;
import io.helios.repl.apply.Promotion;
import io.helios.repl.apply.Replica;
import io.helios.repl.apply.ReplicaState;
import io.helios.repl.apply.Replicated;
import io.helios.repl.apply.SharedRows;
import io.helios.repl.apply.TargetPreparation;
import io.helios.repl.apply.TenantHome;
import io.helios.repl.apply.WriteFence;
import io.helios.repl.capture.CaptureMode;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.Promotions.Promoted;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.SystemIdentifier;
import io.helios.repl.postgres.TableName;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.seal.Keyring;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What a failover does to one tenant's two databases: the home, which has died and may come back, and the target, which is
 * promoted in its place. What decides it is elsewhere (module {@code failover}); each step here finds what is done of it, and
 * does the rest.
 *
 * <p>The home is not asked for anything until it is fenced. The tenant stays captured from it all the time, under its old
 * epoch: what it had committed and nobody got comes into the journal when it is back, is never applied, and is the account.
 *
 * <p>Any thread; one at a time for a tenant.
 */
public final class Succession {

  /** Who holds the tenant's row at the target for longer is ended: whatever it does there is not to be committed. */
  private static final Duration HOLDERS_PATIENCE = Duration.ofSeconds(1);

  /** Who cannot be ended is waited for this long. */
  private static final Duration ROW_PATIENCE = Duration.ofSeconds(5);

  /** Who was writing before the guard was up is waited for this long, each time. */
  private static final Duration OLDER_PATIENCE = Duration.ofSeconds(5);

  /** New writers at the home never wait longer than this for the fence to get the tenant's lock. */
  private static final Duration FENCE_PATIENCE = Duration.ofSeconds(2);

  private static final Duration LOOK = Duration.ofMillis(2);

  /** What it asks of the fleet. */
  record Parts(Endpoints endpoints, BackRoutes backRoutes, Promotions promotions, Accounts accounts, Keyring keyring, Ticker ticker) {}

  private final Tenant tenant;
  private final Parts parts;
  private final Handover.Hands hands;

  /** @param tenant as it was before the failover */
  Succession(Tenant tenant, Parts parts, Handover.Hands hands) {
    this.tenant = tenant;
    this.parts = parts;
    this.hands = hands;
  }

  private SourceEngine home() {
    return parts.endpoints().source(tenant.source());
  }

  private TargetEngine target() {
    return parts.endpoints().target(tenant.target());
  }

  /**
   * How the target stands.
   *
   * @param obstacle why it cannot be promoted; null when it can
   * @param applied where what is there ends in the home's WAL
   * @param captured up to where the home's changes are known here
   * @param lastCommit when what was applied last had been committed at the home; null when that is not known
   */
  public record Standing(@Nullable Problem obstacle, Lsn applied, Lsn captured, @Nullable Instant lastCommit) {}

  /** Looks at the target and the journal. */
  public Standing standing() {
    try (Connection connection = atTarget()) {
      Optional<ReplicaState> copied = target().copied(tenant);
      Lsn applied = copied.map(ReplicaState::position).orElse(Lsn.INVALID);
      Lsn captured = Lsn.max(applied, new Lsn(home().journal().capturedUpTo()));
      return new Standing(obstacle(connection, copied.isPresent()), applied, captured, instant(commitMicros(applied)));
    } catch (SQLException e) {
      throw failed(e, tenant.target());
    }
  }

  private @Nullable Problem obstacle(Connection connection, boolean copied) throws SQLException {
    TenantHome.State state = TenantHome.find(connection, tenant.id()).orElse(null);
    if (state == null || !copied) {
      return notReady(state == null ? "its row in helios.replica is missing" : "not all of its tables have been copied");
    }
    if (state.role() != TenantHome.Role.REPLICA || state.epoch() != tenant.epoch()) {
      return displaced(tenant.epoch() + 1, state).problem();
    }
    SharedRows.Sharer follows = SharedRows.following(connection, tenant.id()).orElse(null);
    if (follows != null) {
      return refusal(follows).problem();
    }
    Problem lost = home().lost(tenant.id());
    return lost == null ? null : notReady("changes that it needs are gone: " + lost.message());
  }

  private Problem notReady(String why) {
    return new Problem(
        ErrorCode.REPLICA_NOT_READY,
        "tenant \"" + tenant.name() + "\" cannot be promoted at target \"" + tenant.target() + "\"",
        why,
        "helios-repl tenant status " + tenant.name());
  }

  private long commitMicros(Lsn position) {
    TenantPipeline pipeline = hands.pipeline(tenant);
    Replica replica = pipeline.replica();
    AppliedStatus status = replica == null ? pipeline.lastApplied() : replica.status();
    return status != null && status.position().equals(position) ? status.lastCommitMicros() : 0;
  }

  private static @Nullable Instant instant(long micros) {
    return micros == 0 ? null : KeyText.instant(micros);
  }

  /**
   * Applies what the journal has of the tenant, also of one that was paused or stopped; the home is not asked.
   *
   * @return whether nothing is left of it; false also at once when it cannot be applied
   */
  public boolean drain(Duration patience) throws InterruptedException {
    TenantPipeline pipeline = hands.pipeline(tenant);
    DesiredState desired = pipeline.desired();
    if (desired == DesiredState.PAUSED || desired == DesiredState.STOPPED) {
      pipeline.wish(DesiredState.RUNNING);
    }
    Replica replica = pipeline.replica();
    if (replica != null) {
      replica.release(); // a comparison with the home, which is not going to end
    }
    long until = System.nanoTime() + patience.toNanos();
    while (!isDrained(pipeline)) {
      TenantState state = pipeline.standing().state();
      boolean applies = state == TenantState.STREAMING || pipeline.isResuming() || state == TenantState.PAUSED
          || state == TenantState.STOPPED;
      if (!applies || System.nanoTime() - until > 0) {
        return false;
      }
      pause();
    }
    return true;
  }

  private boolean isDrained(TenantPipeline pipeline) {
    Replica replica = pipeline.replica();
    if (replica == null) {
      return false;
    }
    // In this order: what is captured after this only makes the backlog longer, never the answer wrong.
    Lsn captured = new Lsn(home().journal().capturedUpTo());
    Lsn through =
        AppliedMarks.through(home().journal(), captured, tenant.id(), replica.status().position());
    return through != null && !through.isBefore(captured);
  }

  /**
   * What was promoted.
   *
   * @param position of the last transaction of the home that is there
   * @param lastCommit when that was committed at the home; null when it is not known
   */
  public record Taken(Lsn position, @Nullable Instant lastCommit) {}

  /** The target takes the epoch and is the tenant's home; nothing of the old one is applied any more. */
  public Taken promote(long epoch) {
    TenantPipeline pipeline = hands.pipeline(tenant);
    Promoted known = parts.promotions().of(tenant);
    if (known == null || known.epoch() != epoch) {
      Lsn position = take(pipeline.replica(), epoch);
      known = new Promoted(tenant.id(), tenant.source(), tenant.target(), epoch, position, commitMicros(position));
      parts.promotions().keep(known);
    }
    if (pipeline.desired() != DesiredState.PROMOTED && pipeline.tenant().source().equals(tenant.source())) {
      pipeline.promoted();
    }
    return new Taken(known.position(), instant(known.commitMicros()));
  }

  private Lsn take(@Nullable Replica replica, long epoch) {
    if (replica != null) {
      replica.holdAt(Lsn.INVALID); // it begins nothing any more that would be refused
    }
    boolean taken = false;
    try (Connection connection = atTarget();
        WaitBreaker _ = WaitBreaker.watch(target().settings().connection(), connection, tenant.name(), HOLDERS_PATIENCE);
        Statement statement = connection.createStatement()) {
      statement.execute("SET lock_timeout = " + ROW_PATIENCE.toMillis());
      List<TenantTable> tables = hands.tables(tenant).read(connection, tenant);
      Optional<Lsn> position = Promotion.run(connection, tenant, epoch, tables, parts.ticker().now());
      if (position.isEmpty()) {
        position = Optional.of(takenBefore(connection, epoch));
      }
      taken = true;
      return position.get();
    } catch (SQLException e) {
      throw SqlStates.isLockTrouble(e) ? held(e) : failed(e, tenant.target());
    } finally {
      if (!taken && replica != null) {
        replica.release();
      }
    }
  }

  /** What an earlier call has done, if it has; else why it cannot be done. */
  private Lsn takenBefore(Connection connection, long epoch) throws SQLException {
    TenantHome.State state = TenantHome.find(connection, tenant.id()).orElse(null);
    ReplicaState here = target().copied(tenant).orElse(null);
    if (state != null && state.role() == TenantHome.Role.PRIMARY && state.epoch() == epoch && here != null) {
      return here.position();
    }
    SharedRows.Sharer follows = SharedRows.following(connection, tenant.id()).orElse(null);
    if (state != null && follows != null) {
      throw refusal(follows);
    }
    if (state == null || here == null) {
      throw new OperatorException(
          notReady(state == null ? "its row in helios.replica is missing" : "not all of its tables have been copied"));
    }
    throw displaced(epoch, state);
  }

  private OperatorException refusal(SharedRows.Sharer follows) {
    return follows.refuses(
        "target \"" + tenant.target() + "\" cannot become the home of tenant \"" + tenant.name() + "\"", tenant.name());
  }

  private OperatorException displaced(long epoch, TenantHome.State state) {
    return new OperatorException(
        new Problem(
            ErrorCode.FAILOVER_DISPLACED,
            "target \"" + tenant.target() + "\" does not take epoch " + epoch + " of tenant \"" + tenant.name() + "\"",
            "its row in helios.replica there says " + state.role() + ", epoch " + state.epoch()
                + (state.refused() >= epoch ? ", and that it refuses up to " + state.refused() : "")
                + "; epoch " + tenant.epoch() + " was to be replaced",
            "helios-repl failover status " + tenant.name()));
  }

  private TransientException held(SQLException e) {
    return new TransientException(
        new Problem(
            ErrorCode.REPLICA_HELD,
            "a session holds the row of tenant \"" + tenant.name() + "\" at target \"" + tenant.target() + "\"",
            "it did not end within " + ROW_PATIENCE.toMillis() + " ms, and our role may not end it",
            "SELECT pid, usename, application_name FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'; end it:"
                + " SELECT pg_terminate_backend(PID)"),
        SqlStates.clean(e));
  }

  /**
   * Closes the tenant at its old home, which is back, behind the last write that there will ever be.
   *
   * @return where its WAL says so
   * @throws TransientException when somebody writes on; nothing is closed then
   */
  public Lsn fence(long epoch) throws InterruptedException {
    String name = tenant.source();
    try (Connection at = PgConnections.openForDefinitions(home().settings().connection(), "fence", tenant.name())) {
      OldHome old = new OldHome(at, name);
      TargetPreparation.run(at, name, null, List.of());
      try {
        TenantHome.State state = TenantHome.find(at, tenant.id()).orElse(null);
        if (state == null || state.role() == TenantHome.Role.PRIMARY || state.role() == TenantHome.Role.CLOSED) {
          old.guard(tenant.turned(tenant.epoch()), replicated(), hands.tables(tenant).read(at, tenant));
        }
        OlderTransactions.await(at, name, tenant.name(), parts.ticker(), OLDER_PATIENCE);
        return WriteFence.open(home().settings().connection(), name, tenant, List.of()).fence(epoch, FENCE_PATIENCE);
      } catch (TransientException e) {
        throw isBusy(e.problem()) ? busy(old, e.problem().why(), e) : e;
      } catch (SQLException e) {
        if (SqlStates.isLockTrouble(e)) {
          throw busy(old, "one of its tables was in use for long", SqlStates.clean(e));
        }
        throw e;
      }
    } catch (SQLException e) {
      throw failed(e, name);
    }
  }

  private static boolean isBusy(Problem problem) {
    return problem.code() == ErrorCode.FENCE_BUSY || problem.code() == ErrorCode.FENCE_NOT_ARMED;
  }

  private TransientException busy(OldHome old, String why, Exception e) throws SQLException {
    List<String> writers = old.writers();
    return new TransientException(
        new Problem(
            ErrorCode.OLD_HOME_BUSY,
            "tenant \"" + tenant.name() + "\" cannot be closed yet at its old home \"" + tenant.source() + "\"",
            writers.isEmpty() ? why : "the oldest transactions there are those of " + String.join(", ", writers),
            "end them: SELECT pg_terminate_backend(PID), ROLLBACK PREPARED 'GID'; or wait"),
        e);
  }

  /** How the old home stands to the new one. */
  private Replicated replicated() throws SQLException {
    try (Connection next = atTarget()) {
      String system = SystemIdentifier.read(next);
      return new Replicated(
          home().settings().tenancy(), false, tenant.target(), system == null ? 0 : Long.parseLong(system),
          target().settings().region());
    }
  }

  /**
   * What the home had committed behind the promoted position. Keeps the document with its keys, too.
   *
   * @param epoch that was taken
   * @throws TransientException while the home is not captured up to its fence
   */
  public SuccessionAccount account(long epoch, Lsn promoted, Lsn fence, Duration patience) throws InterruptedException {
    long until = System.nanoTime() + patience.toNanos();
    while (home().capturedUpTo().isBefore(fence)) {
      if (System.nanoTime() - until > 0) {
        throw awaited(fence);
      }
      pause();
    }
    // The home may have died right after the copy: what was written during it is captured, and partly in the copy too.
    Map<String, Lsn> copiedAt = target().copied(tenant).map(ReplicaState::copiedAt).orElse(Map.of());
    LateChanges late;
    try (FrameOpener opener = new FrameOpener(parts.keyring())) {
      late = LateChanges.read(home().journal(), tenant.id(), tenant.epoch(), promoted, copiedAt, opener);
    }
    Problem lost = home().lost(tenant.id());
    if (lost != null) {
      late.miss(lost.code().id() + ": " + lost.message() + ": " + lost.why());
    }
    if (home().settings().capture() instanceof CaptureMode.Checkpoint) {
      late.miss("the old home is polled: what was deleted there, or changed more than once, does not show");
    }
    parts.accounts().keep(tenant, epoch, late.document(tenant.name(), epoch, fence));
    return late.account();
  }

  private TransientException awaited(Lsn fence) {
    Problem trouble = home().condition().problem();
    return new TransientException(
        new Problem(
            ErrorCode.ACCOUNT_AWAITED,
            "source \"" + tenant.source() + "\" is not captured up to the fence of tenant \"" + tenant.name() + "\" yet",
            trouble == null
                ? "it is captured up to " + home().capturedUpTo() + ", the fence is at " + fence
                : trouble.message(),
            "helios-repl source check " + tenant.source()));
  }

  /** The account with the keys of its rows, as JSON. */
  public byte[] export(long epoch) {
    return parts.accounts().read(tenant, epoch);
  }

  /**
   * The old home follows from now on. It is compared with the new one, and what it had alone is undone there.
   *
   * @return the tenant as it is from now on
   */
  public Tenant rejoin(long epoch) throws InterruptedException {
    Tenant turned = tenant.turned(epoch);
    if (hands.pipeline(tenant).tenant().source().equals(turned.source())) {
      return turned;
    }
    parts.endpoints().turn(tenant.source(), tenant.target());
    SourceEngine next = parts.endpoints().source(tenant.target());
    // Armed before the home died: what was to be waited for is never coming, and the comparison begins from nothing.
    Handover.unroute(next, tenant.id());
    parts.backRoutes().forget(tenant.id());
    next.prepare(false);
    try (Connection old = PgConnections.openForDefinitions(home().settings().connection(), "rejoin", tenant.name());
        Connection now = atTarget()) {
      Map<TableName, TenantTable> tables = new LinkedHashMap<>();
      hands.tables(tenant).read(old, tenant).forEach(table -> tables.put(TableName.of(table.definition()), table));
      hands.tables(turned).read(now, turned).forEach(table -> tables.put(TableName.of(table.definition()), table));
      new OldHome(old, tenant.source()).follow(turned, replicated(), tables.values());
    } catch (SQLException e) {
      throw failed(e, tenant.source());
    }
    hands.pipeline(tenant).retire();
    Handover.unroute(home(), tenant.id());
    hands.renew(turned);
    return turned;
  }

  private static void pause() throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK.toMillis()));
  }

  private Connection atTarget() {
    return PgConnections.open(target().settings().connection(), "failover", tenant.name());
  }

  private HeliosException failed(SQLException e, String where) {
    return SqlStates.classify(
        e,
        ErrorCode.PROMOTION_FAILED,
        "tenant \"" + tenant.name() + "\" cannot be looked at or changed at \"" + where + "\"",
        "helios-repl target check " + where);
  }
}
