package io.helios.repl.apply;

import io.helios.repl.apply.StatementPipeline.Parameter;
import io.helios.repl.apply.StatementPipeline.Statement;
import io.helios.repl.change.Change;
import io.helios.repl.change.CutoverMarker;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.Tuple;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A pinned connection. Changes are held back in an {@link ApplyBatch} and written, with the positions, in one round trip;
 * COMMIT is the second, once all row counts are as expected.
 */
final class JdbcTargetSession implements TargetSession {

  /** Statements in one round trip; sets are one statement each, so this bounds what goes row by row. */
  private static final int PIPELINED = 64;

  /**
   * The condition on the position keeps two appliers of one epoch apart: the second waits for the first and then finds
   * another position. The one on the epoch is the fence.
   */
  private static final String ADVANCE =
      "UPDATE helios.replica AS r SET position = v.p, committed_at = v.c, updated_at = pg_catalog.statement_timestamp()"
          + " FROM ROWS FROM (pg_catalog.unnest(?), pg_catalog.unnest(?), pg_catalog.unnest(?), pg_catalog.unnest(?),"
          + " pg_catalog.unnest(?)) AS v (t, e, f, p, c)"
          + " WHERE r.tenant = v.t AND r.epoch = v.e AND r.position = v.f";

  private static final int UUID_TYPE = 2950;
  private static final int UUID_ARRAY = 2951;
  private static final int BIGINT_TYPE = 20;
  private static final int BIGINT_ARRAY = 1016;
  private static final int LSN_TYPE = 3220;
  private static final int LSN_ARRAY = 3221;
  private static final int TIME_TYPE = 1184;
  private static final int TIME_ARRAY = 1185;

  private final String target;
  private final ApplySettings settings;
  private final Connection connection;
  private final StatementPipeline pipeline;
  private final @Nullable SchemaFollower follower;
  private final TargetTables tables;
  private final RowWriter rows;
  private final ApplyBatch batch = new ApplyBatch();
  private final List<Long> expected = new ArrayList<>();
  private Lsn transaction = Lsn.INVALID;
  private long changes;
  private long bytes;

  JdbcTargetSession(
      String target, Connection connection, ApplySettings settings, @Nullable SchemaFollower follower)
      throws SQLException {
    this.follower = follower;
    this.target = target;
    this.settings = settings;
    this.connection = connection;
    this.pipeline = new StatementPipeline(connection);
    this.tables = new TargetTables(connection);
    this.rows = new RowWriter(target, pipeline);
    connection.commit();
  }

  @Override
  public ReplicaState load(Tenant tenant) {
    try {
      Optional<ReplicaState> state = Replicas.find(connection, tenant.id());
      boolean unfinished = state.isPresent() && Replicas.hasUnfinishedCopy(connection, tenant.id());
      connection.commit();
      if (unfinished) {
        throw TargetErrors.unfinished(tenant, target);
      }
      return state.orElseThrow(() -> TargetErrors.unknown(tenant, target, "its row in helios.replica is missing"));
    } catch (SQLException e) {
      rollback();
      if (SqlStates.isUndefinedTable(e)) {
        throw TargetErrors.unknown(tenant, target, "the database has no schema helios: it is another one, or was made anew");
      }
      throw TargetErrors.classify(e, target);
    }
  }

  @Override
  public void apply(Tenant tenant, Replicated what, Lsn commitLsn, Change change, Care care)
      throws RejectedBatchException {
    Relation relation = change.relation();
    try {
      if (!commitLsn.equals(transaction)) {
        rows.endTransaction();
        transaction = commitLsn;
      }
      if (follower != null) {
        relation = follower.follow(tenant, what, relation, commitLsn, this::write);
      }
      TableSql sql = tables.of(relation, what.tenantColumn());
      changes++;
      bytes += size(change);
      if (change instanceof Change.Truncate(var _, boolean restartIdentity)) {
        batch.truncate(sql, tenant.key(), restartIdentity && tables.isOurs(sql));
      } else if (care != Care.BATCH || sql.plan().checkedByQuery()) {
        write();
        rows.apply(tenant, sql, commitLsn, change, care == Care.LEAVING_OUT);
      } else {
        batch.add(sql, change);
        if (batch.changes() >= settings.changes() || batch.bytes() >= settings.bytes()) {
          write();
        }
      }
    } catch (SQLException e) {
      try {
        throw failed(e, tenant, what, relation, commitLsn, change, care);
      } catch (SQLException following) {
        throw TargetErrors.rejected(following, tenant, target, commitLsn, relation.qualifiedName());
      }
    } catch (OperatorException e) {
      Problem problem = e.problem();
      throw problem.lsn() != null
          ? e
          : new OperatorException(problem.at(commitLsn.toString(), relation.qualifiedName()), e);
    }
  }

