package io.helios.repl.tests.simulation;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.apply.RejectedBatchException;
import io.helios.repl.apply.ReplicaState;
import io.helios.repl.apply.Replicated;
import io.helios.repl.apply.TargetSession;
import io.helios.repl.change.Change;
import io.helios.repl.change.CutoverMarker;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.simulation.Seams.Life;
import io.helios.repl.tests.simulation.Seams.Seam;
import io.helios.repl.tests.simulation.SimulatedTarget.PendingCommit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** A connection to the target. Any call may fail, with the connection or without; a commit also after it took effect. */
final class SimulatedSession implements TargetSession {

  private final SimulatedTarget target;
  private final Chance chance;
  private final Weather weather;
  private final Seams seams;
  private final Trace trace;
  private final Life life;
  private final int connection;
  private final List<Taken> batch = new ArrayList<>();
  private final List<Change> applied = new ArrayList<>();
  private final Map<Advance, CutoverMarker> promotions = new LinkedHashMap<>();
  private final Map<UUID, TenantRows> rows = new LinkedHashMap<>();
  private final Map<UUID, String> mismatches = new LinkedHashMap<>();
  private Set<UUID> holders = Set.of();
  private boolean usable = true;
  private long changes;

  private record Taken(Tenant tenant, Lsn commitLsn, Change change) {}

  SimulatedSession(
      SimulatedTarget target, Chance chance, Weather weather, Seams seams, Trace trace, Life life) {
    this.target = target;
    this.chance = chance;
    this.weather = weather;
    this.seams = seams;
    this.trace = trace;
    this.life = life;
    this.connection = target.connections();
  }

  @Override
  public ReplicaState load(Tenant tenant) {
    call(Seam.LOAD);
    SimulatedReplica replica = target.replica(tenant.id());
    if (replica == null) {
      throw refused(ErrorCode.REPLICA_UNKNOWN);
    }
    return replica.state();
  }

  @Override
  public void apply(Tenant tenant, Replicated what, Lsn commitLsn, Change change, Care care) throws RejectedBatchException {
    call(Seam.APPLY);
    changes++;
    batch.add(new Taken(tenant, commitLsn, change));
    if (care == Care.EACH_CHANGE) {
      write(care);
    } else if (chance.once(weather.rejected() * 8)) {
      throw new RejectedBatchException("simulated");
    }
  }

  /** In a batch the sets' deletes go first, so only what is left in the end is in the way; one by one each row is. */
  private void write(Care care) throws RejectedBatchException {
    Map<UUID, Lsn> written = new LinkedHashMap<>();
    for (Taken taken : batch) {
      applied.add(taken.change());
      UUID id = taken.tenant().id();
      TenantRows own = rows.computeIfAbsent(id, t -> target.replica(t).rows.copy());
      String wrong = own.apply(taken.change());
      if (wrong != null) {
        mismatches.putIfAbsent(id, taken.commitLsn() + ": " + wrong);
      }
      written.put(id, taken.commitLsn());
    }
    batch.clear();
    for (Map.Entry<UUID, Lsn> tenant : written.entrySet()) {
      UUID holder = holder(tenant.getKey(), tenant.getValue().value());
      if (holder != null) {
        if (care == Care.BATCH) {
          throw new RejectedBatchException("a key is taken");
        }
        rollback();
        holders = new LinkedHashSet<>(List.of(holder));
        trace.note("key taken", target.replica(tenant.getKey()).tenant, target.replica(holder).tenant);
        throw refused(ErrorCode.KEY_TAKEN);
      }
    }
  }

  /** The notes' key does not say whose a row is: somebody's who is not as far may be in the way. */
  private UUID holder(UUID tenant, long now) {
    Set<Long> own = rows.get(tenant).keyed(SimulatedTable.NOTES).keySet();
    for (Map.Entry<UUID, SimulatedReplica> other : target.replicas().entrySet()) {
      SimulatedReplica replica = other.getValue();
      TenantRows theirs = rows.getOrDefault(other.getKey(), replica.rows);
      if (!other.getKey().equals(tenant)
          && replica.position < now
          && replica.isCopied()
          && replica.copiedAt() <= now
          && theirs.keyed(SimulatedTable.NOTES).keySet().stream().anyMatch(own::contains)) {
        return other.getKey();
      }
    }
    return null;
  }

