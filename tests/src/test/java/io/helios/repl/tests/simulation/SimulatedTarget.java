package io.helios.repl.tests.simulation;

import io.helios.repl.apply.ReplicaState;
import io.helios.repl.apply.Replicas.Mark;
import io.helios.repl.apply.Target;
import io.helios.repl.apply.TargetSession;
import io.helios.repl.apply.TargetSession.Advance;
import io.helios.repl.change.Change;
import io.helios.repl.change.CutoverMarker;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tests.simulation.Seams.Life;
import io.helios.repl.tests.simulation.Seams.Seam;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The target database. A transaction is there whole or not at all, and only where each of its tenants is at the epoch and the
 * position that it expects; each that commits is held against the source's history.
 */
class SimulatedTarget {

  static final String NAME = "replica";

  private final Chance chance;
  private final Weather weather;
  private final Seams seams;
  private final Trace trace;
  private final SimulatedSource source;
  private final Map<UUID, SimulatedReplica> replicas = new LinkedHashMap<>();

  /** Sent, and neither done nor given up: its client has gone, and it holds its tenants' rows locked. */
  private PendingCommit pending;

  private boolean reachable = true;
  private int connections;

  /** @param promotions who becomes the tenant's home by it, by which marker */
  record PendingCommit(
      List<Advance> advances,
      Map<Advance, CutoverMarker> promotions,
      List<Change> changes,
      Map<UUID, TenantRows> rows,
      Map<UUID, String> mismatches) {}

  SimulatedTarget(Chance chance, Weather weather, Seams seams, Trace trace, SimulatedSource source) {
    this.chance = chance;
    this.weather = weather;
    this.seams = seams;
    this.trace = trace;
    this.source = source;
  }

  /** As the appliers of one life see it. */
  Target open(Life life) {
    return new Target() {
      @Override
      public String name() {
        return NAME;
      }

      @Override
      public TargetSession connect() {
        call(Seam.CONNECT, life);
        return new SimulatedSession(SimulatedTarget.this, chance, weather, seams, trace, life);
      }
    };
  }

  /** One statement over a connection of its own. */
  private void call(Seam seam, Life life) {
    seams.pass(seam, life);
    if (life.isOver() || !reachable || chance.once(weather.targetTrouble())) {
      throw Seams.unavailable(ErrorCode.TARGET_BUSY);
    }
  }

  boolean isReachable() {
    return reachable;
  }

  int connections() {
    return connections;
  }

  void toggleReach() {
    reachable = !reachable || chance.coin();
    trace.note(reachable ? "target is there" : "target is away");
  }

  void reach() {
    reachable = true;
  }

  /** The server crashes and starts again: what has committed is there. */
  void crash() {
    trace.note("target crashes");
    connections++;
    finishPending();
  }

  SimulatedReplica replica(UUID tenant) {
    return replicas.get(tenant);
  }

  Map<UUID, SimulatedReplica> replicas() {
    return replicas;
  }

  // --- what a control process asks and tells

  Optional<ReplicaState> copied(UUID tenant, Life life) {
    call(Seam.LOAD, life);
    SimulatedReplica replica = replicas.get(tenant);
    return replica == null || !replica.isCopied() ? Optional.empty() : Optional.of(replica.state());
  }

  Optional<Lsn> through(UUID tenant, Life life) {
    call(Seam.LOAD, life);
    SimulatedReplica replica = replicas.get(tenant);
    return replica == null ? Optional.empty() : Optional.of(new Lsn(Math.max(replica.position, replica.through)));
  }

  /** @param anew whether what was copied and applied before counts for nothing */
  void register(int number, UUID tenant, long epoch, boolean anew, Life life) {
    call(Seam.RECORD, life);
    finishPending();
    SimulatedReplica replica = replicas.computeIfAbsent(tenant, id -> new SimulatedReplica(number, epoch));
    if (anew) {
      replica.position = 0;
      replica.through = 0;
      replica.copiedAt.clear();
    }
    trace.note(anew ? "registered anew" : "registered", number, epoch);
    seams.mayDie(Seam.RECORD, life);
  }

