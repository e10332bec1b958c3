package io.helios.repl.tests.simulation;

import io.helios.repl.apply.TargetSession.Advance;
import io.helios.repl.change.CutoverMarker;
import io.helios.repl.tests.simulation.Seams.Life;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One of the two databases between which a tenant goes to and fro: target and source at once, so that what is applied here is
 * in its WAL too. Its row of the tenant says, as {@code TenantHome}'s does, whether users may write; a statement is a step.
 */
final class MoveHome extends SimulatedTarget {

  enum Role {
    PRIMARY,
    CLOSED,
    REPLICA,
    MOVED
  }

  /** The tenant's advisory lock, held exclusively: no user writes. */
  static final class Lock {
    final Life life;

    /** A commit that is on its way: its client will not learn what became of it. */
    @Nullable Runnable last;

    Lock(Life life) {
      this.life = life;
    }
  }

  final int side;
  final SimulatedSource wal;
  private final Trace trace;
  private final Chance chance;
  private final UUID moved;
  private final Lineage[] lineages;
  private @Nullable MoveHome peer;
  private Runnable changed = () -> {};

  /** Null where no move of it was ever prepared, or none is any more: then it has no guard. */
  @Nullable Role role;

  long refused;
  @Nullable UUID token;
  @Nullable Lock lock;

  /** How long a user has a transaction open that has written; 0: nobody has. Its locks keep the fence away. */
  long writerUntil;

  MoveHome(int side, Chance chance, Weather weather, Seams seams, Trace trace, List<Declared> tenants) {
    this(side, chance, weather, seams, trace, tenants, new SimulatedSource(chance, seams, trace, tenants.size()));
  }

  private MoveHome(
      int side, Chance chance, Weather weather, Seams seams, Trace trace, List<Declared> tenants, SimulatedSource wal) {
    super(chance, weather, seams, trace, wal);
    this.side = side;
    this.wal = wal;
    this.trace = trace;
    this.chance = chance;
    this.moved = tenants.getFirst().id;
    this.lineages = new Lineage[tenants.size()];
    for (Declared tenant : tenants) {
      SimulatedReplica replica = new SimulatedReplica(tenant.number, 1);
      for (SimulatedTable table : SimulatedTable.values()) {
        replica.copiedAt.put(table, 1L);
      }
      replicas().put(tenant.id, replica);
      lineages[tenant.number] = new Lineage(replica.rows);
    }
  }

  /** @param onChange looks at both whenever one has changed */
  void join(MoveHome other, Runnable onChange) {
    peer = other;
    changed = onChange;
  }

  SimulatedReplica moved() {
    return replica(moved);
  }

  /** What the tenant's guard lets users do; who waits for the lock does not write yet. */
  boolean isOpen() {
    return role == null || role == Role.PRIMARY;
  }

  /** A user's transaction commits. */
  void write(UUID tenant, List<SourceTransaction.Change> changes) {
    SimulatedReplica replica = replica(tenant);
    lineages[replica.tenant].add(wal.append(changes), replica.rows);
    trace.note("written at " + side, replica.tenant, wal.end());
    changed.run();
  }

  // --- what TenantHome does

  boolean arm(long epoch, long position) {
    if (role != null && role != Role.PRIMARY) {
      return false;
    }
    moved().epoch = role == null ? epoch : moved().epoch;
    role = Role.PRIMARY;
    moved().position = position;
    trace.note("armed at " + side, moved().epoch, position);
    return true;
  }

  void disarm() {
    if (role == Role.PRIMARY) {
      role = null;
      refused = 0;
      token = null;
      trace.note("disarmed at " + side);
    }
  }

  boolean close(CutoverMarker marker) {
    if (role != Role.PRIMARY || moved().epoch >= marker.epoch()) {
      return false;
    }
    role = Role.CLOSED;
    moved().epoch = marker.epoch();
    wal.append(List.of(message(marker)));
    trace.note("closed at " + side, marker.epoch(), wal.end());
    changed.run();
    return true;
  }

  void lift(long epoch) {
    if (role == Role.CLOSED && moved().epoch == epoch) {
      role = Role.PRIMARY;
      trace.note("opened again at " + side, epoch, 0);
      changed.run();
    }
  }

  boolean follow(long epoch) {
    boolean follows = (role == Role.CLOSED || role == Role.REPLICA) && moved().epoch == epoch;
    if (follows) {
      role = Role.REPLICA;
      token = null;
      trace.note("follows at " + side, epoch, moved().position);
    }
    return follows;
  }

  void leave(long epoch) {
    if (role != Role.PRIMARY && moved().epoch == epoch) {
      role = Role.MOVED;
      trace.note("left at " + side, epoch, 0);
    }
  }

  boolean announce(long epoch, UUID marker) {
    boolean told = role == Role.REPLICA && moved().epoch < epoch && refused < epoch;
    token = told ? marker : token;
    return told;
  }

  boolean refuse(long epoch) {
    boolean done = role == Role.REPLICA && moved().epoch < epoch;
    if (done) {
      refused = Math.max(refused, epoch);
      token = null;
    }
    trace.note((done ? "refused at " : "not refused at ") + side, epoch, 0);
    return done;
  }

  @Override
  boolean takes(Advance advance, CutoverMarker marker) {
    return fits(advance)
        && role == Role.REPLICA
        && moved().epoch < marker.epoch()
        && refused < marker.epoch()
        && marker.token().equals(token);
  }

  /** Whoever may connect may write such a message: of an epoch that fits, and with a token that he does not know. */
  void forge(UUID unknown) {
    wal.append(List.of(message(new CutoverMarker(moved, moved().epoch + 1, unknown, List.of()))));
    trace.note("marker forged at " + side);
  }

  // --- what is applied

  @Override
  void check(SimulatedReplica replica, long upTo, String when) {
    if (peer != null) {
      replica.check(peer.lineages[replica.tenant], upTo, when + " at " + side);
    }
  }

  /** Who is promoted has the marker in this WAL, behind what was applied with it. */
  @Override
  void commit(PendingCommit commit) {
    super.commit(commit);
    List<SourceTransaction.Change> all = new ArrayList<>(commit.changes().stream().map(WalBytes::of).toList());
    commit.promotions().forEach((advance, marker) -> {
      SimulatedReplica replica = advance(advance, commit);
      replica.epoch = marker.epoch();
      role = Role.PRIMARY;
      token = null;
      trace.note("taken at " + side, marker.epoch(), replica.position);
      all.add(message(marker));
    });
    long commitLsn = wal.append(all);
    if (!commit.promotions().isEmpty()) {
      lineages[moved().tenant].add(commitLsn, moved().rows);
    }
    changed.run();
  }

  private static SourceTransaction.Change message(CutoverMarker marker) {
    return new SourceTransaction.Change(null, WalBytes.logical(CutoverMarker.PREFIX, marker.content()));
  }

  // --- what ends by itself

  /** A session whose client is gone ends, sooner or later, and what it had sent is done or is not. */
  void endLock() {
    Lock ending = lock;
    lock = null;
    if (ending != null && ending.last != null && chance.coin()) {
      ending.last.run();
    }
  }

  /** PostgreSQL crashes and starts again. */
  void crashWhole() {
    writerUntil = 0;
    endLock();
    wal.crash();
    crash();
  }
}
