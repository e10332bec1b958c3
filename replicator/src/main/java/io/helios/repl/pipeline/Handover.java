package io.helios.repl.pipeline;

import io.helios.repl.apply.HomeGuard;
import io.helios.repl.apply.Replica;
import io.helios.repl.apply.SharedRows;
import io.helios.repl.apply.TenantHome;
import io.helios.repl.apply.WriteFence;
import io.helios.repl.capture.CaptureMode;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.BackRoutes.BackRoute;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableName;
import io.helios.repl.postgres.schema.SchemaComparison;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a move does to one tenant's two databases, home and target. What decides it is elsewhere (module {@code
 * tenant-migration}); each step here finds what is done of it, and does the rest.
 *
 * <p>Two things make it safe. The home's last act is a marker in its WAL, behind the tenant's last write, and the target
 * takes the tenant over in the transaction that applies that marker. And the target is captured for the tenant before, but
 * what is captured counts only from that same transaction on, which puts the marker into the target's WAL: so nothing that
 * was applied there goes back, and nothing that is written there is missed.
 *
 * <p>Any thread; one at a time for a tenant.
 */
public final class Handover {

  /** How long a capture that is running may take to see a route. */
  private static final Duration IN_FORCE = Duration.ofSeconds(20);

  private static final Duration LOOK = Duration.ofMillis(20);

  /** What a handover asks of the fleet. */
  interface Hands {
    TenantPipeline pipeline(Tenant tenant);

    TenantStarter starter(Tenant tenant);

    TenantTables tables(Tenant tenant);

    /** The tenant is replicated as this from now on, in the place of what it was. */
    void replace(Tenant tenant);

    /** The same, and what its target holds is compared with its source first: nothing of it is taken for granted. */
    void renew(Tenant tenant);

    /** The tenant is replicated no more, as if it had never been started. */
    void dismiss(Tenant tenant);
  }

  /**
   * What a rehearsal found.
   *
   * @param lockTries how often the lock was tried until no writer held it
   * @param lockNanos how long that took
   * @param drainNanos from the marker's commit until the target had applied it
   */
  public record Rehearsal(int lockTries, long lockNanos, long drainNanos) {}

  private final Tenant tenant;
  private final Endpoints endpoints;
  private final BackRoutes backRoutes;
  private final Hands hands;

  /** @param tenant as it is replicated now: written at its source, followed by its target */
  Handover(Tenant tenant, Endpoints endpoints, BackRoutes backRoutes, Hands hands) {
    this.tenant = tenant;
    this.endpoints = endpoints;
    this.backRoutes = backRoutes;
    this.hands = hands;
  }

  /** The tenant the other way round. */
  Tenant back(long epoch) {
    return tenant.turned(epoch);
  }

  private SourceEngine home() {
    return endpoints.source(tenant.source());
  }

  private TargetEngine target() {
    return endpoints.target(tenant.target());
  }

  /** The target, as a source. */
  private SourceEngine next() {
    return endpoints.source(tenant.target());
  }

  /**
   * Everything that a cutover needs and must not wait for: the guard at the home armed, the target ready to be captured, and
   * captured for this tenant.
   *
   * @throws OperatorException for what somebody must mend before
   * @throws TransientException when it may succeed later
   */
  public void arm() throws InterruptedException {
    if (!(home().settings().capture() instanceof CaptureMode.Wal)) {
      throw new OperatorException(
          new Problem(
              ErrorCode.MOVE_NEEDS_WAL,
              "tenant \"" + tenant.name() + "\" cannot be moved away from source \"" + tenant.source() + "\"",
              "that source is polled (capture: checkpoint), and has no WAL in which a cutover could be marked",
              "capture it from its WAL (capture: wal), if its role may have the right to replicate"));
    }
    endpoints.turn(tenant.source(), tenant.target());
    BackRoute before = backRoutes.of(tenant.id());
    if (before != null && before.home().equals(tenant.source()) && next().lost(tenant.id()) == null
        && !before.open() && isArmed()) {
      return;
    }
    BackRoute route =
        new BackRoute(tenant.id(), tenant.source(), tenant.target(), 0, UUID.randomUUID(), false);
    backRoutes.keep(route);
    hands.starter(tenant).definitions().complete(tenant);
    Tenant back = back(tenant.epoch());
    hands.starter(back).arm(back, route.token());
  }