  /** From then on it does not stream without a new copy. */
  void reopenCopy(UUID tenant, Life life) {
    call(Seam.RECORD, life);
    SimulatedReplica replica = replicas.get(tenant);
    if (replica != null) {
      replica.copiedAt.clear();
    }
    seams.mayDie(Seam.RECORD, life);
  }

  void copy(UUID tenant, SimulatedTable table, long point, TenantRows rows, Life life) {
    call(Seam.RECORD, life);
    SimulatedReplica replica = replicas.get(tenant);
    replica.rows.replace(table, rows);
    replica.copiedAt.put(table, point);
    trace.note("copied " + table, replica.tenant, point);
    seams.mayDie(Seam.RECORD, life);
  }

  /** Somebody takes the tenant over: from now on nothing of the old epoch commits. */
  void raiseEpoch(UUID tenant) {
    finishPending();
    SimulatedReplica replica = replicas.get(tenant);
    replica.epoch++;
    trace.note("epoch raised", replica.tenant, replica.epoch);
  }

  List<Mark> mark(List<Mark> marks, Life life) {
    call(Seam.RECORD, life);
    List<Mark> written = new ArrayList<>();
    for (Mark mark : marks) {
      SimulatedReplica replica = replicas.get(mark.tenant());
      boolean locked = pending != null && pending.rows().containsKey(mark.tenant());
      if (replica.epoch == mark.epoch() && replica.through <= mark.through().value() && !locked) {
        replica.through = mark.through().value();
        trace.note("marked", replica.tenant, replica.through);
        check(replica, Math.max(replica.position, replica.through - 1), "a mark");
        written.add(mark);
      }
    }
    seams.mayDie(Seam.RECORD, life);
    return written;
  }

  // --- what sessions do

  void require(Life life, int connection) {
    if (life.isOver() || !reachable || connection != connections) {
      throw Seams.unavailable(ErrorCode.TARGET_BUSY);
    }
  }

  /** Sends a commit whose client will not learn what became of it. */
  void leave(PendingCommit commit) {
    finishPending();
    pending = commit;
    trace.note("commit left behind");
  }

  /** The commit that was left behind arrives, or its connection is found to be gone. */
  void finishPending() {
    PendingCommit commit = pending;
    pending = null;
    if (commit != null) {
      if (chance.coin() && fits(commit)) {
        commit(commit);
      } else {
        trace.note("commit never was");
      }
    }
  }

  /** Whether nothing stands in the way of the whole of it. */
  boolean fits(PendingCommit commit) {
    return commit.advances().stream().allMatch(this::fits)
        && commit.promotions().entrySet().stream().allMatch(one -> takes(one.getKey(), one.getValue()));
  }

  /** Whether it would take the tenant over now. */
  boolean takes(Advance advance, CutoverMarker marker) {
    return false;
  }

  /** What has just been written is held against what it comes from. */
  void check(SimulatedReplica replica, long upTo, String when) {
    replica.check(source.lineage(replica.tenant), upTo, when);
  }

  boolean fits(Advance advance) {
    SimulatedReplica replica = replicas.get(advance.tenant().id());
    return replica != null
        && replica.epoch == advance.tenant().epoch()
        && replica.position == advance.from().value();
  }

  /** Only where all of it {@link #fits}. */
  void commit(PendingCommit commit) {
    commit.advances().forEach(advance -> advance(advance, commit));
  }

  /** One tenant's part of it. */
  final SimulatedReplica advance(Advance advance, PendingCommit commit) {
    UUID id = advance.tenant().id();
    SimulatedReplica replica = replicas.get(id);
    String mismatch = commit.mismatches().get(id);
    if (mismatch != null) {
      throw new Violation("tenant " + replica.tenant + " from " + advance.from() + " to " + advance.to() + ": " + mismatch);
    }
    if (!advance.to().isAfter(advance.from())) {
      throw new Violation("tenant " + replica.tenant + " goes back from " + advance.from() + " to " + advance.to());
    }
    TenantRows rows = commit.rows().get(id);
    replica.rows = rows == null ? replica.rows : rows;
    replica.position = advance.to().value();
    trace.note("applied", replica.tenant, replica.position);
    check(replica, replica.position, "a commit");
    return replica;
  }
}
