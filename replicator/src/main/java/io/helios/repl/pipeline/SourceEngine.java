package io.helios.repl.pipeline;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.capture.CaptureSettings;
import io.helios.repl.capture.CaptureStatus;
import io.helios.repl.capture.CatalogColumnTypes;
import io.helios.repl.capture.Routes;
import io.helios.repl.capture.SourceCheck;
import io.helios.repl.capture.SourcePreparation;
import io.helios.repl.capture.SourceScope;
import io.helios.repl.capture.TenantRoute;
import io.helios.repl.capture.WalCapture;
import io.helios.repl.error.Backoff;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.LargestRow;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.CopyFormat;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.ReplicationSlot;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.SourceSnapshots;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.WalBarrier;
import io.helios.repl.postgres.WalStream;
import io.helios.repl.postgres.schema.LiveTable;
import io.helios.repl.relay.Provenance;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.seal.FrameSealer;
import io.helios.repl.seal.Keyring;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.Finding;
import io.helios.repl.tenant.Tenancy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
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
import java.util.function.Consumer;
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

  /** So much WAL that has nothing for us may be held back for the sake of the last transaction that had something. */
  private static final long MARK_AFTER_BYTES = 16 << 20;

  /** From 1970 to 2000, PostgreSQL's epoch. */
  private static final long POSTGRES_EPOCH_SECONDS = 946_684_800L;

  private final SourceSettings settings;
  private final Object preparation = new Object();
  private final RelayJournal journal;
  private final FrameSealer sealer;
  private final CaptureSettings captureSettings;
  private final SourceGaps gaps;
  private final BiConsumer<FleetEvent.Severity, Problem> report;
  private final Surroundings surroundings;
  private final Ticker ticker;
  private final Map<UUID, TenantRoute> routed = new LinkedHashMap<>();
  private long routesVersion;
  private volatile Routes routes;
  private volatile Condition condition = Condition.IDLE;
  private volatile @Nullable WalCapture capture;
  private volatile @Nullable WalStream stream;
  private volatile @Nullable SourceIdentity identity;
  private int failures;
  private long retryAtNanos;
  private long connectedNanos;
  private boolean textOnly;

  /** Where the journal's disk refused to go on: all is well only once it has gone on from there. */
  private @Nullable Lsn stuckAt;

  private final List<Worker> workers = new ArrayList<>();
  private final Semaphore copyPlaces = new Semaphore(COPIES_AT_ONCE, true);
  private final AtomicBoolean looking = new AtomicBoolean();
  private volatile @Nullable Long retainedWal;
  private volatile Lsn releasable = Lsn.INVALID;
  private volatile @Nullable SourceClock clock;
  private volatile List<String> unpublished = List.of();

  /** A place among the tenants that are copied at the same time: each takes a slot and a walsender for a moment. */
  Semaphore copyPlaces() {
    return copyPlaces;
  }

  /** What was last seen of the source. */
  record Condition(boolean connected, @Nullable Problem problem, @Nullable Instant at) {
    static final Condition IDLE = new Condition(false, null, null);
  }

  /**
   * The source's clock as it was seen last.
   *
   * @param micros since 1970
   * @param nanos when that was, by the clock that only grows: the other may be set at any time
   */
  private record SourceClock(long micros, long nanos) {}

  /**
   * @param report told once about each new trouble, and about each recovery (INFO)
   * @param journalDamage why this journal took the place of another one, or null
   */
  SourceEngine(
      SourceSettings settings,
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
    this.captureSettings = captureSettings;
    this.gaps = new SourceGaps(settings, journal, captureSettings.walBudget(), judge, report, journalDamage);
    this.report = report;
    this.surroundings = surroundings;
    this.ticker = surroundings.ticker();
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
    return known != null ? known : SourceIdentity.read(settings.connection());
  }

  /** Who the source is now, asked anew: what is copied from it must not be taken for another's. */
  SourceIdentity askIdentity() {
    return SourceIdentity.read(settings.connection());
  }

  /** Why the tenant's changes are not complete any more; null when they are. */
  @Nullable Problem lost(UUID tenant) {
    Problem gap = gaps.of(tenant);
    WalCapture running = capture;
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
    gaps.remember(tenant, why);
    try {
      journal.drop(tenant);
      unroute(tenant);
    } catch (TransientException e) {
      // The disk refuses just now: its route stays, so that the supervisor finds the loss again and tries again.
      LOG.warn("source {}: {}", settings.name(), e.problem().message(), e);
    }
  }

  /** Forgets what the journal has of the tenant, and that it lost anything: it begins again, or is gone. */
  void forget(UUID tenant) {
    unroute(tenant);
    journal.forget(tenant);
    gaps.forget(tenant);
  }

  /** Everything of every tenant that committed before this can be read from the journal, or there was nothing. */
  Lsn capturedUpTo() {
    CaptureStatus status = captureStatus();
    Lsn durable = new Lsn(journal.capturedUpTo());
    return status == null ? durable : Lsn.max(durable, status.receivedUpTo());
  }

  /** See {@link SourceGaps#lastTransaction}. */
  Lsn lastTransaction() {
    return gaps.lastTransaction();
  }

  /** The source's clock, microseconds since 2000-01-01 UTC, as far as it is known. */
  long sourceMicros() {
    SourceClock seen = clock;
    long micros = seen == null
        ? ChronoUnit.MICROS.between(Instant.EPOCH, ticker.now())
        : seen.micros() + (ticker.nanos() - seen.nanos()) / 1000;
    return micros - POSTGRES_EPOCH_SECONDS * 1_000_000;
  }

  /** The slot is told no more than this, but for what the WAL budget forces: see {@link AppliedMarks}. */
  void releaseUpTo(Lsn point) {
    releasable = point;
  }

  /** Whether more was waiting when the capture thread last looked. */
  boolean isBehind() {
    WalCapture running = capture;
    return running != null && running.isBehind();
  }

  /** Snapshots at points that what is captured comes to. */
  SourceSnapshots snapshots() {
    return SourceSnapshots.ofWal(settings.connection());
  }

  /** What of the source takes part, for checking and preparing it. */
  SourceScope scope() {
    return new SourceScope(
        settings.name(),
        settings.capture(),
        settings.tenancy(),
        settings.tables(),
        settings.referenceTables(),
        settings.publication(),
        settings.slot());
  }

  List<Finding> check() {
    try (Connection connection = PgConnections.open(settings.connection(), "check", null)) {
      return SourceCheck.run(connection, scope(), capture != null);
    } catch (SQLException e) {
      throw unreachable(e);
    }
  }

  /** A table as the catalog has it now; empty when it is gone. */
  Optional<LiveTable> table(int oid) {
    try (Connection connection = PgConnections.open(settings.connection(), "schema", null)) {
      return LiveTable.read(connection, oid);
    } catch (SQLException e) {
      throw unreachable(e);
    }
  }

  /** Types of the stream as the catalog has them now. */
  List<LiveTable.NamedType> types(List<Integer> oids) {
    try (Connection connection = PgConnections.open(settings.connection(), "schema", null)) {
      return LiveTable.types(connection, oids);
    } catch (SQLException e) {
      throw unreachable(e);
    }
  }

  /** Publication, slot and replica identities. */
  PreparationPlan prepare(boolean dryRun) {
    try (Connection connection = PgConnections.openForDefinitions(settings.connection(), "prepare", null)) {
      if (dryRun || settings.capture() instanceof CaptureMode.Checkpoint) {
        return new PreparationPlan(SourcePreparation.plan(connection, scope()), false);
      }
      synchronized (preparation) {
        return new PreparationPlan(SourcePreparation.run(connection, scope()), true);
      }
    } catch (SQLException e) {
      throw unreachable(e);
    }
  }

  /** Publication and slot: what a tenant's start may make by itself. One at a time, for many tenants may start together. */
  void publish(Connection connection) throws SQLException {
    synchronized (preparation) {
      SourcePreparation.publish(connection, scope());
    }
  }

  /** @param news told which tenants have new frames, on a thread of its own */
  void start(Consumer<UUID> news) {
    workers.add(
        Worker.start(
            "capture-" + settings.name(),
            this::runOnce,
            this::disconnect,
            bug -> condition = new Condition(false, Fleet.bug(bug), ticker.now())));
    Dispatcher dispatcher = new Dispatcher(journal, news);
    workers.add(
        Worker.start(
            "dispatch-" + settings.name(),
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
    WalCapture running = capture;
    return running == null || running.routesVersion() >= version;
  }

  /** Whether every transaction that the source commits from now on is routed by this version or a later one. */
  boolean isInForce(long version) {
    WalCapture running = capture;
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
    WalCapture running = capture;
    if (running != null) {
      running.route(next);
    }
    return routesVersion;
  }

  /** Told by a timer, so that the server knows that we live while the capture thread is busy elsewhere. */
  void keepAlive() {
    WalStream open = stream;
    if (open != null) {
      open.keepAlive();
    }
  }

  @Nullable CaptureStatus captureStatus() {
    WalCapture running = capture;
    return running == null ? null : running.status();
  }

  private void runOnce() throws InterruptedException {
    if (routes.tenants().isEmpty()) {
      disconnect();
      Thread.sleep(20);
      return;
    }
    WalCapture running = capture;
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
      if (stuckAt != null && new Lsn(journal.capturedUpTo()).isAfter(stuckAt)) {
        stuckAt = null;
        recovered();
      }
      Relation unportable = running.needsText();
      if (unportable != null) {
        goOnInText(unportable);
      }
    } catch (HeliosException e) {
      fail(e.problem().code() == ErrorCode.SOURCE_HISTORY ? gaps.beginNewHistory(e, routes) : e);
    } catch (OutOfMemoryError e) {
      // Of one large array: the rest of the process is as it was.
      fail(new TransientException(
          LargestRow.outOfMemory("capturing a change of source \"" + settings.name() + "\""), e));
    }
  }

  /**
   * A table joined, or a column, whose values do not read everywhere in binary. The catalog may be past it already, so it is
   * kept in mind; nothing of that transaction is in the journal, and all of it comes again.
   */
  private void goOnInText(Relation unportable) {
    textOnly = true;
    disconnect();
    LOG.info("source {}: {} has types that are not portable, going on in text", settings.name(), unportable.qualifiedName());
    retryAtNanos = ticker.nanos() + REOPEN.toNanos();
  }

  private void connect() {
    SourceIdentity found = SourceIdentity.read(settings.connection());
    identity = found;
    ReplicationSlot.SlotState slot;
    boolean binary;
    try (Connection connection = PgConnections.open(settings.connection(), "capture", null)) {
      slot = gaps.slot(connection, found, routes);
      clock = clock(connection);
      binary = !textOnly && CopyFormat.isPortable(connection, settings.publication());
    } catch (SQLException e) {
      throw unreachable(e);
    }
    gaps.notice(found, slot, routes);
    Lsn from = slot.confirmedFlush();
    WalStream opened = gaps.witnessed(surroundings.walStream(settings, found, from, binary), from);
    synchronized (this) {
      stream = opened;
      capture = new WalCapture(
              opened,
              found,
              sealer,
              journal,
              new CatalogColumnTypes(settings.connection()),
              captureSettings,
              ticker::nanos,
              () -> Lsn.min(releasable, gaps.lastTransaction()),
              routes);
    }
    connectedNanos = ticker.nanos();
    if (stuckAt == null) {
      recovered();
    } else {
      condition = new Condition(true, condition.problem(), condition.at());
    }
    LOG.info("source {}: streaming from {} ({})", settings.name(), from, binary ? "binary" : "text");
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
      noticeUnpublished(connection);
      markWal(connection);
      retainedWal =
          ReplicationSlot.find(connection, settings.slot()).map(ReplicationSlot.SlotState::retainedBytes).orElse(null);
      clock = clock(connection);
      return sequences(connection);
    }
  }

  /**
   * The slot stays at the last transaction that came, however much WAL has followed that is nothing to us: so now and then a
   * transaction of our own is put there.
   */
  private void markWal(Connection connection) {
    Provenance captured = journal.provenance();
    if (!captured.hasTransaction()
        || capturedUpTo().bytesSince(new Lsn(captured.position())) >= MARK_AFTER_BYTES) {
      WalBarrier.mark(connection);
    }
  }

  private SourceClock clock(Connection connection) throws SQLException {
    long before = ticker.nanos();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())"
                    + " OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8")) {
      row.next();
      return new SourceClock(row.getLong(1), before + (ticker.nanos() - before) / 2);
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

  /** A table that came after the publication was made is in nobody's stream: that is said, once. */
  private void noticeUnpublished(Connection connection) throws SQLException {
    List<String> now = SourcePreparation.unpublished(connection, scope());
    List<String> fresh = now.stream().filter(table -> !unpublished.contains(table)).toList();
    unpublished = now;
    if (!fresh.isEmpty()) {
      report.accept(
          FleetEvent.Severity.WARN,
          new Problem(
              ErrorCode.TABLES_NOT_PUBLISHED,
              "source \"" + settings.name() + "\" does not publish " + String.join(", ", fresh),
              "they match the configured tables, and were made after the publication, or taken out of it;"
                  + " what is written to them reaches no target",
              "helios-repl source prepare " + settings.name()
                  + "; then stop and start its tenants: that copies these tables and streams them",
              null,
              fresh.getFirst()));
    }
  }

  private HeliosException unreachable(SQLException e) {
    return SqlStates.classify(
        e,
        ErrorCode.SOURCE_QUERY_FAILED,
        "source \"" + settings.name() + "\" cannot be asked",
        "helios-repl source check " + settings.name());
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
    WalStream open = stream;
    stream = null;
    if (open != null) {
      open.close();
    }
    if (condition.connected()) {
      condition = Condition.IDLE;
    }
  }

  /**
   * A point of the WAL that everything committed so far lies before. It writes a logical message of a few bytes, so that
   * the WAL is flushed up to it and the stream gets there also when the source is idle.
   */
  Lsn barrier() {
    try (Connection connection = PgConnections.open(settings.connection(), "barrier", null)) {
      return WalBarrier.mark(connection);
    } catch (SQLException e) {
      throw unreachable(e);
    }
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
        retainedWal,
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