  private boolean isArmed() {
    try (Connection connection = atHome("move")) {
      return TenantHome.find(connection, tenant.id())
          .filter(state -> state.role() == TenantHome.Role.PRIMARY)
          .isPresent();
    } catch (SQLException e) {
      if (SqlStates.isUndefinedTable(e)) {
        return false; // who began to arm it died before anything was made there
      }
      throw failed(e, home().settings().name());
    }
  }

  /** Takes back what {@link #arm} made for this tenant; also after it has come back here, when its old target follows again. */
  public void disarm() throws InterruptedException {
    BackRoute route = backRoutes.of(tenant.id());
    if (route != null) {
      endpoints.turn(tenant.source(), tenant.target());
      unroute(next());
      hands.starter(back(tenant.epoch())).disarm(tenant);
      backRoutes.forget(tenant.id());
      retireMirror(next());
    }
  }

  /** Where it is written, as its target has recorded; role REPLICA, epoch and refusals of its own, where that is here. */
  public TenantHome.State arbiter() {
    try (Connection connection = atTarget("move")) {
      return TenantHome.find(connection, tenant.id())
          .orElseThrow(
              () ->
                  new OperatorException(
                      new Problem(
                          ErrorCode.REPLICA_UNKNOWN,
                          "target \"" + tenant.target() + "\" does not know tenant \"" + tenant.name() + "\"",
                          "its row in helios.replica is missing",
                          "helios-repl tenant resync " + tenant.name())));
    } catch (SQLException e) {
      throw failed(e, tenant.target());
    }
  }

  /**
   * What stands in the way of a cutover.
   *
   * @param longestWrite how long the oldest transaction that writes the tenant has been open; null when none does
   * @param schemaDifferences what its target has otherwise than its home
   * @param unprepared why what was armed does not hold any more; null when it does, or nothing was
   */
  public record Facts(@Nullable Duration longestWrite, List<String> schemaDifferences, @Nullable String unprepared) {}

  /** Looks at both databases. */
  public Facts facts() {
    try (Connection home = atHome("move");
        Connection target = atTarget("move")) {
      List<TableDefinition> definitions =
          hands.tables(tenant).read(home, tenant).stream().map(TenantTable::definition).toList();
      return new Facts(
          HomeGuard.longestWrite(home, tenant.id()).orElse(null),
          SchemaComparison.compare(home, target, definitions),
          unprepared());
    } catch (SQLException e) {
      throw failed(e, tenant.source());
    }
  }

  /**
   * What stands at the target's server, and what a copy would add.
   *
   * @param copied whether all of the tenant is there already
   */
  public TargetRoom room(boolean copied) {
    try (Connection target = atTarget("move")) {
      return TargetRoom.read(target, copied ? 0 : bytesAtHome() - TargetRoom.tenantBytes(target, hands.tables(tenant).read(target, tenant)));
    } catch (SQLException e) {
      throw failed(e, tenant.target());
    }
  }

  private long bytesAtHome() {
    try (Connection home = atHome("move")) {
      return TargetRoom.tenantBytes(home, hands.tables(tenant).read(home, tenant));
    } catch (SQLException e) {
      throw failed(e, tenant.source());
    }
  }

  private @Nullable String unprepared() {
    BackRoute route = backRoutes.of(tenant.id());
    if (route == null || !route.home().equals(tenant.source())) {
      return null; // it is not armed yet, which is not in the way: it will be
    }
    Problem lost = next().lost(tenant.id());
    return lost == null ? null : "\"" + tenant.target() + "\" is not captured any more: " + lost.message();
  }

