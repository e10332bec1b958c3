package io.helios.repl.capture;

import io.helios.repl.change.CutoverMarker;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.CopyFormat;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgOutputDecoder;
import io.helios.repl.postgres.PgOutputMessage;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.WalStream;
import io.helios.repl.relay.Provenance;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.seal.FrameSealer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Loop 1: from a source's WAL to the relay journal.
 *
 * <p>Frames are cut when nothing more is waiting (latency), when one is full, or when changes have waited long enough
 * (throughput). The journal is marked, which is its one fsync, between two transactions only; then the slot is told:
 * the oldest position that some tenant lacks, but never further behind than the WAL budget, and never ahead of what is
 * durable. Transactions that the journal holds already are skipped; a transaction that concerns nobody costs no frame.
 *
 * <p>Under a backlog it naps after each slice of work: PostgreSQL's walsender then sends in large pieces, which costs
 * both sides less than half (measured: 150,000 small transactions take 2.5 s instead of 4.4). Never when idle.
 *
 * <p>{@link #runOnce} belongs to one thread; {@link #route}, {@link #routesVersion}, {@link #status} and
 * {@link #failure} to any. After an
 * exception it is done for: its stream is to be closed, and another one made, which rewinds the journal. Who appears in
 * {@link CaptureStatus#failures} must not be in that one's routes.
 */
public final class WalCapture implements Capture {

  /** The clock is read once for so many messages. */
  private static final int MESSAGES_BETWEEN_LOOKS = 16;

  private final WalStream stream;
  private final RelayJournal journal;
  private final ColumnTypes types;
  private final CaptureSettings settings;
  private final LongSupplier nanos;
  private final Replicas replicas;
  private final PgOutputDecoder decoder = new PgOutputDecoder();
  private final FrameAssembler assembler;
  private final AtomicReference<@Nullable Routes> wanted = new AtomicReference<>();
  private final Lsn heldUpTo;

  private TenantRouter router;
  private Provenance provenance;
  private int transaction;
  private boolean inTransaction;
  private boolean skipping;
  private Lsn committedUpTo;
  private Lsn receivedUpTo;
  private Lsn durableUpTo;
  private Lsn releasedUpTo = Lsn.INVALID;
  private Lsn appliedUpTo = Lsn.INVALID;
  private long messages;
  private long lastCommitMicros;
  private long heldSince;
  private long lookedAt;
  private long syncedAt;
  private long publishedAt;

  /** Routes that their markers have opened, in this capture or one before, by the markers' tokens. */
  private final Map<UUID, TenantRoute> openedHere = new HashMap<>();

  private @Nullable Relation needsText;

  private volatile boolean behind;
  private volatile long routesVersion;
  private volatile CaptureStatus status;

  /** How far the replicas of the source's tenants are, as the source is to know it. Asked by the capture thread. */
  public interface Replicas {

    /** The slot is told no more than this, but for the WAL budget. */
    Lsn releasable();

    /**
     * What commits wait for, before this, is at the replicas; null when nothing can be said, or nothing waits.
     *
     * @param captured everything that committed before this can be read from the journal
     */
    default @Nullable Lsn applied(Lsn captured) {
      return null;
    }
  }

  /**
   * Rewinds the journal: what a stream before this one left unfinished comes again.
   *
   * @param stream opened from {@link RelayJournal#capturedUpTo}
   * @param identity the server that the stream comes from
   * @param nanos a clock that only grows, in nanoseconds
   * @param replicas how far they are
   */
  public WalCapture(
      WalStream stream,
      SourceIdentity identity,
      FrameSealer sealer,
      RelayJournal journal,
      ColumnTypes types,
      CaptureSettings settings,
      LongSupplier nanos,
      Replicas replicas,
      Routes routes) {
    this.stream = stream;
    this.journal = journal;
    this.types = types;
    this.settings = settings;
    this.nanos = nanos;
    this.replicas = replicas;
    this.heldUpTo = new Lsn(journal.rewind());
    this.provenance = provenance(journal.provenance(), identity);
    this.committedUpTo = heldUpTo;
    this.receivedUpTo = heldUpTo;
    this.durableUpTo = heldUpTo;
    this.syncedAt = nanos.getAsLong();
    this.publishedAt = syncedAt;
    this.assembler = new FrameAssembler(sealer, journal, identity, settings, nanos);
    routes.tenants().forEach(this::openAsBefore);
    Routes asBefore = asOpened(routes);
    this.router = new TenantRouter(asBefore, types);
    assembler.routes(asBefore.tenants());
    this.routesVersion = routes.version();
    this.status = snapshot();
  }

  /** The last transaction that the journal knows of, which this server has too, or none. */
  private static Provenance provenance(Provenance before, SourceIdentity now) {
    Provenance next = Provenance.of(now.systemIdentifier(), now.timeline());
    return before.systemIdentifier() == now.systemIdentifier()
        ? next.with(before.position(), before.commitMicros(), before.transaction())
        : next;
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

  /**
   * The table of a binary stream whose values do not read everywhere in binary, or null. When there is one this capture takes
   * nothing more: the stream is to be opened again, in text, which begins after the journal's last mark. The owner's alone.
   */
  public @Nullable Relation needsText() {
    return needsText;
  }

  /**
   * Does what there is to do, for a slice of time at the most.
   *
   * @return how many messages were taken; 0 after about a millisecond of silence
   */
  @Override
  public int runOnce() {
    if (needsText != null) {
      return 0;
    }
    if (!inTransaction) {
      takeOverRoutes();
    }
    long started = nanos.getAsLong();
    int taken = 0;
    while (true) {
      ByteBuffer message = poll();
      if (message == null) {
        behind = false;
        quiet();
        acknowledge();
        return taken;
      }
      taken++;
      messages++;
      handle(message);
      if (needsText != null) {
        return taken;
      }
      if (taken % MESSAGES_BETWEEN_LOOKS != 0) {
        continue;
      }
      long now = nanos.getAsLong();
      if (now - started >= settings.slice().toNanos()) {
        if (now - publishedAt >= settings.idleSync().toNanos() / 10) {
          publishedAt = now;
          status = snapshot();
        }
        behind = true;
        acknowledge();
        nap();
        return taken;
      }
    }
  }

  /**
   * The next message. A stream that breaks off may have been the last that anybody hears of its source: what came whole until then,
   * and only waited for its frames to fill, is made durable first.
   */
  private @Nullable ByteBuffer poll() {
    try {
      return stream.poll();
    } catch (TransientException broken) {
      if (!inTransaction && !assembler.isEmpty()) {
        try {
          assembler.sync(committedUpTo, provenance);
          durableUpTo = committedUpTo;
        } catch (HeliosException disk) {
          broken.addSuppressed(disk);
        }
      }
      throw broken;
    }
  }

  private void handle(ByteBuffer message) {
    if (!inTransaction && isRow(message)) {
      throw TenantRouter.malformed("a row outside a transaction");
    }
    // Most rows of most sources are nobody's, or held already: they are not even decoded.
    if (inTransaction && (skipping ? isRow(message) : !router.concerns(message))) {
      return;
    }
    switch (decoder.decode(message)) {
      case PgOutputMessage.Begin begin -> begin(begin);
      case PgOutputMessage.Commit commit -> commit(commit);
      case PgOutputMessage.RelationMessage(Relation relation) -> {
        if (stream.isBinary() && !CopyFormat.isPortable(relation)) {
          needsText = relation;
        } else {
          router.define(relation, assembler);
        }
      }
      case PgOutputMessage.Insert insert -> router.insert(insert, assembler);
      case PgOutputMessage.Update update -> router.update(update, assembler);
      case PgOutputMessage.Delete delete -> router.delete(delete, assembler);
      case PgOutputMessage.Truncate truncate -> router.truncate(truncate, assembler);
      case PgOutputMessage.Message told -> message(told);
      case PgOutputMessage.Origin _, PgOutputMessage.Type _ -> {
        // Nothing that a tenant's rows depend on.
      }
    }
  }

  private static boolean isRow(ByteBuffer message) {
    return switch (message.hasRemaining() ? message.get(message.position()) : 0) {
      case 'I', 'U', 'D', 'T' -> true;
      default -> false;
    };
  }

  /** A marker goes to the tenant that it names, and opens its route where that waits for it. */
  private void message(PgOutputMessage.Message message) {
    if (!inTransaction || skipping || !message.transactional() || !message.prefix().equals(CutoverMarker.PREFIX)) {
      return;
    }
    CutoverMarker marker = CutoverMarker.read(message.content()).orElse(null);
    List<TenantRoute> tenants = router.routes().tenants();
    for (int i = 0; marker != null && i < tenants.size(); i++) {
      TenantRoute route = tenants.get(i);
      if (route.tenant().equals(marker.tenant())) {
        if (marker.token().equals(route.opensAt())) {
          open(i, route.opened(marker.epoch()));
          assembler.marker(i, marker);
        } else if (route.isOpen()) {
          assembler.marker(i, marker);
        }
      }
    }
  }

  /**
   * What of this transaction stood before the marker was not the tenant's own writing; what comes after it, and in later
   * transactions, is.
   */
  private void open(int place, TenantRoute opened) {
    Routes before = router.routes();
    List<TenantRoute> tenants = new ArrayList<>(before.tenants());
    tenants.set(place, opened);
    assembler.reroute(place, opened);
    reroute(new Routes(before.version(), before.tenancy(), before.sourceTables(), before.referenceTables(), tenants));
    openedHere.put(Objects.requireNonNull(before.tenants().get(place).opensAt()), opened);
  }

  private void reroute(Routes routes) {
    TenantRouter next = new TenantRouter(routes, types);
    for (Relation relation : router.relations()) {
      next.define(relation, assembler);
    }
    router = next;
  }

  private void begin(PgOutputMessage.Begin begin) {
    if (inTransaction) {
      throw TenantRouter.malformed("a transaction inside another");
    }
    inTransaction = true;
    transaction = begin.xid();
    skipping = begin.commitLsn().isBefore(heldUpTo);
    if (!skipping) {
      if (assembler.isEmpty()) {
        heldSince = nanos.getAsLong();
      }
      assembler.begin(begin.commitLsn(), begin.commitTimeMicros());
    }
  }

  private void commit(PgOutputMessage.Commit commit) {
    if (!inTransaction) {
      throw TenantRouter.malformed("the end of a transaction that never began");
    }
    inTransaction = false;
    lastCommitMicros = commit.commitTimeMicros();
    if (skipping) {
      skipping = false;
      return;
    }
    assembler.end();
    provenance = provenance.with(commit.commitLsn().value(), commit.commitTimeMicros(), transaction);
    committedUpTo = Lsn.max(committedUpTo, commit.endLsn());
    long now = nanos.getAsLong();
    if (assembler.isEmpty()) {
      if (now - syncedAt >= settings.idleSync().toNanos()) {
        sync(now);
      }
    } else if (isHeldLongEnough(now)) {
      sync(now);
    }
    takeOverRoutes();
  }

  /** Full frames are cheaper, for everybody; but not while the appliers wait for them. */
  private boolean isHeldLongEnough(long now) {
    long held = now - heldSince;
    if (held < settings.shortHold().toNanos() || now - lookedAt < settings.slice().toNanos()) {
      return false;
    }
    lookedAt = now;
    return held >= settings.hold().toNanos()
        || Long.compareUnsigned(journal.oldestUnacknowledged(), durableUpTo.value()) >= 0;
  }

  /** Nothing is waiting. */
  private void quiet() {
    if (inTransaction) {
      return;
    }
    Lsn received = Lsn.max(committedUpTo, stream.receivedUpTo());
    boolean advanced = received.isAfter(receivedUpTo);
    committedUpTo = received;
    long now = nanos.getAsLong();
    boolean due = now - syncedAt >= settings.idleSync().toNanos();
    if (!assembler.isEmpty() || due && received.isAfter(durableUpTo)) {
      sync(now);
    } else if (advanced || now - publishedAt >= settings.idleSync().toNanos() / 10) {
      release();
      publish(now);
    }
  }

  private void sync(long now) {
    assembler.sync(committedUpTo, provenance);
    durableUpTo = committedUpTo;
    syncedAt = now;
    release();
    publish(now);
  }

  private void release() {
    Lsn wanted = Lsn.min(Lsn.min(new Lsn(journal.oldestUnacknowledged()), durableUpTo), replicas.releasable());
    Lsn floor =
        Long.compareUnsigned(durableUpTo.value(), settings.walBudget()) > 0
            ? new Lsn(durableUpTo.value() - settings.walBudget())
            : Lsn.INVALID;
    Lsn endLsn = Lsn.max(wanted, floor);
    if (endLsn.isAfter(releasedUpTo) && stream.mayRelease()) {
      stream.release(endLsn, false);
      releasedUpTo = endLsn;
    }
  }

  /** Commits that wait for their replicas: as often as there is a moment. */
  private void acknowledge() {
    Lsn point = replicas.applied(Lsn.max(new Lsn(journal.capturedUpTo()), receivedUpTo));
    if (point != null && point.isAfter(appliedUpTo) && stream.mayRelease()) {
      stream.applied(point);
      appliedUpTo = point;
    }
  }

  private void publish(long now) {
    publishedAt = now;
    // Published after a sync or with nothing open: all that was routed before this can be read.
    receivedUpTo = committedUpTo;
    status = snapshot();
  }

  private CaptureStatus snapshot() {
    return new CaptureStatus(
        receivedUpTo, durableUpTo, releasedUpTo, messages, assembler.rows(), lastCommitMicros, assembler.failures());
  }

  private void takeOverRoutes() {
    Routes routes = wanted.getAndSet(null);
    if (routes == null || routes.version() <= routesVersion) {
      return;
    }
    if (!assembler.isEmpty()) {
      sync(nanos.getAsLong());
    }
    Routes opened = asOpened(routes);
    assembler.routes(opened.tenants());
    reroute(opened);
    routesVersion = routes.version();
    publish(nanos.getAsLong());
  }

  /**
   * What the journal holds of a tenant whose route waits began with the marker: an earlier capture has seen it, and it does not come
   * again.
   */
  private void openAsBefore(TenantRoute route) {
    UUID token = route.opensAt();
    if (token != null && journal.backlog(route.tenant()).frames() > 0) {
      openedHere.put(token, route.opened(route.epoch()));
    }
  }

  private Routes asOpened(Routes routes) {
    return new Routes(
        routes.version(), routes.tenancy(), routes.sourceTables(), routes.referenceTables(),
        routes.tenants().stream().map(this::asOpened).toList());
  }

  /** A route that its marker has opened already stays open, whoever still says that it waits. */
  private TenantRoute asOpened(TenantRoute route) {
    return route.opensAt() == null ? route : openedHere.getOrDefault(route.opensAt(), route);
  }

  private void nap() {
    if (!settings.nap().isZero()) {
      LockSupport.parkNanos(settings.nap().toNanos());
    }
  }
}
