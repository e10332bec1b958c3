package io.helios.repl.pipeline;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.capture.CatalogColumnTypes;
import io.helios.repl.capture.CheckpointContinuity;
import io.helios.repl.capture.CheckpointFile;
import io.helios.repl.capture.CheckpointPoller;
import io.helios.repl.capture.CheckpointState;
import io.helios.repl.capture.Routes;
import io.helios.repl.capture.SourceCheck;
import io.helios.repl.capture.SourcePreparation;
import io.helios.repl.capture.TableAdmission;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.ExportedSnapshot;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.ReplicationSlot;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.SourceSnapshots;
import io.helios.repl.relay.Provenance;
import io.helios.repl.status.Finding;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.function.Supplier;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A source that is polled: no publication, no slot, no replication connection, and no right but to read. */
final class CheckpointLink implements SourceLink {

  private static final int TURN_MILLIS = 50;

  private final Parts parts;
  private final SourceSettings settings;
  private final CaptureMode.Checkpoint mode;
  private final CheckpointFile file;
  private final LostTenants lost;
  private final TableAdmission admission = new TableAdmission();
  private volatile @Nullable CheckpointPoller poller;
  private boolean slotTold;
  private volatile List<String> unpolled = List.of();

  /** @param directory the source's own */
  CheckpointLink(Parts parts, CaptureMode.Checkpoint mode, Path directory) {
    this.parts = parts;
    this.settings = parts.settings();
    this.mode = mode;
    this.file = new CheckpointFile(directory);
    this.lost = new LostTenants(settings.name(), parts.journal(), parts.judge());
  }

  @Override
  public Opened open(Supplier<Routes> routes) {
    Connection connection = PgConnections.open(settings.connection(), "capture", null);
    try {
      SourceIdentity found = SourceIdentity.readInSql(connection);
      SourceClock clock = SourceClock.read(connection, parts.surroundings().ticker());
      boolean standby = isStandby(connection);
      CheckpointState state = continued(found, standby, routes);
      CheckpointPoller next = new CheckpointPoller(
          connection,
          found,
          standby,
          state,
          file,
          parts.scope(),
          mode,
          admission,
          parts.sealer(),
          parts.journal(),
          new CatalogColumnTypes(settings.connection()),
          parts.capture(),
          parts.surroundings().ticker()::nanos,
          routes.get());
      poller = next;
      return new Opened(next, found, clock, "polling by column " + mode.column() + (standby ? " of a standby" : ""));
    } catch (SQLException e) {
      abandon(connection);
      throw parts.unreachable(e);
    } catch (RuntimeException e) {
      abandon(connection);
      throw e;
    }
  }

  /** What was kept of the source, if it goes on there; else who lost something is told, and nothing is known of it. */
  private CheckpointState continued(SourceIdentity found, boolean standby, Supplier<Routes> routes) {
    Lsn held = new Lsn(parts.journal().rewind());
    CheckpointState state = file.read().orElse(null);
    Optional<Problem> gap = CheckpointContinuity.gap(settings.name(), found, standby, state, held);
    Provenance here = Provenance.of(found.systemIdentifier(), found.timeline());
    if (state != null && gap.isEmpty()) {
      return state;
    }
    Problem damage = parts.journalDamage();
    Problem why = state == null && damage != null ? damage : gap.orElseThrow();
    if (lost.giveUp(why, found, null, routes.get())) {
      parts.report().accept(FleetEvent.Severity.ERROR, why);
    }
    parts.journal().restart(found.currentLsn().value(), here);
    return CheckpointState.of(found);
  }