  /** Sends a marker that changes nothing the whole way, and tries the lock without keeping anybody waiting. */
  public Rehearsal rehearse(Duration patience) throws InterruptedException {
    try (WriteFence fence = WriteFence.open(home().settings().connection(), tenant.source(), tenant, sequences())) {
      long begun = System.nanoTime();
      int tries = fence.rehearse(patience);
      long locked = System.nanoTime();
      Lsn marked = fence.markRehearsal();
      long sent = System.nanoTime();
      while (position().isBefore(marked)) {
        if (System.nanoTime() - sent > patience.toNanos()) {
          throw new TransientException(
              new Problem(
                  ErrorCode.WAIT_TIMED_OUT,
                  "the rehearsal's marker has not reached target \"" + tenant.target() + "\" within "
                      + patience.toMillis() + " ms",
                  "the tenant lags behind",
                  "helios-repl tenant status " + tenant.name()));
        }
        pause();
      }
      return new Rehearsal(tries, locked - begun, System.nanoTime() - sent);
    }
  }

  private Lsn position() {
    Replica replica = hands.pipeline(tenant).replica();
    return replica == null ? Lsn.INVALID : replica.status().position();
  }

  /** Closes the tenant at its home, behind its last write: see {@link #prepare} and {@link Prepared#close(Duration)}. */
  public Fence fence(long epoch, Duration patience) throws InterruptedException {
    try (Prepared prepared = prepare(epoch)) {
      return prepared.close(patience);
    }
  }