  @Override
  public Set<UUID> holders() {
    return holders;
  }

  @Override
  public long changes() {
    return changes;
  }

  @Override
  public long bytes() {
    return changes * 40;
  }

  @Override
  public Map<UUID, Map<AppliedStatus.Conflict, Long>> commit(List<Advance> advances) throws RejectedBatchException {
    call(Seam.COMMIT);
    write(Care.BATCH);
    PendingCommit commit =
        new PendingCommit(
            advances, new LinkedHashMap<>(promotions), List.copyOf(applied), new LinkedHashMap<>(rows), new LinkedHashMap<>(mismatches));
    refuseOddities(commit);
    if (chance.once(weather.lostCommit())) {
      usable = false;
      target.leave(commit);
      seams.mayDie(Seam.COMMITTED, life);
      throw Seams.unavailable(ErrorCode.TARGET_BUSY);
    }
    target.finishPending();
    for (Map.Entry<Advance, CutoverMarker> promotion : promotions.entrySet()) {
      if (!target.takes(promotion.getKey(), promotion.getValue())) {
        throw Seams.unavailable(ErrorCode.TARGET_BUSY); // somebody else has changed the row first
      }
    }
    for (Advance advance : advances) {
      if (!target.fits(advance)) {
        trace.note("displaced", target.replica(advance.tenant().id()).tenant, advance.from().value());
        throw displaced(advances, advance);
      }
    }
    if (chance.once(weather.rejected())) {
      throw new RejectedBatchException("simulated");
    }
    target.commit(commit);
    clear();
    changes = 0;
    seams.pass(Seam.COMMITTED, life);
    if (chance.once(weather.lostCommit())) {
      usable = false;
      throw Seams.unavailable(ErrorCode.TARGET_BUSY);
    }
    return Map.of();
  }

  @Override
  public boolean promote(Advance advance, CutoverMarker marker) {
    call(Seam.APPLY);
    if (!target.takes(advance, marker)) {
      return false;
    }
    promotions.put(advance, marker);
    return true;
  }

  private static void refuseOddities(PendingCommit commit) {
    Set<UUID> tenants = new LinkedHashSet<>();
    commit.promotions().keySet().forEach(advance -> tenants.add(advance.tenant().id()));
    for (TargetSession.Advance advance : commit.advances()) {
      if (!tenants.add(advance.tenant().id())) {
        throw new Violation("a tenant advances twice in one transaction");
      }
    }
    if (!tenants.containsAll(commit.rows().keySet())) {
      throw new Violation("rows are written without their tenant's position");
    }
  }

  private RuntimeException displaced(List<Advance> advances, Advance advance) throws RejectedBatchException {
    if (advances.size() > 1) {
      throw new RejectedBatchException("a tenant is not where it was expected");
    }
    SimulatedReplica replica = target.replica(advance.tenant().id());
    return replica.epoch == advance.tenant().epoch()
        ? Seams.unavailable(ErrorCode.TARGET_BUSY)
        : refused(ErrorCode.APPLIER_FENCED);
  }

  private void call(Seam seam) {
    if (!usable) {
      throw new Violation("a session is used that said it was of no use");
    }
    seams.pass(seam, life);
    try {
      target.require(life, connection);
    } catch (RuntimeException e) {
      usable = false;
      throw e;
    }
    if (chance.once(weather.targetTrouble() * (seam == Seam.APPLY ? 10 : 1))) {
      usable = chance.coin();
      throw Seams.unavailable(ErrorCode.TARGET_BUSY);
    }
  }

  private static OperatorException refused(ErrorCode code) {
    return new OperatorException(new Problem(code, "simulated refusal", "so it is", "nothing"));
  }

  private void clear() {
    batch.clear();
    applied.clear();
    promotions.clear();
    rows.clear();
    mismatches.clear();
  }

  @Override
  public void rollback() {
    clear();
    changes = 0;
  }

  @Override
  public boolean isUsable() {
    return usable && !life.isOver();
  }

  @Override
  public void close() {
    usable = false;
    clear();
  }
}
