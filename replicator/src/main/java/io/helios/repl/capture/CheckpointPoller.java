package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.ExportedSnapshot;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.relay.Provenance;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.seal.FrameSealer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Loop 1 without the WAL: from tables that are polled to the relay journal.
 *
 * <p>A poll is one read-only transaction with one snapshot. What it finds is, for each tenant, one transaction of upserts: its
 * commit LSN is the poll's position, where the source's WAL ended right after the snapshot was taken, but always more than that
 * of the poll before; its commit time is the source's clock then. So positions are of one order with those of WAL capture.
 *
 * <p>A poll is <em>whole</em> when it looks for everything that the last whole poll's snapshot did not see, from the tables'
 * {@link Horizon} on: late commits, values in the future, rows without a value. It takes no more than a tenth of the time;
 * where somebody keeps a transaction open for an hour, and with it an hour's rows above the horizon, the polls in between look
 * only above the highest value found, so that nobody waits for that; what these find, the next whole poll finds once more.
 *
 * <p>Order of what is durable: the rows, in the journal; then {@link CheckpointFile}. A crash in between lets rows come
 * again, under a higher position. And only what the source cannot forget in a crash of its own: see {@link SafeState}.
 *
 * <p>{@link #runOnce} and {@link #close} belong to one thread. A poll that fails breaks off in the middle of a transaction of
 * the journal's; the next poller rewinds that.
 */
public final class CheckpointPoller implements Capture, AutoCloseable {

  /** How long it naps while nothing is due: a wish is taken up as soon. */
  private static final Duration NAP = Duration.ofMillis(5);

  /** How often an otherwise idle position is written down. */
  private static final Duration IDLE_MARK = Duration.ofSeconds(5);

  /** Whole polls take a tenth of the time, at most. */
  private static final int PAUSES_BETWEEN_WHOLE = 10;

  private final String source;
  private final PollSession session;
  private final SourceIdentity identity;
  private final RelayJournal journal;
  private final ColumnTypes types;
  private final CaptureMode.Checkpoint mode;
  private final CheckpointFile file;
  private final TableAdmission admission;
  private final LongSupplier nanos;
  private final FrameAssembler assembler;
  private final PolledTables tables;
  private final SeenRows seen;
  private final Horizon horizon;
  private final SafeState safe;
  private final PollReader reader;
  private final PollRequests requests = new PollRequests();
  private final AtomicReference<@Nullable Routes> wanted = new AtomicReference<>();
  private final Provenance provenance;

  private TenantRouter router;
  private boolean fresh;
  private boolean standby;
  private String shape = "";
  private Lsn capturedUpTo;
  private Lsn durableUpTo;
  private Lsn sourceLsn;
  private long polls;
  private long lastCommitMicros;
  private long nextPoll;
  private long nextWhole;
  private long markedAt;
  private volatile List<String> unpolled = List.of();
  private volatile boolean behind;
  private volatile long routesVersion = -1;
  private volatile CaptureStatus status;

  /**
   * Goes on from a state; the journal has been rewound.
   *
   * @param connection an ordinary one, which this then owns
   * @param state what is known of this source; with nothing in it polling begins now
   * @param standby whether the source is one
   * @param nanos a clock that only grows, in nanoseconds
   */
  public CheckpointPoller(
      Connection connection,
      SourceIdentity identity,
      boolean standby,
      CheckpointState state,
      CheckpointFile file,
      SourceScope scope,
      CaptureMode.Checkpoint mode,
      TableAdmission admission,
      FrameSealer sealer,
      RelayJournal journal,
      ColumnTypes types,
      CaptureSettings settings,
      LongSupplier nanos,
      Routes routes)
      throws SQLException {
    this.source = scope.source();
    this.session = new PollSession(connection);
    this.identity = identity;
    this.standby = standby;
    this.file = file;
    this.mode = mode;
    this.admission = admission;
    this.journal = journal;
    this.types = types;
    this.nanos = nanos;
    this.provenance = Provenance.of(identity.systemIdentifier(), identity.timeline());
    this.capturedUpTo = new Lsn(journal.capturedUpTo());
    this.durableUpTo = capturedUpTo;
    this.sourceLsn = state.lsn();
    this.fresh = state.below() == 0;
    this.tables = new PolledTables(scope, mode, types, state.marks());
    this.seen = new SeenRows(state.below());
    this.horizon = new Horizon(mode.longestTransaction(), state.pending());
    this.safe = new SafeState(state);
    this.assembler = new FrameAssembler(sealer, journal, identity, settings, nanos);
    this.reader = new PollReader(session, tables, seen, assembler);
    this.router = new TenantRouter(routes, types);
    this.nextPoll = nanos.getAsLong();
    this.nextWhole = nextPoll;
    this.markedAt = nextPoll - IDLE_MARK.toNanos();
    this.status = snapshot();
    wanted.set(routes);
  }

  @Override
  public void route(Routes routes) {
    wanted.accumulateAndGet(routes, (a, b) -> a != null && b != null && a.version() > b.version() ? a : b);
  }

  @Override
  public long routesVersion() {
    return routesVersion;
  }

  @Override
  public boolean isBehind() {
    return behind;
  }

  @Override
  public CaptureStatus status() {
    return status;
  }

  @Override
  public CaptureTimes times() {
    return assembler.times();
  }

  @Override
  public @Nullable Problem failure(UUID tenant) {
    return assembler.failures().get(tenant);
  }

  /** Tables that take part and were made after the last start of a tenant: nobody has them. */
  public List<String> unpolled() {
    return unpolled;
  }

  /**
   * The point of the next whole poll that begins: everything that had committed at the source before the call is found by it, or
   * was before. Completes when that can be read from the journal; exceptionally when the poll fails.
   */
  public CompletableFuture<Lsn> point() {
    return requests.point();
  }

  /**
   * The snapshot of the next whole poll that begins, and its point: the poll and all before it are in the snapshot, no later one
   * is. Completes when what the poll found can be read from the journal; exceptionally when the poll fails. The poller stands
   * still until the offer is closed, ten seconds at most: who is no longer interested cancels the future, or closes the offer.
   */
  public CompletableFuture<ExportedSnapshot.Offer> snapshotOffer() {
    return requests.snapshot();
  }

  /**
   * Polls if that is due.
   *
   * @return how many rows were found
   */
  @Override
  public int runOnce() {
    long now = nanos.getAsLong();
    boolean wished = !requests.isEmpty() || wanted.get() != null || admission.isOpen();
    if (!wished && now - nextPoll < 0) {
      LockSupport.parkNanos(Math.min(NAP.toNanos(), nextPoll - now));
      return 0;
    }
    PollRequests.Asked asked = requests.take();
    try {
      return poll(asked, !asked.isEmpty() || now - nextWhole >= 0);
    } catch (SQLException e) {
      HeliosException failure = failed(e);
      asked.failed(failure);
      throw failure;
    } catch (HeliosException e) {
      asked.failed(e);
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the capture thread was interrupted", e);
    } finally {
      behind = false;
    }
  }

  private int poll(PollRequests.Asked asked, boolean whole) throws SQLException, InterruptedException {
    long started = nanos.getAsLong();
    long admitted = admission.wished();
    long version = describeTables();
    if (!horizon.pending().isEmpty()) {
      horizon.look(session.running(standby));
    }
    PollMoment moment = session.begin();
    refuseOther(moment);
    if (fresh) {
      seen.beginAt(moment.oldestXid());
      fresh = false;
    }
    seen.begin(moment);
    Lsn position = Lsn.max(moment.lsn(), capturedUpTo);
    assembler.begin(position, moment.micros());
    PollReader.Found found = reader.read(router, moment, whole, () -> look(started));
    assembler.end();
    lastCommitMicros = moment.micros();
    boolean told = !assembler.isEmpty() || !asked.isEmpty();
    // Nothing may be found later at a position that is before a point which somebody was told.
    capturedUpTo = told ? new Lsn(position.value() + 1) : position;
    boolean durable = told || version > routesVersion || started - markedAt >= IDLE_MARK.toNanos();
    if (durable) {
      assembler.sync(capturedUpTo, provenance);
      durableUpTo = capturedUpTo;
      markedAt = started;
    }
    status = snapshot();
    if (asked.wantsSnapshot()) {
      asked.offer(session.export(), capturedUpTo);
    }
    session.end();
    boolean steady = session.shape().equals(shape);
    found.reached().forEach((table, mark) -> {
      if (steady || tables.isNew(table)) {
        tables.mark(mark);
      }
    });
    if (steady) {
      advance(moment, whole);
    }
    CheckpointState now = state();
    if (steady) {
      safe.offer(now, moment);
    }
    if (durable) {
      file.write(safe.with(now));
    }
    admission.fulfilled(admitted);
    routesVersion = version;
    if (steady) {
      asked.reached(capturedUpTo);
    } else {
      requests.putBack(asked); // a table may have seemed empty
    }
    polls++;
    schedule(started, whole);
    return (int) Math.min(found.rows(), Integer.MAX_VALUE);
  }

  /**
   * Takes over other routes, and what has changed about tables. Between two polls.
   *
   * @return the routes' version, which is in force once the poll that follows is done: tables that join have their marks then
   */
  private long describeTables() throws SQLException {
    Routes routes = wanted.getAndSet(null);
    boolean rerouted = routes != null && routes.version() > routesVersion;
    boolean admit = admission.isOpen() || fresh;
    String now = session.shape();
    if (!rerouted && !admit && now.equals(shape)) {
      return routesVersion;
    }
    if (rerouted && routes != null) {
      router = new TenantRouter(routes, types);
      assembler.routes(routes.tenants());
    }
    tables.read(session.connection(), admit, router, assembler);
    unpolled = tables.left();
    shape = now;
    return router.routes().version();
  }

  private void refuseOther(PollMoment moment) {
    if (moment.standby() != standby) {
      throw new TransientException(
          new Problem(
              ErrorCode.SOURCE_PROMOTED,
              "source \"" + source + "\" was promoted while it was polled",
              "it was a standby before",
              "nothing: it is looked at anew"));
    }
    if (moment.lsn().isBefore(sourceLsn)) {
      throw CheckpointContinuity.behind(source, moment.lsn(), sourceLsn);
    }
    sourceLsn = moment.lsn();
  }

  /** Now and then while rows come. */
  private void look(long started) {
    behind = nanos.getAsLong() - started > mode.interval().toNanos();
  }

  /** What was found is in the journal, and no table was rewritten under the poll. */
  private void advance(PollMoment moment, boolean whole) throws SQLException {
    if (whole) {
      seen.complete(moment);
      Map<Integer, String> risen = horizon.risen();
      for (PolledTable table : tables.all()) {
        tables.mark(tables.mark(table).settled(risen.get(table.oid())));
      }
    }
    if (horizon.isDue(moment)) {
      Map<Integer, String> ceilings = new HashMap<>();
      for (PolledTable table : tables.all()) {
        String ceiling =
            table.column().kind() == CheckpointColumn.Kind.CLOCK ? moment.clock() : tables.mark(table).highest();
        if (ceiling != null) {
          ceilings.put(table.oid(), ceiling);
        }
      }
      horizon.note(ceilings, moment, session.running(standby)); // after the ceilings
    }
  }

  private void schedule(long started, boolean whole) {
    long now = nanos.getAsLong();
    long took = now - started;
    nextPoll = started + Math.max(mode.interval().toNanos(), 2 * took); // a source is never polled more than half of the time
    if (whole) {
      nextWhole = now + PAUSES_BETWEEN_WHOLE * took;
    }
  }

  private CheckpointState state() {
    return new CheckpointState(
        identity.systemIdentifier(), identity.timeline(), sourceLsn, seen.below(), tables.marks(), horizon.pending());
  }

  private CaptureStatus snapshot() {
    return new CaptureStatus(
        capturedUpTo, durableUpTo, Lsn.INVALID, polls, assembler.rows(), lastCommitMicros, assembler.failures());
  }

  private HeliosException failed(SQLException e) {
    PolledTable table = reader.reading();
    Problem problem = SqlStates.classify(
            e,
            ErrorCode.POLL_FAILED,
            "polling source \"" + source + "\" failed" + (table == null ? "" : " at " + table.relation().qualifiedName()),
            "helios-repl source check " + source)
        .problem();
    Problem named = table == null ? problem : problem.at(null, table.relation().qualifiedName());
    // Whatever it is, a right that was taken back or a column that was dropped: it is over as soon as somebody has mended it.
    return new TransientException(named, SqlStates.clean(e));
  }

  /** Ends the session; who asked for something learns that it does not come. */
  @Override
  public void close() {
    session.close();
    requests.take().failed(new TransientException(new Problem(
        ErrorCode.POLL_FAILED,
        "source \"" + source + "\" is not polled just now",
        "its connection was given up",
        "helios-repl source list tells why")));
  }
}
