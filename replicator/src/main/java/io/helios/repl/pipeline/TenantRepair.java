package io.helios.repl.pipeline;

import io.helios.repl.apply.Replica;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.status.Evidence;
import io.helios.repl.status.MendedTable;
import io.helios.repl.status.RepairReport;
import io.helios.repl.status.TableEvidence;
import io.helios.repl.status.Verification;
import io.helios.repl.verify.LiveRepair;
import io.helios.repl.verify.VerifySettings;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;

/**
 * Repairs a streaming tenant: looks which tables differ while everything goes on, and repairs those with the applier standing
 * still. Made for one run, which blocks its caller's thread, who has the tenant's turn; {@link #cancel} is for any.
 */
final class TenantRepair {

  /**
   * What was done.
   *
   * @param tables those that differed
   * @param bytes received from both servers for repairing those
   */
  record Mended(List<MendedTable> tables, long bytes) {

    static final Mended NOTHING = new Mended(List.of(), 0);

    /** In one line, for an event. */
    String summary() {
      return "%,d rows differed in %,d tables; %,d KiB were moved".formatted(
          tables.stream().mapToLong(MendedTable::differing).sum(), tables.size(), (bytes + 1023) / 1024);
    }
  }

  private final SourceEngine source;
  private final TargetEngine target;
  private final TenantPipeline pipeline;
  private final TenantTables tables;
  private final Function<VerifySettings, TenantVerification> comparison;
  private final LongUnaryOperator most;
  private Runnable stop = () -> {};
  private boolean cancelled;

  /**
   * @param comparison makes one of both sides, of those tables that are to be repaired
   * @param most how many rows of so many of a table may differ
   */
  TenantRepair(
      SourceEngine source,
      TargetEngine target,
      TenantPipeline pipeline,
      TenantTables tables,
      Function<VerifySettings, TenantVerification> comparison,
      LongUnaryOperator most) {
    this.source = source;
    this.target = target;
    this.pipeline = pipeline;
    this.tables = tables;
    this.comparison = comparison;
    this.most = most;
  }

  /**
   * Repairs, and looks whether both sides are equal then.
   *
   * @param patience how long to wait at most until source and target can be seen at one point
   * @throws OperatorException when the tenant is not streaming, a table is not to be repaired, or it was cancelled
   */
  RepairReport run(Duration patience) {
    long started = System.nanoTime();
    VerifySettings settings = VerifySettings.DEFAULT.withPatience(patience);
    Evidence before = compare(settings.coarsely());
    Mended mended = before.equal() ? Mended.NOTHING : mend(before, settings);
    Verification after = (before.equal() ? before : compare(settings)).verification();
    long millis = Duration.ofNanos(System.nanoTime() - started).toMillis();
    return new RepairReport(pipeline.tenant().name(), millis, mended.tables(), mended.bytes(), after);
  }

  /** Repairs; whether both sides are equal then, the next one will see. The rest is as in {@link #run}. */
  Mended reconcile(Duration patience) {
    VerifySettings settings = VerifySettings.DEFAULT.withPatience(patience);
    Evidence before = compare(settings.coarsely());
    return before.equal() ? Mended.NOTHING : mend(before, settings);
  }

  /** Breaks it off, also before it has begun. Tables that are repaired stay so. */
  synchronized void cancel() {
    cancelled = true;
    stop.run();
  }

  private Evidence compare(VerifySettings settings) {
    TenantVerification next = comparison.apply(settings);
    begin(next::cancel);
    return next.run();
  }

  private Mended mend(Evidence before, VerifySettings settings) {
    Set<String> differing = before.tables().stream()
        .filter(table -> !table.equal())
        .map(TableEvidence::table)
        .collect(Collectors.toSet());
    Replica replica = pipeline.replica();
    if (replica == null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TENANT_NOT_STREAMING,
              "tenant \"" + pipeline.tenant().name() + "\" is " + pipeline.standing().state(),
              "it ceased to stream between being compared and being repaired",
              "helios-repl tenant status " + pipeline.tenant().name()));
    }
    LiveRepair repair =
        new LiveRepair(
            source.snapshots(),
            target.settings().connection(),
            pipeline.tenant(),
            tables(differing),
            new ReplicaHold(replica),
            settings,
            most);
    begin(repair::cancel);
    try {
      LiveRepair.Result done = repair.run();
      return new Mended(done.tables(), done.bytes());
    } catch (CancellationException e) {
      throw new OperatorException(brokenOff(), e);
    }
  }

  private synchronized void begin(Runnable stopping) {
    stop = stopping;
    if (cancelled) {
      throw new OperatorException(brokenOff());
    }
  }

  private Problem brokenOff() {
    return new Problem(
        ErrorCode.VERIFY_CANCELLED,
        "the repair of tenant \"" + pipeline.tenant().name() + "\" was broken off",
        "somebody cancelled it, or the server is stopping",
        "helios-repl verify repair " + pipeline.tenant().name());
  }

  private List<TenantTable> tables(Set<String> names) {
    try (Connection connection =
        PgConnections.open(source.settings().connection(), "verify", pipeline.tenant().name())) {
      return tables.read(connection, pipeline.tenant()).stream()
          .filter(table -> names.contains(table.qualifiedName()))
          .toList();
    } catch (SQLException e) {
      throw SqlStates.classify(
          e,
          ErrorCode.VERIFY_SOURCE_FAILED,
          "the tables of source \"" + source.settings().name() + "\" cannot be read",
          "helios-repl source check " + source.settings().name());
    }
  }
}
