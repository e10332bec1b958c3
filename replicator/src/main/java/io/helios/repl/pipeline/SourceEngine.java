package io.helios.repl.pipeline;

import io.helios.repl.capture.Capture;
import io.helios.repl.capture.CaptureMode;
import io.helios.repl.capture.CaptureSettings;
import io.helios.repl.capture.CaptureStatus;
import io.helios.repl.capture.CaptureTimes;
import io.helios.repl.capture.Routes;
import io.helios.repl.capture.SourceHealth;
import io.helios.repl.capture.SourceScope;
import io.helios.repl.capture.Synchronous;
import io.helios.repl.capture.TenantRoute;
import io.helios.repl.error.Backoff;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.LargestRow;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.ReplicationSlot;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.SourceSnapshots;
import io.helios.repl.postgres.schema.LiveTable;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.seal.FrameSealer;
import io.helios.repl.seal.Keyring;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.Finding;
import io.helios.repl.status.StageTimes;
import io.helios.repl.tenant.Tenancy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What runs for one source: its journal, its capture thread, and the connection that comes and goes. While no tenant is
 * routed it holds no connection at all.
 *
 * <p>The capture thread owns the stream and the capture; everything public may be called by any thread.
 */
final class SourceEngine implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(SourceEngine.class);

  private static final int COPIES_AT_ONCE = 4;

  private static final Backoff RETRY = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(10));

  /** A stream that broke sooner breaks at the same place each time, perhaps: it is opened again ever more slowly. */
  private static final long HEALTHY_NANOS = Duration.ofSeconds(10).toNanos();

  /** After we hung up, the walsender holds the slot for a moment. */
  private static final Duration REOPEN = Duration.ofMillis(50);

  private final SourceSettings settings;
  private final RelayJournal journal;
  private final FrameSealer sealer;
  private final SourceLink.Parts parts;
  private final SourceLink link;
  private final BiConsumer<FleetEvent.Severity, Problem> report;
  private final Ticker ticker;
  private final BooleanSupplier mayWork;
  private final @Nullable SynchronousTenants synchronous;
  private final Map<UUID, TenantRoute> routed = new LinkedHashMap<>();
  private long routesVersion;
  private volatile Routes routes;
  private volatile Condition condition = Condition.IDLE;
  private volatile @Nullable Capture capture;
  private volatile @Nullable SourceIdentity identity;
  private volatile boolean resting;
  private int failures;
  private long retryAtNanos;
  private long connectedNanos;

  /** Where the journal's disk refused to go on: all is well only once it has gone on from there. */
  private @Nullable Lsn stuckAt;

  private final List<Worker> workers = new ArrayList<>();
  private final Semaphore copyPlaces = new Semaphore(COPIES_AT_ONCE, true);
  private final AtomicBoolean looking = new AtomicBoolean();
  private final StageTimes reading = new StageTimes();
  private long readRows;
  private long readCommitMicros;
  private volatile SourceLink.@Nullable Retained retained;
  private volatile @Nullable SourceClock clock;

  /** A place among the tenants that are copied at the same time: each takes a slot and a walsender for a moment. */
  Semaphore copyPlaces() {
    return copyPlaces;
  }

  /** What was last seen of the source. */
  record Condition(boolean connected, @Nullable Problem problem, @Nullable Instant at) {
    static final Condition IDLE = new Condition(false, null, null);
  }

  /**
   * @param report told once about each new trouble, and about each recovery (INFO)
   * @param directory the source's own, where its journal is, too
   * @param journalDamage why this journal took the place of another one, or null
   */
  SourceEngine(
      SourceSettings settings,
      Path directory,
      RelayJournal journal,
      Keyring keyring,
      int zstdLevel,
      CaptureSettings captureSettings,
      SourceGaps.Judge judge,
      BiConsumer<FleetEvent.Severity, Problem> report,
      @Nullable Problem journalDamage,
      Surroundings surroundings) {
    this.settings = settings;
    this.journal = journal;
    this.sealer = new FrameSealer(keyring, zstdLevel);
    Synchronous waiting = settings.capture().synchronous();
    this.synchronous = waiting == null ? null : new SynchronousTenants(settings.name(), waiting, journal);
    this.parts = new SourceLink.Parts(
        settings, journal, sealer, captureSettings, judge, report, journalDamage, synchronous, surroundings);
    this.link =
        switch (settings.capture()) {
          case CaptureMode.Wal _ -> new WalLink(parts);
          case CaptureMode.Checkpoint mode -> new CheckpointLink(parts, mode, directory);
        };
    this.report = report;
    this.ticker = surroundings.ticker();
    this.mayWork = surroundings::mayWork;
    this.routes = new Routes(0, settings.tenancy(), settings.tables(), settings.referenceTables(), List.of());
  }

  SourceSettings settings() {
    return settings;
  }

  RelayJournal journal() {
    return journal;
  }

  Condition condition() {
    return condition;
  }

  /**
   * Who the source is.
   *
   * @throws HeliosException when it has never been reached and cannot be now
   */
  SourceIdentity requireIdentity() {
    SourceIdentity known = identity;
    return known != null ? known : link.identity();
  }

  /** Who the source is now, asked anew: what is copied from it must not be taken for another's. */
  SourceIdentity askIdentity() {
    return link.identity();
  }

  /** Why the tenant's changes are not complete any more; null when they are. */
  @Nullable Problem lost(UUID tenant) {
    Problem gap = link.lost().of(tenant);
    Capture running = capture;
    Problem failure = running == null ? null : running.failure(tenant);
    if (gap != null || failure != null) {
      return gap != null ? gap : failure;
    }
    return journal.overflowed().contains(tenant)
        ? new Problem(
            ErrorCode.JOURNAL_OVERFLOW,
            "the journal of source \"" + settings.name() + "\" does not hold everything the tenant needs",
            "its quota was used up while its target lagged, or the source lost WAL",
            "helios-repl tenant resync NAME")
        : null;
  }

  /** Captures nothing more for a tenant that has lost something, and keeps in mind, durably, that it has. */
  void abandon(UUID tenant, Problem why) {
    link.lost().remember(tenant, why);
    try {
      journal.drop(tenant);
      unroute(tenant);
    } catch (TransientException e) {
      // The disk refuses just now: its route stays, so that the supervisor finds the loss again and tries again.
      LOG.warn("source {}: {}", settings.name(), e.problem().message(), e);
    }
  }

  /**
   * Forgets what the journal has of the tenant, and that it lost anything: it begins again, or is gone.
   *
   * @return whether that is durable, see {@link RelayJournal#forget}
   */
  boolean forget(UUID tenant) {
    unroute(tenant);
    boolean durable = journal.forget(tenant);
    link.lost().forget(tenant);
    return durable;
  }

  /** Everything of every tenant that committed before this can be read from the journal, or there was nothing. */
  Lsn capturedUpTo() {
    CaptureStatus status = captureStatus();
    Lsn durable = new Lsn(journal.capturedUpTo());
    return status == null ? durable : Lsn.max(durable, status.receivedUpTo());
  }

  /** See {@link SourceGaps#lastTransaction}. */
  Lsn lastTransaction() {
    return link.lastTransaction();
  }

  /** The source's clock, microseconds since 2000-01-01 UTC, as far as it is known. */
  long sourceMicros() {
    SourceClock seen = clock;
    return seen == null
        ? SourceClock.sincePostgresEpoch(ChronoUnit.MICROS.between(Instant.EPOCH, ticker.now()))
        : seen.now(ticker);
  }

  /** The slot is told no more than this, but for what the WAL budget forces: see {@link AppliedMarks}. */
  void releaseUpTo(Lsn point) {
    link.releaseUpTo(point);
  }

  /** Whose commits wait for their replicas; null where nobody's do. */
  @Nullable SynchronousTenants synchronous() {
    return synchronous;
  }

  /** Whether more was waiting when the capture thread last looked. */
  boolean isBehind() {
    Capture running = capture;
    return running != null && running.isBehind();
  }

  /** Snapshots at points that what is captured comes to. */
  SourceSnapshots snapshots() {
    return link.snapshots();
  }

  /** What of the source takes part, for checking and preparing it. */
  SourceScope scope() {
    return parts.scope();
  }

  List<Finding> check() {
    try (Connection connection = PgConnections.open(settings.connection(), "check", null)) {
      return link.check(connection, capture != null);
    } catch (SQLException e) {
      throw parts.unreachable(e);
    }
  }

  /**
   * The check, and what could hurt a source that works.
   *
   * @param slots of all sources that are configured
   */
  Examination.Examined examine(Set<String> slots, long walBudget) {
    try (Connection connection = PgConnections.open(settings.connection(), "doctor", null)) {
      List<Finding> findings = new ArrayList<>(link.check(connection, capture != null));
      findings.addAll(
          SourceHealth.run(connection, scope(), slots, walBudget, SourceHealth.LONG_TRANSACTION));
      if (synchronous != null) {
        findings.addAll(synchronous.findings());
      }
      EndpointFacts facts = EndpointFacts.read(connection, settings.connection().host(), ticker);
      facts.clock("source \"" + settings.name() + "\"").ifPresent(findings::add);
      return new Examination.Examined(facts, findings);
    } catch (SQLException e) {
      throw parts.unreachable(e);
    }
  }

  /** A table as the catalog has it now; empty when it is gone. */
  Optional<LiveTable> table(int oid) {
    try (Connection connection = PgConnections.open(settings.connection(), "schema", null)) {
      return LiveTable.read(connection, oid);
    } catch (SQLException e) {
      throw parts.unreachable(e);
    }
  }

  /** Types of the stream as the catalog has them now. */
  List<LiveTable.NamedType> types(List<Integer> oids) {
    try (Connection connection = PgConnections.open(settings.connection(), "schema", null)) {
      return LiveTable.types(connection, oids);
    } catch (SQLException e) {
      throw parts.unreachable(e);
    }
  }

  /** What the source needs before it can be captured. */
  PreparationPlan prepare(boolean dryRun) {
    try (Connection connection = PgConnections.openForDefinitions(settings.connection(), "prepare", null)) {
      return link.prepare(connection, dryRun);
    } catch (SQLException e) {
      throw parts.unreachable(e);
    }
  }

  /** See {@link SourceLink#check}; over a connection of the caller's, who is about to have the source captured. */
  List<Finding> check(Connection connection) throws SQLException {
    return link.check(connection, true);
  }

  /** See {@link SourceLink#publish}. */
  void publish(Connection connection) throws SQLException {
    link.publish(connection);
  }

  /** See {@link SourceLink#publishPlan}. */
  List<String> publishPlan(Connection connection) throws SQLException {
    return link.publishPlan(connection);
  }

  /** @param news told which tenants have new frames, on a thread of its own */
  void start(Consumer<UUID> news) {
    workers.add(
        Worker.start(
            "capture-" + settings.name(),
            Map.of("source", settings.name()),
            this::runOnce,
            this::disconnect,
            bug -> condition = new Condition(false, Fleet.bug(bug), ticker.now())));
    Dispatcher dispatcher = new Dispatcher(journal, news);
    workers.add(
        Worker.start(
            "dispatch-" + settings.name(),
            Map.of("source", settings.name()),
            dispatcher::runOnce,
            () -> {},
            bug -> condition = new Condition(false, Fleet.bug(bug), ticker.now())));
  }

  /**
   * Routes a tenant's changes to the journal from the next transaction on.
   *
   * @return the version of the routes to wait for with {@link #isInForce}
   */
  synchronized long route(TenantRoute route) {
    routed.put(route.tenant(), route);
    return publishRoutes();
  }

  /** @return the version of the routes to wait for with {@link #isUnrouted} */
  synchronized long unroute(UUID tenant) {
    return routed.remove(tenant) != null ? publishRoutes() : routesVersion;
  }

  /** Whether the capture thread, if there is one, has done with what was unrouted by this version. */
  boolean isUnrouted(long version) {
    Capture running = capture;
    return running == null || running.routesVersion() >= version;
  }

  /** Whether every transaction that the source commits from now on is routed by this version or a later one. */
  boolean isInForce(long version) {
    Capture running = capture;
    return running != null && running.routesVersion() >= version;
  }

  private long publishRoutes() {
    routesVersion++;
    Routes next =
        new Routes(
            routesVersion,
            settings.tenancy(),
            settings.tables(),
            settings.referenceTables(),
            new ArrayList<>(routed.values()));
    routes = next;
    Capture running = capture;
    if (running != null) {
      running.route(next);
    }
    return routesVersion;
  }

  /** Whether nobody is captured here. */
  synchronized boolean isIdle() {
    return routed.isEmpty();
  }

  /** Nobody will be captured here any more: a slot that nobody reads would hold the WAL back for ever. */
  void dropSlot() {
    try (Connection connection = PgConnections.open(settings.connection(), "prepare", null)) {
      ReplicationSlot.drop(connection, settings.slot());
    } catch (SQLException e) {
      throw parts.unreachable(e);
    }
  }

  /** Captures nothing any more, or goes on where the journal ends; the slot keeps what comes meanwhile. */
  void rest(boolean rests) {
    resting = rests;
  }

  /** Told by a timer, so that the server knows that we live while the capture thread is busy elsewhere. */
  void keepAlive() {
    link.keepAlive();
  }

  @Nullable CaptureStatus captureStatus() {
    Capture running = capture;
    return running == null ? null : running.status();
  }

  private void runOnce() throws InterruptedException {
    if (!mayWork.getAsBoolean()) {
      Thread.sleep(20);
      return;
    }
    if (resting) {
      disconnect();
      Thread.sleep(20);
      return;
    }
    // Also where all of them wait for a resync it goes on, for the slot: it would hold the source's WAL back without end, and
    // bring all of it to whoever begins again.
    if (routes.tenants().isEmpty() && !journal.holdsOnlyDropped()) {
      disconnect();
      Thread.sleep(20);
      return;
    }
    Capture running = capture;
    if (running == null) {
      if (ticker.nanos() - retryAtNanos < 0) {
        Thread.sleep(20);
        return;
      }
      try {
        connect();
      } catch (HeliosException e) {
        fail(e);
      }
      return;
    }
    try {
      running.runOnce();
      timeReading(running.status());
      if (stuckAt != null && new Lsn(journal.capturedUpTo()).isAfter(stuckAt)) {
        stuckAt = null;
        recovered();
      }
      if (link.mustReopen()) {
        disconnect();
        retryAtNanos = ticker.nanos() + REOPEN.toNanos();
      }
    } catch (HeliosException e) {
      fail(link.judged(e, routes));
    } catch (OutOfMemoryError e) {
      // Of one large array: the rest of the process is as it was.
      fail(new TransientException(
          LargestRow.outOfMemory("capturing a change of source \"" + settings.name() + "\""), e));
    }
  }

  /** Notes how old a commit of our tenants was when it was read. */
  private void timeReading(CaptureStatus status) {
    if (status.rows() != readRows && status.lastCommitMicros() != readCommitMicros) {
      readRows = status.rows();
      readCommitMicros = status.lastCommitMicros();
      reading.record((sourceMicros() - readCommitMicros) * 1000, ticker.nanos());
    }
  }

  /** From a commit at the source to its changes' being in the journal. */
  StageTimes reading() {
    return reading;
  }

  /** What sealing and journaling take; null while nothing is captured. */
  @Nullable CaptureTimes captureTimes() {
    Capture running = capture;
    return running == null ? null : running.times();
  }

  /** What the source keeps for us, as seen last; null when it was not. */
  <T> @Nullable T seen(Function<SourceLink.Retained, T> what) {
    SourceLink.Retained known = retained;
    return known == null ? null : what.apply(known);
  }

  /** See {@link SourceLink#missedNanos}. */
  long missedNanos() {
    return link.missedNanos(capturedUpTo());
  }

  private void connect() {
    SourceLink.Opened opened = link.open(() -> routes);
    identity = opened.identity();
    clock = opened.clock();
    synchronized (this) {
      opened.capture().route(routes); // who was routed meanwhile
      capture = opened.capture();
    }
    connectedNanos = ticker.nanos();
    if (stuckAt == null) {
      recovered();
    } else {
      condition = new Condition(true, condition.problem(), condition.at());
    }
    LOG.info("source {}: {}", settings.name(), opened.how());
  }

  /**
   * Looks at the source with a connection of its own: WAL that the slot holds back, how far its clock is from ours, and
   * how far its sequences have come. One look at a time; a source that cannot be asked keeps what was seen last.
   *
   * @param sequences told of the sequences, after the connection is closed
   */
  void look(Consumer<List<SequenceSample>> sequences) {
    if (capture == null || !looking.compareAndSet(false, true)) {
      return;
    }
    try {
      sequences.accept(look());
    } catch (HeliosException | SQLException e) {
      LOG.debug("source {} cannot be looked at", settings.name(), e);
    } finally {
      looking.set(false);
    }
  }

  private List<SequenceSample> look() throws SQLException {
    try (Connection connection = PgConnections.open(settings.connection(), "look", null)) {
      retained = link.look(connection, capturedUpTo());
      clock = SourceClock.read(connection, ticker);
      return sequences(connection);
    }
  }

  /** Those that feed tables of tenants that are replicated; with tenancy by schema there may be very many others. */
  private List<SequenceSample> sequences(Connection connection) throws SQLException {
    SourceScope scope = scope();
    if (!(settings.tenancy() instanceof Tenancy.BySchema pattern)) {
      return SequenceSample.read(connection, ticker.now(), scope::takes);
    }
    Set<String> schemas =
        routes.tenants().stream().map(tenant -> pattern.schemaOf(tenant.key())).collect(Collectors.toSet());
    return SequenceSample.read(
        connection,
        ticker.now(),
        (schema, table) ->
            scope.isReference(schema, table) || schemas.contains(schema) && scope.takes(schema, table));
  }

  private void recovered() {
    if (condition.problem() != null) {
      report.accept(FleetEvent.Severity.INFO, condition.problem());
    }
    condition = new Condition(true, null, ticker.now());
  }

  private void fail(HeliosException e) {
    if (capture != null && ticker.nanos() - connectedNanos >= HEALTHY_NANOS) {
      failures = 0;
    }
    Problem known = condition.problem();
    ErrorCode code = e.problem().code();
    stuckAt =
        code == ErrorCode.JOURNAL_WRITE_FAILED || code == ErrorCode.JOURNAL_SYNC_FAILED
            ? new Lsn(journal.capturedUpTo())
            : null;
    disconnect();
    retryAtNanos = ticker.nanos() + RETRY.pause(++failures).toNanos();
    if (known == null || known.code() != code) {
      LOG.warn("source {}: {}", settings.name(), e.problem().message(), e);
      report.accept(FleetEvent.Severity.ERROR, e.problem());
    }
    condition = new Condition(false, e.problem(), ticker.now());
  }

  private void disconnect() {
    capture = null;
    link.close();
    if (condition.connected()) {
      condition = Condition.IDLE;
    }
  }

  /** See {@link SourceLink#barrier}. */
  Lsn barrier() {
    return link.barrier();
  }

  EndpointStatus status(int tenants) {
    CaptureStatus seen = captureStatus();
    Condition now = condition;
    return new EndpointStatus(
        settings.name(),
        "source",
        settings.connection().place(),
        now.problem() == null,
        seen == null ? null : seen.receivedUpTo(),
        seen(SourceLink.Retained::bytes),
        journal.bytes(),
        tenants,
        now.problem(),
        now.problem() == null ? null : now.at());
  }

  @Override
  public void close() {
    workers.forEach(Worker::askToStop);
    workers.forEach(Worker::close);
    sealer.close();
    journal.close();
  }
}