  /**
   * What closing the tenant needs, and nobody should wait for: a session at the home, the target told which marker it may
   * take, the capture there told from which on the tenant counts.
   *
   * @param epoch that the target shall take
   */
  public Prepared prepare(long epoch) throws InterruptedException {
    BackRoute known = backRoutes.of(tenant.id());
    Problem lost = next().lost(tenant.id());
    if (known == null || lost != null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.FENCE_NOT_ARMED,
              "tenant \"" + tenant.name() + "\" is not ready for a cutover",
              lost == null ? "its guard at the home is not armed" : lost.message(),
              "helios-repl migrate status " + tenant.name()));
    }
    WriteFence fence = WriteFence.open(home().settings().connection(), tenant.source(), tenant, sequences());
    try {
      UUID token = UUID.randomUUID();
      backRoutes.keep(known.awaiting(epoch, token));
      awaitInForce(next(), next().route(hands.starter(back(epoch)).route(back(epoch), token)));
      announce(epoch, token);
      return new Prepared(fence, epoch, token);
    } catch (RuntimeException | InterruptedException e) {
      fence.release();
      throw e;
    }
  }

  /** A fence that is not closed yet, for one epoch. */
  public static final class Prepared implements AutoCloseable {

    private final WriteFence fence;
    private final long epoch;
    private final UUID token;
    private boolean used;

    private Prepared(WriteFence fence, long epoch, UUID token) {
      this.fence = fence;
      this.epoch = epoch;
      this.token = token;
    }

    public long epoch() {
      return epoch;
    }

    /**
     * Closes the tenant, and puts the marker behind its last write.
     *
     * @param patience new writers never wait longer than this for the lock
     * @throws TransientException with FENCE_BUSY: nothing has changed; with another code it may have, and {@link #refuse} tells
     */
    public Fence close(Duration patience) {
      Lsn marker = fence.close(epoch, token, patience);
      used = true;
      return new Fence(fence, marker);
    }

    /** Ends its session, unless it became a {@link Fence}. */
    @Override
    public void close() {
      if (!used) {
        fence.release();
      }
    }
  }

  /** The tenant's writers at the home wait as long as this is held. */
  public static final class Fence implements AutoCloseable {

    private final WriteFence held;
    private final Lsn markerLsn;

    private Fence(WriteFence held, Lsn markerLsn) {
      this.held = held;
      this.markerLsn = markerLsn;
    }

    public Lsn markerLsn() {
      return markerLsn;
    }

    /** When the first writer may have begun to wait, on {@link System#nanoTime}. */
    public long sinceNanos() {
      return held.sinceNanos();
    }

    /** Whether its session is there; else the server has let the tenant's writers go on already. */
    public boolean isHeld() {
      return held.isHeld();
    }

    /** They go on, and find what was decided. */
    @Override
    public void close() {
      held.release();
    }
  }

  private void announce(long epoch, UUID token) {
    try (Connection connection = atTarget("move")) {
      Optional<SharedRows.Sharer> follows = SharedRows.following(connection, tenant.id());
      if (follows.isPresent()) {
        throw follows.get().refuses(
            "target \"" + tenant.target() + "\" cannot become the home of tenant \"" + tenant.name() + "\"", tenant.name());
      }
      if (!TenantHome.announce(connection, tenant.id(), epoch, token)) {
        throw new OperatorException(
            new Problem(
                ErrorCode.FENCE_DISPLACED,
                "target \"" + tenant.target() + "\" does not take epoch " + epoch + " of tenant \"" + tenant.name() + "\"",
                "it has refused that epoch, or the tenant is no replica there",
                "helios-repl migrate status " + tenant.name()));
      }
    } catch (SQLException e) {
      throw failed(e, tenant.target());
    }
  }

  /** Waits until the target has taken that epoch. */
  public boolean awaitPromoted(long epoch, Duration patience) throws InterruptedException {
    long until = System.nanoTime() + patience.toNanos();
    while (true) {
      Replica replica = hands.pipeline(tenant).replica();
      long left = until - System.nanoTime();
      if (replica != null) {
        try {
          return replica.promotion().get(Math.max(0, left), TimeUnit.NANOSECONDS) >= epoch;
        } catch (TimeoutException e) {
          return isPromoted(epoch);
        } catch (ExecutionException e) {
          throw new IllegalStateException(e);
        }
      }
      if (isPromoted(epoch)) {
        return true;
      }
      if (left <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.sleep(Math.min(left, LOOK.toNanos()));
    }
  }

  private boolean isPromoted(long epoch) {
    TenantHome.State state = arbiter();
    return state.epoch() >= epoch && state.role() != TenantHome.Role.REPLICA;
  }

  /** Asks the target never to take that epoch; false when it has. */
  public boolean refuse(long epoch) {
    try (Connection connection = atTarget("move")) {
      return TenantHome.refuse(connection, tenant.id(), epoch);
    } catch (SQLException e) {
      throw failed(e, tenant.target());
    }
  }

  /** Opens the home again. Only when the target has refused the epoch. */
  public void lift(long epoch, Duration patience) {
    try (WriteFence fence = WriteFence.open(home().settings().connection(), tenant.source(), tenant, List.of())) {
      fence.lift(epoch, patience);
    }
  }

  /** The same while a fence is held: its session has the lock. */
  public void lift(Fence fence, long epoch, Duration patience) {
    fence.held.lift(epoch, patience);
  }

  /**
   * After the target has taken that epoch: the old home follows it.
   *
   * @return the tenant as it is from now on
   */
  public Tenant turn(long epoch) throws InterruptedException {
    Tenant turned = back(epoch);
    if (hands.pipeline(tenant).tenant().source().equals(turned.source())) {
      return turned;
    }
    endpoints.turn(tenant.source(), tenant.target());
    BackRoute route = backRoutes.of(tenant.id());
    if (route != null && !route.open()) {
      awaitMarker(next());
      backRoutes.keep(route.opened()); // whoever starts again captures it from here on, whatever the journal has by then
    }
    hands.pipeline(tenant).retire();
    unroute(home());
    try (Connection connection = atHome("move")) {
      if (!TenantHome.follow(connection, tenant.id(), epoch)) {
        throw new OperatorException(
            new Problem(
                ErrorCode.FENCE_DISPLACED,
                "tenant \"" + tenant.name() + "\" cannot follow at its old home \"" + tenant.source() + "\"",
                "it is not closed there for epoch " + epoch,
                "helios-repl migrate status " + tenant.name()));
      }
    } catch (SQLException e) {
      throw failed(e, tenant.source());
    }
    hands.replace(turned);
    return turned;
  }

  /**
   * The old home, which is this tenant's target now, follows no more, and stays closed.
   *
   * @param purge whether the tenant's rows there are deleted
   */
  public void leave(boolean purge) throws InterruptedException {
    hands.pipeline(tenant).retire();
    unroute(home());
    hands.starter(tenant).leave(tenant, purge);
    backRoutes.forget(tenant.id());
    hands.dismiss(tenant);
    retireMirror(home());
  }

  /** A source that is captured only for tenants that had moved there, and have gone on. */
  private void retireMirror(SourceEngine source) {
    if (endpoints.isMirror(source.settings().name()) && source.isIdle()) {
      source.dropSlot();
    }
  }

  /**
   * Nothing but the marker opens the way back: whoever opened it while the capture there has yet to come to it would send home what
   * has come from there. Frames of the tenant that are there begin with it; those that show are durable, so that who starts again
   * comes to what follows it.
   */
  private void awaitMarker(SourceEngine source) throws InterruptedException {
    long until = System.nanoTime() + IN_FORCE.toNanos();
    while (source.lost(tenant.id()) == null && source.journal().fetch(tenant.id(), 0, 0, 1).isEmpty()) {
      if (System.nanoTime() - until > 0) {
        throw notCaptured(source, "its capture did not come to the marker of tenant \"" + tenant.name() + "\"");
      }
      pause();
    }
  }

  static void awaitInForce(SourceEngine source, long version) throws InterruptedException {
    long until = System.nanoTime() + IN_FORCE.toNanos();
    while (!source.isInForce(version)) {
      if (System.nanoTime() - until > 0) {
        throw notCaptured(source, "its capture did not take a route");
      }
      pause();
    }
  }

  private static TransientException notCaptured(SourceEngine source, String why) {
    Problem known = source.condition().problem();
    return new TransientException(
        known != null
            ? known
            : new Problem(
                ErrorCode.WAIT_TIMED_OUT,
                "source \"" + source.settings().name() + "\" is not captured",
                why + " within " + IN_FORCE.toSeconds() + " s",
                "helios-repl source check " + source.settings().name()));
  }

  private void unroute(SourceEngine source) throws InterruptedException {
    unroute(source, tenant.id());
  }

  /** What is captured of the tenant there ends, and is forgotten. */
  static void unroute(SourceEngine source, UUID tenant) throws InterruptedException {
    long version = source.unroute(tenant);
    while (!source.isUnrouted(version)) {
      pause();
    }
    forget(source, tenant);
  }

  /** For good: what a crash brought back of the tenant would pass for what came behind its next marker. */
  static void forget(SourceEngine source, UUID tenant) throws InterruptedException {
    long until = System.nanoTime() + IN_FORCE.toNanos();
    while (!source.forget(tenant)) {
      if (System.nanoTime() - until > 0) {
        throw notCaptured(source, "its journal did not write down that it forgets a tenant");
      }
      pause();
    }
  }

  private static void pause() throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(200));
  }

  /** Those that feed the tenant's tables at its home. */
  private List<SequenceSample> sequences() {
    try (Connection connection = atHome("move")) {
      Set<TableName> mine = hands.tables(tenant).read(connection, tenant).stream()
          .map(row -> TableName.of(row.definition()))
          .collect(Collectors.toSet());
      return SequenceSample.read(
          connection, Instant.now(), (schema, table) -> mine.contains(new TableName(schema, table)));
    } catch (SQLException e) {
      throw failed(e, tenant.source());
    }
  }

  private Connection atHome(String role) {
    return PgConnections.open(home().settings().connection(), role, tenant.name());
  }

  private Connection atTarget(String role) {
    return PgConnections.open(target().settings().connection(), role, tenant.name());
  }

  private HeliosException failed(SQLException e, String where) {
    return SqlStates.classify(
        e,
        ErrorCode.SOURCE_QUERY_FAILED,
        "tenant \"" + tenant.name() + "\" cannot be looked at or changed at \"" + where + "\"",
        "helios-repl source check " + where + "; helios-repl target check " + where);
  }

  /** What of a move began before the start; null when nothing did. */
  static @Nullable BackRoute begun(BackRoutes routes, Tenant tenant) {
    BackRoute route = routes.of(tenant.id());
    return route != null && route.home().equals(tenant.source()) && route.next().equals(tenant.target()) ? route : null;
  }
}
