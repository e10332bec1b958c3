package io.helios.repl.pipeline;

import io.helios.repl.capture.CatalogColumnTypes;
import io.helios.repl.capture.Routes;
import io.helios.repl.capture.SourceCheck;
import io.helios.repl.capture.SourcePreparation;
import io.helios.repl.capture.WalCapture;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.CopyFormat;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.ReplicationSlot;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.SourceSnapshots;
import io.helios.repl.postgres.WalBarrier;
import io.helios.repl.postgres.WalStream;
import io.helios.repl.relay.Provenance;
import io.helios.repl.status.Finding;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A source that is captured from its WAL: a publication, a slot, a replication connection. */
final class WalLink implements SourceLink, WalCapture.Replicas {

  private static final Logger LOG = LoggerFactory.getLogger(WalLink.class);

  /** So much WAL that has nothing for us may be held back for the sake of the last transaction that had something. */
  private static final long MARK_AFTER_BYTES = 16 << 20;

  private final Parts parts;
  private final SourceSettings settings;
  private final SourceGaps gaps;
  private final Object preparation = new Object();
  private @Nullable WalCapture capture;
  private boolean textOnly;
  private volatile @Nullable WalStream stream;
  private volatile Lsn releasable = Lsn.INVALID;
  private final Heartbeat heartbeat = new Heartbeat();
  private volatile List<String> unpublished = List.of();

  WalLink(Parts parts) {
    this.parts = parts;
    this.settings = parts.settings();
    this.gaps = new SourceGaps(
        settings, parts.journal(), parts.capture().walBudget(), parts.judge(), parts.report(), parts.journalDamage());
  }

  @Override
  public Opened open(Supplier<Routes> routes) {
    SourceIdentity found = identity();
    ReplicationSlot.SlotState slot;
    SourceClock clock;
    boolean binary;
    try (Connection connection = PgConnections.open(settings.connection(), "capture", null)) {
      slot = gaps.slot(connection, found, routes.get());
      clock = SourceClock.read(connection, parts.surroundings().ticker());
      binary = !textOnly && CopyFormat.isPortable(connection, settings.publication());
    } catch (SQLException e) {
      throw parts.unreachable(e);
    }
    gaps.notice(found, slot, routes.get());
    Lsn from = slot.confirmedFlush();
    WalStream opened =
        gaps.witnessed(parts.surroundings().walStream(settings, found, from, binary), from);
    stream = opened;
    WalCapture next = new WalCapture(
        opened,
        found,
        parts.sealer(),
        parts.journal(),
        new CatalogColumnTypes(settings.connection()),
        parts.capture(),
        parts.surroundings().ticker()::nanos,
        this,
        routes.get());
    capture = next;
    return new Opened(next, found, clock, "streaming from " + from + (binary ? " (binary)" : " (text)"));
  }

  @Override
  public void close() {
    capture = null;
    WalStream open = stream;
    stream = null;
    if (open != null) {
      open.close();
    }
  }

  /**
   * A table joined, or a column, whose values do not read everywhere in binary. The catalog may be past it already, so it is
   * kept in mind; nothing of that transaction is in the journal, and all of it comes again.
   */
  @Override
  public boolean mustReopen() {
    Relation unportable = capture == null ? null : capture.needsText();
    if (unportable == null) {
      return false;
    }
    textOnly = true;
    LOG.info("source {}: {} has types that are not portable, going on in text", settings.name(), unportable.qualifiedName());
    return true;
  }

  @Override
  public HeliosException judged(HeliosException thrown, Routes routes) {
    return thrown.problem().code() == ErrorCode.SOURCE_HISTORY ? gaps.beginNewHistory(thrown, routes) : thrown;
  }

  @Override
  public void keepAlive() {
    WalStream open = stream;
    if (open != null) {
      open.keepAlive();
    }
  }

  @Override
  public SourceIdentity identity() {
    return SourceIdentity.read(settings.connection());
  }

  @Override
  public LostTenants lost() {
    return gaps.lost();
  }

  @Override
  public Lsn lastTransaction() {
    return gaps.lastTransaction();
  }

  @Override
  public void releaseUpTo(Lsn point) {
    releasable = point;
  }

  @Override
  public Lsn releasable() {
    return Lsn.min(releasable, gaps.lastTransaction());
  }

  @Override
  public @Nullable Lsn applied(Lsn captured) {
    SynchronousTenants waiting = parts.synchronous();
    return waiting == null ? null : waiting.point(captured);
  }

  /** It writes a logical message of a few bytes, so that the WAL is flushed up to it and the stream gets there also when idle. */
  @Override
  public Lsn barrier() {
    try (Connection connection = PgConnections.open(settings.connection(), "barrier", null)) {
      return WalBarrier.mark(connection);
    } catch (SQLException e) {
      throw parts.unreachable(e);
    }
  }

  @Override
  public SourceSnapshots snapshots() {
    return SourceSnapshots.ofWal(settings.connection());
  }

  @Override
  public List<Finding> check(Connection connection, boolean running) throws SQLException {
    return SourceCheck.run(connection, parts.scope(), running);
  }

  /** Publication, slot and replica identities. */
  @Override
  public PreparationPlan prepare(Connection connection, boolean dryRun) throws SQLException {
    if (dryRun) {
      return new PreparationPlan(SourcePreparation.plan(connection, parts.scope()), false);
    }
    synchronized (preparation) {
      return new PreparationPlan(SourcePreparation.run(connection, parts.scope()), true);
    }
  }

  /** Publication and slot, by one tenant at a time. */
  @Override
  public void publish(Connection connection) throws SQLException {
    synchronized (preparation) {
      SourcePreparation.publish(connection, parts.scope());
    }
  }

  @Override
  public List<String> publishPlan(Connection connection) throws SQLException {
    return SourcePreparation.publishPlan(connection, parts.scope());
  }

  @Override
  public @Nullable Retained look(Connection connection, Lsn capturedUpTo) throws SQLException {
    long asked = parts.surroundings().ticker().nanos();
    heartbeat.seen(SourceIdentity.walEnd(connection), asked, capturedUpTo);
    noticeUnpublished(connection);
    markWal(connection, capturedUpTo);
    return ReplicationSlot.find(connection, settings.slot())
        .map(slot -> new Retained(slot.restart(), slot.retainedBytes()))
        .orElse(null);
  }

  @Override
  public long missedNanos(Lsn capturedUpTo) {
    return heartbeat.missedNanos(capturedUpTo, parts.surroundings().ticker().nanos());
  }

  /**
   * The slot stays at the last transaction that came, however much WAL has followed that is nothing to us: so now and then a
   * transaction of our own is put there.
   */
  private void markWal(Connection connection, Lsn capturedUpTo) {
    Provenance captured = parts.journal().provenance();
    if (!captured.hasTransaction() || capturedUpTo.bytesSince(new Lsn(captured.position())) >= MARK_AFTER_BYTES) {
      WalBarrier.mark(connection);
    }
  }

  /** A table that came after the publication was made is in nobody's stream: that is said, once. */
  private void noticeUnpublished(Connection connection) throws SQLException {
    List<String> now = SourcePreparation.unpublished(connection, parts.scope());
    List<String> fresh = now.stream().filter(table -> !unpublished.contains(table)).toList();
    unpublished = now;
    if (!fresh.isEmpty()) {
      parts.report().accept(
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
}