  private static boolean isStandby(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_catalog.pg_is_in_recovery()")) {
      row.next();
      return row.getBoolean(1);
    }
  }

  private static void abandon(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      // It is of no use any more in any case.
    }
  }

  @Override
  public void close() {
    CheckpointPoller open = poller;
    poller = null;
    if (open != null) {
      open.close();
    }
  }

  @Override
  public boolean mustReopen() {
    return false;
  }

  @Override
  public HeliosException judged(HeliosException thrown, Routes routes) {
    return thrown;
  }

  @Override
  public void keepAlive() {
    // Nobody waits for us.
  }

  @Override
  public SourceIdentity identity() {
    try (Connection connection = PgConnections.open(settings.connection(), "identify", null)) {
      return SourceIdentity.readInSql(connection);
    } catch (SQLException e) {
      throw parts.unreachable(e);
    }
  }

  @Override
  public LostTenants lost() {
    return lost;
  }

  @Override
  public Lsn lastTransaction() {
    return Lsn.MAX;
  }

  @Override
  public void releaseUpTo(Lsn point) {
    // Nothing is kept for us.
  }

  @Override
  public Lsn barrier() {
    CheckpointPoller asked = running();
    return await(asked, asked.point(), () -> {});
  }

  @Override
  public SourceSnapshots snapshots() {
    return (scope, role, tenant, tables) ->
        ExportedSnapshot.imported(scope, settings.connection(), role, tenant, tables, () -> {
          CheckpointPoller asked = running();
          return await(asked, asked.snapshotOffer(), scope::check);
        });
  }

  private CheckpointPoller running() {
    CheckpointPoller open = poller;
    if (open == null) {
      throw new TransientException(notPolled());
    }
    return open;
  }

  /** @param check throws when it is not wanted any more */
  private <T> T await(CheckpointPoller asked, CompletableFuture<T> promised, Runnable check) {
    try {
      while (true) {
        try {
          return promised.get(TURN_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          check.run();
          if (poller != asked && !promised.isDone()) {
            throw new TransientException(notPolled(), e); // asked for when it had just been given up
          }
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof HeliosException known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a poll", e);
    } finally {
      promised.cancel(false);
    }
  }

  private Problem notPolled() {
    return new Problem(
        ErrorCode.POLL_FAILED,
        "source \"" + settings.name() + "\" is not polled just now",
        "it is out of reach, or none of its tenants is started",
        "helios-repl source check " + settings.name());
  }

  @Override
  public List<Finding> check(Connection connection, boolean running) throws SQLException {
    return SourceCheck.run(connection, parts.scope(), running);
  }

  /** Indexes that would help are for the tables' owners to make. */
  @Override
  public PreparationPlan prepare(Connection connection, boolean dryRun) throws SQLException {
    return new PreparationPlan(SourcePreparation.plan(connection, parts.scope()), false);
  }

  /** All tables that take part are polled from now on. */
  @Override
  public void publish(Connection connection) {
    admission.wish();
  }

  @Override
  public List<String> publishPlan(Connection connection) {
    return List.of();
  }

  /** A table that came after the last start of a tenant is polled for nobody: that is said, once. */
  @Override
  public @Nullable Retained look(Connection connection, Lsn capturedUpTo) throws SQLException {
    CheckpointPoller open = poller;
    List<String> now = open == null ? unpolled : open.unpolled();
    List<String> fresh = now.stream().filter(table -> !unpolled.contains(table)).toList();
    unpolled = now;
    if (!fresh.isEmpty()) {
      parts.report().accept(
          FleetEvent.Severity.WARN,
          new Problem(
              ErrorCode.TABLES_NOT_POLLED,
              "source \"" + settings.name() + "\" is not polled for " + String.join(", ", fresh),
              "they match the configured tables, and were made after the last start of a tenant",
              "stop and start the source's tenants: that copies these tables and polls them",
              null,
              fresh.getFirst()));
    }
    return leftSlot(connection);
  }

  /** A slot from the time when the source was captured from its WAL holds that back for nobody: that is said, once. */
  private @Nullable Retained leftSlot(Connection connection) throws SQLException {
    Optional<ReplicationSlot.SlotState> left = ReplicationSlot.find(connection, settings.slot());
    if (left.isPresent() && !slotTold) {
      parts.report().accept(
          FleetEvent.Severity.WARN,
          new Problem(
              ErrorCode.SLOT_LEFT,
              "source \"" + settings.name() + "\" is polled, and has replication slot \"" + settings.slot() + "\" still",
              "nobody reads it any more, and it holds back the server's WAL",
              "unless another server uses it, there: SELECT pg_drop_replication_slot('" + settings.slot() + "')"));
    }
    slotTold = left.isPresent();
    return left.map(slot -> new Retained(slot.restart(), slot.retainedBytes())).orElse(null);
  }

  /** A poll comes when it is due. */
  @Override
  public long missedNanos(Lsn capturedUpTo) {
    return 0;
  }
}
