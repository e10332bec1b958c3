package io.helios.repl.pipeline;

import io.helios.repl.capture.Capture;
import io.helios.repl.capture.CaptureSettings;
import io.helios.repl.capture.Routes;
import io.helios.repl.capture.SourceScope;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.SourceSnapshots;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.seal.FrameSealer;
import io.helios.repl.status.Finding;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What of a source's engine depends on how the source is captured. Lives as long as the engine; {@link #open}, {@link #close},
 * {@link #mustReopen} and {@link #judged} are the capture thread's, the rest is for any.
 */
sealed interface SourceLink permits WalLink, CheckpointLink {

  /** What every link works with. */
  record Parts(
      SourceSettings settings,
      RelayJournal journal,
      FrameSealer sealer,
      CaptureSettings capture,
      SourceGaps.Judge judge,
      BiConsumer<FleetEvent.Severity, Problem> report,
      @Nullable Problem journalDamage,
      @Nullable SynchronousTenants synchronous,
      Surroundings surroundings) {

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

    HeliosException unreachable(SQLException e) {
      return SqlStates.classify(
          e,
          ErrorCode.SOURCE_QUERY_FAILED,
          "source \"" + settings.name() + "\" cannot be asked",
          "helios-repl source check " + settings.name());
    }
  }

  /** @param how in a few words, for the log */
  record Opened(Capture capture, SourceIdentity identity, SourceClock clock, String how) {}

  /**
   * Connects, and goes on where the journal ends; what is gone for good is a gap of those who need it, by name and durably.
   *
   * @param routes asked when it is looked who loses something, as late as can be: tenants may be routed meanwhile
   * @throws HeliosException when that cannot be done now
   */
  Opened open(Supplier<Routes> routes);

  /** Hangs up. Does nothing when it is not open. */
  void close();

  /** Whether the capture must be opened anew, which is no failure. */
  boolean mustReopen();

  /** What to report of what the capture threw. */
  HeliosException judged(HeliosException thrown, Routes routes);

  /** Tells the source that we live, whatever the capture thread is doing. */
  void keepAlive();

  /** Who the source is, asked over a connection of its own. */
  SourceIdentity identity();

  /** Who has lost something. */
  LostTenants lost();

  /** The last transaction that the source must show again; {@link Lsn#MAX} for none. */
  Lsn lastTransaction();

  /** What is released at the source goes no further than this, but for what the WAL budget forces. */
  void releaseUpTo(Lsn point);

  /** A point that everything committed so far lies before, and that the capture comes to. May wait for it. */
  Lsn barrier();

  /** Snapshots at points that what is captured comes to. */
  SourceSnapshots snapshots();

  /** @param running whether this server captures the source now */
  List<Finding> check(Connection connection, boolean running) throws SQLException;

  /** The statements that prepare the source; they are run unless {@code dryRun}. */
  PreparationPlan prepare(Connection connection, boolean dryRun) throws SQLException;

  /** What a tenant's start may make by itself, so that its tables are captured. Many tenants may start together. */
  void publish(Connection connection) throws SQLException;

  /** The statements that {@link #publish} would run. */
  List<String> publishPlan(Connection connection) throws SQLException;

  /** For how long what is captured has not come to where the source was seen to be; 0 when it has, or where that is not asked. */
  long missedNanos(Lsn capturedUpTo);

  /**
   * What a source keeps for us.
   *
   * @param restart from where on
   * @param bytes so much WAL
   */
  record Retained(Lsn restart, long bytes) {}

  /**
   * Looks at the source now and then.
   *
   * @return the WAL that it keeps for us; null for none
   */
  @Nullable Retained look(Connection connection, Lsn capturedUpTo) throws SQLException;
}
