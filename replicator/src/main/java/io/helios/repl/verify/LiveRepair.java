package io.helios.repl.verify;

import io.helios.repl.apply.ReplicaState;
import io.helios.repl.apply.Replicas;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.ParallelWork;
import io.helios.repl.postgres.SourceSnapshots;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableName;
import io.helios.repl.status.MendedTable;
import io.helios.repl.tenant.Tenant;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;

/**
 * Repairs tables of a tenant that streams. The applier stands still at one point of the WAL until the last table is
 * repaired: the target then is what the source was at that point, which is where the stream goes on. Nothing of the
 * stream is taken back or skipped, a crash in the middle leaves less to repair, and readers of the target never see tables
 * of different times. Other tenants go on; what comes for this one waits in the journal.
 *
 * <p>Made for one {@link #run}, which blocks its caller's thread; {@link #cancel} is for any.
 */
public final class LiveRepair {

  /** @param bytes received from both servers */
  public record Result(Lsn point, List<MendedTable> tables, long bytes) {}

  private final SourceSnapshots source;
  private final ConnectionSettings target;
  private final Tenant tenant;
  private final List<TenantTable> tables;
  private final HoldPoint hold;
  private final VerifySettings settings;
  private final LongUnaryOperator most;
  private final ConnectionScope scope = new ConnectionScope();
  private final Repair.Moved moved = new Repair.Moved(new LongAdder(), new LongAdder());

  /**
   * @param tables what is compared and repaired, as the source's catalog has it
   * @param most how many rows of so many may differ, for each table: {@link Repair#cheaperThanCopy}, {@link Repair#possible}
   */
  public LiveRepair(
      SourceSnapshots source,
      ConnectionSettings target,
      Tenant tenant,
      List<TenantTable> tables,
      HoldPoint hold,
      VerifySettings settings,
      LongUnaryOperator most) {
    this.source = source;
    this.target = target;
    this.tenant = tenant;
    this.tables = List.copyOf(tables);
    this.hold = hold;
    this.settings = settings;
    this.most = most;
  }

  /**
   * Compares and repairs.
   *
   * @throws io.helios.repl.error.TransientException when it may be tried again
   * @throws OperatorException when somebody must act first; tables that are repaired stay so
   * @throws java.util.concurrent.CancellationException when it was cancelled
   */
  public Result run() {
    try {
      return ParallelWork.<Result>run(scope, "repair-" + tenant.name(), List.of(this::repair)).getFirst();
    } finally {
      hold.release();
      scope.close();
    }
  }

  /** Breaks it off, on any thread; tables that are repaired stay so. */
  public void cancel() {
    scope.cancel();
  }

  private Result repair() {
    Map<TableName, TenantTable> here =
        tables.stream().collect(Collectors.toMap(table -> TableName.of(table.definition()), table -> table));
    Map<TableName, TenantTable> there = TablesAtTarget.read(scope, target, tenant.name(), tables);
    SnapshotPair pair = SnapshotPair.take(
        scope,
        source,
        target,
        tenant.name(),
        here.values().stream().map(TenantTable::definition).toList(),
        there.values().stream().map(TenantTable::definition).toList(),
        new Kept(hold),
        settings);
    Lsn position = position(pair);
    List<MendedTable> mended = new ArrayList<>();
    try (Repair repair =
        new Repair(scope, target, tenant.name(), pair.source(), here, pair.target(), there, moved)) {
      for (TenantTable table : tables) {
        TableName name = TableName.of(table.definition());
        long rows = TablesAtTarget.rows(pair.target().anchor(), there, name);
        mended.add(repair.mend(name, rows, most, Replicas.permit(tenant, position)).orElseThrow(() -> tooMuch(name)));
      }
    }
    return new Result(pair.point(), List.copyOf(mended), moved.bytes().sum());
  }

  /** Where the applier stands, in the target's own words. */
  private Lsn position(SnapshotPair pair) {
    try {
      return Replicas.find(pair.target().anchor(), tenant.id())
          .map(ReplicaState::position)
          .orElseThrow(() -> new OperatorException(new Problem(
              ErrorCode.REPLICA_UNKNOWN,
              "the target has no record of tenant \"" + tenant.name() + "\"",
              "its row in helios.replica is missing",
              "helios-repl tenant resync " + tenant.name())));
    } catch (SQLException e) {
      throw SqlStates.classify(
          e, ErrorCode.VERIFY_TARGET_FAILED, "reading the tenant's position failed", "helios-repl target check");
    }
  }

  private OperatorException tooMuch(TableName table) {
    return new OperatorException(new Problem(
            ErrorCode.REPAIR_TOO_LARGE,
            "too much of " + table + " differs, or its rows cannot be compared",
            "copying the table is cheaper than repairing it, and is not done while the tenant streams",
            "helios-repl tenant resync " + tenant.name())
        .at(null, table.toString()));
  }

  /** Does not let the applier go once it stands at the point: whoever made the hold does that. */
  private static final class Kept implements HoldPoint {

    private final HoldPoint hold;
    private Standing standing = Standing.BEFORE;

    Kept(HoldPoint hold) {
      this.hold = hold;
    }

    @Override
    public void holdAt(Lsn limit) {
      standing = Standing.BEFORE;
      hold.holdAt(limit);
    }

    @Override
    public Standing await(Duration patience) throws InterruptedException {
      standing = hold.await(patience);
      return standing;
    }

    @Override
    public void release() {
      if (standing != Standing.AT) {
        hold.release();
      }
    }
  }
}