  /** In a batch the error may be any change's, so only a retry tells; one by one it is this one's. */
  private RuntimeException failed(
      SQLException e, Tenant tenant, Replicated what, Relation relation, Lsn commitLsn, Change change, Care care)
      throws RejectedBatchException, SQLException {
    if (care == Care.BATCH && !TargetErrors.passes(e)) {
      throw new RejectedBatchException(SqlStates.reason(e), SqlStates.clean(e));
    }
    if (SqlStates.isUndefinedTable(e)) {
      rollback();
      load(tenant); // throws where it is our own tables that are gone
    }
    if (follower != null && SqlStates.isUnknownValue(e)) {
      rollback();
      follower.followTypes(tenant, what, relation, commitLsn);
    }
    if (SqlStates.isKeyConflict(e)) {
      rollback();
      try {
        rows.refuseOthers(tenant, tables.of(relation, what.tenantColumn()), commitLsn, change);
        connection.commit();
      } catch (SQLException checking) {
        e.addSuppressed(checking);
      }
    }
    return TargetErrors.rejected(e, tenant, target, commitLsn, relation.qualifiedName());
  }

  private static long size(Change change) {
    return switch (change) {
      case Change.Insert(var _, Tuple row) -> row.byteLength();
      case Change.Update(var _, Tuple _, boolean _, Tuple row) -> row.byteLength();
      case Change.Upsert(var _, Tuple row) -> row.byteLength();
      case Change.Delete(var _, Tuple old, boolean _) -> old.byteLength();
      case Change.Truncate _ -> 0;
    };
  }

  @Override
  public Set<UUID> holders() {
    return rows.holders();
  }

