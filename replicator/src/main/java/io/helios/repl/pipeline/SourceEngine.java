package io.helios.repl.pipeline;

import io.helios.repl.capture.CaptureSettings;
import io.helios.repl.capture.CaptureStatus;
import io.helios.repl.capture.Routes;
import io.helios.repl.capture.TenantRoute;
import io.helios.repl.capture.WalCapture;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.JdbcWalStream;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.ReplicationSlot;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.WalStream;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.seal.FrameSealer;
import io.helios.repl.seal.Keyring;
import io.helios.repl.status.EndpointStatus;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BiConsumer;
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

  private final SourceSettings settings;
  private final RelayJournal journal;
  private final FrameSealer sealer;
  private final CaptureSettings captureSettings;
  private final BiConsumer<FleetEvent.Severity, Problem> report;
  private final Map<UUID, TenantRoute> routed = new LinkedHashMap<>();
  private long routesVersion;
  private volatile Routes routes;
  private volatile Condition condition = Condition.IDLE;
  private volatile @Nullable WalCapture capture;
  private volatile @Nullable WalStream stream;
  private volatile @Nullable SourceIdentity identity;
  private final Backoff backoff = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(10));
  private long retryAtNanos;
  private @Nullable Worker worker;

  /** What was last seen of the source. */
  record Condition(boolean connected, @Nullable Problem problem, @Nullable Instant at) {
    static final Condition IDLE = new Condition(false, null, null);
  }

  /** @param report told once about each new trouble, and about each recovery (INFO) */
  SourceEngine(
      SourceSettings settings,
      RelayJournal journal,
      Keyring keyring,
      int zstdLevel,
      CaptureSettings captureSettings,
      BiConsumer<FleetEvent.Severity, Problem> report) {
    this.settings = settings;
    this.journal = journal;
    this.sealer = new FrameSealer(keyring, zstdLevel);
    this.captureSettings = captureSettings;
    this.report = report;
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

  /** Who the source is; null until it has been reached once. */
  @Nullable SourceIdentity identity() {
    return identity;
  }

  void start() {
    worker =
        Worker.start(
            "capture-" + settings.name(),
            this::runOnce,
            this::disconnect,
            bug -> condition = new Condition(false, Fleet.bug(bug), Instant.now()));
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

  synchronized void unroute(UUID tenant) {
    if (routed.remove(tenant) != null) {
      publishRoutes();
    }
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
      if (System.nanoTime() - retryAtNanos < 0) {
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
    } catch (HeliosException e) {
      fail(e);
    }
  }

  private void connect() {
    SourceIdentity found;
    Lsn from;
    boolean binary;
    try (Connection connection = PgConnections.open(settings.connection(), "capture", null)) {
      found = SourceIdentity.read(settings.connection());
      ReplicationSlot.SlotState slot =
          ReplicationSlot.find(connection, settings.slot())
              .orElseThrow(
                  () ->
                      new OperatorException(
                          new Problem(
                              ErrorCode.SLOT_MISSING,
                              "source \"" + settings.name() + "\" has no replication slot \"" + settings.slot() + "\"",
                              "its tenants' changes since the slot went are not known to be complete",
                              "helios-repl source prepare " + settings.name() + "; then helios-repl tenant resync NAME")));
      from = slot.confirmedFlush();
      binary = Catalog.binaryIsSafe(connection, settings.publication());
    } catch (SQLException e) {
      throw SqlStates.classify(
          e, ErrorCode.SOURCE_UNREACHABLE, "source \"" + settings.name() + "\" cannot be read", "");
    }
    noticeGap(from);
    WalStream opened =
        JdbcWalStream.open(settings.connection(), settings.slot(), settings.publication(), from, binary);
    WalCapture made = new WalCapture(opened, found, sealer, journal, captureSettings, routes);
    identity = found;
    stream = opened;
    synchronized (this) {
      capture = made;
      made.route(routes);
    }
    backoff.reset();
    if (condition.problem() != null) {
      report.accept(FleetEvent.Severity.INFO, condition.problem());
    }
    condition = new Condition(true, null, Instant.now());
    LOG.info("source {}: streaming from {} ({})", settings.name(), from, binary ? "binary" : "text");
  }

  /** The slot is ahead of the journal: what lies between is gone for every tenant that has not applied it. */
  private void noticeGap(Lsn slotConfirmed) {
    Lsn held = new Lsn(journal.capturedUpTo());
    if (!slotConfirmed.isAfter(held)) {
      return;
    }
    for (TenantRoute route : routes.tenants()) {
      if (gapJudge.losesBetween(route.tenant(), held, slotConfirmed)) {
        journal.drop(route.tenant());
      }
    }
  }

  private void fail(HeliosException e) {
    disconnect();
    retryAtNanos = System.nanoTime() + backoff.next().toNanos();
    Problem known = condition.problem();
    if (known == null || known.code() != e.problem().code()) {
      LOG.warn("source {}: {}", settings.name(), e.problem().message(), e);
      report.accept(FleetEvent.Severity.ERROR, e.problem());
    }
    condition = new Condition(false, e.problem(), Instant.now());
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
    try (Connection connection = PgConnections.open(settings.connection(), "barrier", null);
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT pg_catalog.pg_logical_emit_message(true, 'helios-repl', 'barrier'::text)::text")) {
      row.next();
      row.getString(1);
      try (ResultSet after = statement.executeQuery("SELECT pg_catalog.pg_current_wal_insert_lsn()::text")) {
        after.next();
        return Lsn.parse(after.getString(1));
      }
    } catch (SQLException e) {
      throw SqlStates.classify(
          e, ErrorCode.SOURCE_UNREACHABLE, "source \"" + settings.name() + "\" cannot be asked for its position", "");
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
    Worker running = worker;
    if (running != null) {
      running.close();
    }
    journal.close();
  }
}
