package io.helios.repl.pipeline;

import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.status.RepairReport;
import io.helios.repl.status.Verification;
import io.helios.repl.verify.LiveRepair;
import io.helios.repl.verify.VerifySettings;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Repairs a streaming tenant: looks which tables differ while everything goes on, repairs those with the applier standing
 * still, and looks again. Blocks the thread that runs it.
 */
final class TenantRepair {

  private final SourceEngine source;
  private final TargetEngine target;
  private final TenantPipeline pipeline;
  private final TenantTables tables;
  private final Supplier<Verification> verification;

  /** @param verification compares both sides while they are live */
  TenantRepair(
      SourceEngine source,
      TargetEngine target,
      TenantPipeline pipeline,
      TenantTables tables,
      Supplier<Verification> verification) {
    this.source = source;
    this.target = target;
    this.pipeline = pipeline;
    this.tables = tables;
    this.verification = verification;
  }

  /**
   * Repairs.
   *
   * @param patience how long to wait at most until source and target can be seen at one point
   * @throws OperatorException when the tenant is not streaming, or a table is not to be repaired
   */
  RepairReport run(Duration patience) {
    long started = System.nanoTime();
    Verification before = verification.get();
    if (before.equal()) {
      return new RepairReport(pipeline.tenant().name(), millis(started), List.of(), 0, before);
    }
    Set<String> differing = before.tables().stream()
        .filter(table -> table.differing() > 0)
        .map(Verification.TableResult::table)
        .collect(Collectors.toSet());
    ReplicaTenant replica = pipeline.replica();
    if (replica == null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TENANT_NOT_STREAMING,
              "tenant \"" + pipeline.tenant().name() + "\" is " + pipeline.standing().state(),
              "it ceased to stream between being compared and being repaired",
              "helios-repl tenant status " + pipeline.tenant().name()));
    }
    LiveRepair.Result done = new LiveRepair(
            source.snapshots(),
            target.settings().connection(),
            pipeline.tenant(),
            tables(differing),
            new ReplicaHold(replica),
            VerifySettings.DEFAULT.withPatience(patience))
        .run();
    Verification after = verification.get();
    return new RepairReport(pipeline.tenant().name(), millis(started), done.tables(), done.bytes(), after);
  }

  private static long millis(long since) {
    return Duration.ofNanos(System.nanoTime() - since).toMillis();
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