  @Override
  public long changes() {
    return changes;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public Map<UUID, Map<AppliedStatus.Conflict, Long>> commit(List<Advance> advances) throws RejectedBatchException {
    try {
      rows.endTransaction();
      emit();
      if (!advances.isEmpty()) {
        send(advance(advances), -1);
      }
      long[] counts = run();
      if (counts.length > 0 && !advances.isEmpty() && counts[counts.length - 1] != advances.size()) {
        if (advances.size() > 1) {
          throw new RejectedBatchException("a tenant is not where it was expected");
        }
        throw displaced(advances.getFirst());
      }
      Map<UUID, Map<AppliedStatus.Conflict, Long>> conflicts = rows.takeConflicts();
      connection.commit();
      changes = 0;
      bytes = 0;
      return conflicts;
    } catch (SQLException e) {
      if (TargetErrors.passes(e)) {
        throw TargetErrors.classify(e, target);
      }
      if (SqlStates.isUndefinedTable(e) && advances.size() == 1) {
        rollback();
        load(advances.getFirst().tenant()); // throws where it is our own tables that are gone
      }
      throw new RejectedBatchException(SqlStates.reason(e), SqlStates.clean(e));
    }
  }

  @Override
  public boolean promote(Advance advance, CutoverMarker marker) throws RejectedBatchException {
    try {
      rows.endTransaction();
      emit();
      run();
      return TenantHome.promote(connection, advance, marker);
    } catch (SQLException e) {
      if (TargetErrors.passes(e)) {
        throw TargetErrors.classify(e, target);
      }
      throw new OperatorException(
          new Problem(
                  ErrorCode.PROMOTION_FAILED,
                  "tenant \"" + advance.tenant().name() + "\" cannot take over at target \"" + target + "\"",
                  SqlStates.reason(e),
                  "the tenant stays where it was; helios-repl target check " + target)
              .at(advance.to().toString(), null),
          SqlStates.clean(e));
    }
  }

  @Override
  public void lockPatience(Duration patience) {
    try {
      send(new Statement("SET LOCAL lock_timeout = " + patience.toMillis(), List.of()), -1);
      run();
    } catch (SQLException e) {
      throw TargetErrors.classify(e, target);
    } catch (RejectedBatchException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Statement advance(List<Advance> advances) {
    int count = advances.size();
    UUID[] tenants = new UUID[count];
    long[] epochs = new long[count];
    long[] from = new long[count];
    long[] to = new long[count];
    long[] times = new long[count];
    for (int i = 0; i < count; i++) {
      Advance advance = advances.get(i);
      tenants[i] = advance.tenant().id();
      epochs[i] = advance.tenant().epoch();
      from[i] = advance.from().value();
      to[i] = advance.to().value();
      times[i] = advance.commitMicros();
    }
    return new Statement(ADVANCE, List.of(
        Parameter.binary(BinaryArray.of(UUID_TYPE, tenants), UUID_ARRAY),
        Parameter.binary(BinaryArray.of(BIGINT_TYPE, epochs), BIGINT_ARRAY),
        Parameter.binary(BinaryArray.of(LSN_TYPE, from), LSN_ARRAY),
        Parameter.binary(BinaryArray.of(LSN_TYPE, to), LSN_ARRAY),
        Parameter.binary(BinaryArray.of(TIME_TYPE, times), TIME_ARRAY)));
  }

  /** Why the tenant's row did not move: another epoch, or somebody else at work under ours. */
  private RuntimeException displaced(Advance advance) {
    rollback();
    ReplicaState state = load(advance.tenant());
    String tenant = advance.tenant().name();
    if (state.epoch() != advance.tenant().epoch()) {
      return TargetErrors.fenced(advance.tenant(), state.epoch(), target);
    }
    return new TransientException(new Problem(
        ErrorCode.TARGET_BUSY,
        "tenant \"" + tenant + "\" moved at target \"" + target + "\" while we applied",
        "another applier of the same epoch is at work",
        "make sure that one server only runs tenant \"" + tenant + "\""));
  }

  /** Sends everything that is held back. */
  private void write() throws SQLException, RejectedBatchException {
    if (!batch.isEmpty()) {
      emit();
      run();
    }
  }

  private void emit() throws SQLException, RejectedBatchException {
    batch.emit(out);
    batch.clear();
  }

  private final ApplyBatch.Sink out = new ApplyBatch.Sink() {
    @Override
    public void add(Statement statement, long count) throws SQLException, RejectedBatchException {
      send(statement, count);
    }

    @Override
    public void copy(CopyRows rows) throws SQLException, RejectedBatchException {
      run();
      checkCount(pipeline.copy(rows), rows.rows().size());
    }
  };

  private void send(Statement statement, long count) throws SQLException, RejectedBatchException {
    if (pipeline.size() >= PIPELINED) {
      run();
    }
    pipeline.add(statement);
    expected.add(count);
  }

  private long[] run() throws SQLException, RejectedBatchException {
    List<Long> counts = List.copyOf(expected);
    expected.clear();
    long[] found = pipeline.run();
    for (int i = 0; i < found.length; i++) {
      checkCount(found[i], counts.get(i));
    }
    return found;
  }

  private static void checkCount(long found, long expected) throws RejectedBatchException {
    if (expected >= 0 && expected != found) {
      throw new RejectedBatchException(found + " rows instead of " + expected);
    }
  }

  @Override
  public void rollback() {
    batch.clear();
    pipeline.clear();
    expected.clear();
    rows.rollback();
    transaction = Lsn.INVALID;
    tables.forget();
    if (follower != null) {
      follower.forget();
    }
    changes = 0;
    bytes = 0;
    try {
      connection.rollback();
    } catch (SQLException e) {
      close();
    }
  }

  @Override
  public boolean isUsable() {
    try {
      return !connection.isClosed();
    } catch (SQLException e) {
      return false;
    }
  }

  @Override
  public void close() {
    try {
      boolean lost = connection.isClosed();
      connection.close();
      if (lost) {
        PgConnections.leave(connection);
      }
    } catch (SQLException e) {
      // It is of no use any more in any case.
    }
  }
}
