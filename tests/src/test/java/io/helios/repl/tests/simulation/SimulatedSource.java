package io.helios.repl.tests.simulation;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.ReplicationSlot.SlotState;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.tests.simulation.Seams.Life;
import io.helios.repl.tests.simulation.Seams.Seam;
import java.util.ArrayList;
import java.util.List;

/**
 * The source: tenants' rows, the WAL, and one slot, which sends again whatever it was not told to forget. As at PostgreSQL what
 * the slot was told is on its disk only now and then, so after a crash of the source it may stand where it stood before.
 */
final class SimulatedSource {

  static final long SYSTEM = 7_000_000_000_000_000_001L;

  private final Chance chance;
  private final Seams seams;
  private final Trace trace;
  private final Workload workload;
  private final List<SourceTransaction> wal = new ArrayList<>();
  private final List<Lineage> lineages = new ArrayList<>();
  private final List<TenantRows> rows = new ArrayList<>();
  private long end = 1_000;
  private long confirmed = 1_000;
  private long persisted = 1_000;
  private boolean reachable = true;

  /** Bumped whenever connections break. */
  private int connections;

  /** @param tenants those that are replicated; there is one more, whom nobody wants */
  SimulatedSource(Chance chance, Seams seams, Trace trace, int tenants) {
    this.chance = chance;
    this.seams = seams;
    this.trace = trace;
    for (int i = 0; i <= tenants; i++) {
      rows.add(new TenantRows());
      lineages.add(new Lineage(rows.get(i)));
    }
    this.workload = new Workload(chance, rows);
  }

  void commit() {
    end += chance.below(3) == 0 ? chance.between(1, 300) : 0; // WAL of others; none: adjacent transactions
    List<SourceTransaction.Change> changes = workload.transaction();
    long commitLsn = end + (chance.coin() ? 8L * changes.size() : 0); // its changes may stand far before its commit
    end = commitLsn + chance.between(1, 60);
    wal.add(new SourceTransaction(commitLsn, end, seams.nanos() / 1000, changes));
    for (int tenant : workload.touched()) {
      lineages.get(tenant).add(commitLsn, rows.get(tenant));
    }
    trace.note("commit", commitLsn, changes.size());
  }

  /** A transaction that others have made up; returns where it committed. */
  long append(List<SourceTransaction.Change> changes) {
    end += chance.below(3) == 0 ? chance.between(1, 300) : 0;
    long commitLsn = end + (chance.coin() ? 8L * changes.size() : 0);
    end = commitLsn + chance.between(1, 60);
    wal.add(new SourceTransaction(commitLsn, end, seams.nanos() / 1000, List.copyOf(changes)));
    return commitLsn;
  }

  /** WAL that holds nothing for anybody. */
  void idle() {
    end += chance.between(1, 3_000);
  }

  void toggleReach() {
    reachable = !reachable || chance.coin();
    cut();
  }

  void reach() {
    reachable = true;
  }

  void cut() {
    connections++;
  }

  /** PostgreSQL crashes and starts again. */
  void crash() {
    trace.note("source crashes", confirmed, persisted);
    confirmed = persisted;
    cut();
  }

  void checkpoint() {
    persisted = confirmed;
  }

  void confirm(long lsn) {
    if (lsn > confirmed) {
      confirmed = lsn;
      trace.note("slot told", lsn, 0);
    }
  }

  long confirmed() {
    return confirmed;
  }

  long end() {
    return end;
  }

  /** Of the last transaction that is sent. */
  long lastCommit() {
    for (int i = wal.size() - 1; i >= 0; i--) {
      if (!wal.get(i).changes().isEmpty()) {
        return wal.get(i).commitLsn();
      }
    }
    return 0;
  }

  int connections() {
    return connections;
  }

  Lineage lineage(int tenant) {
    return lineages.get(tenant);
  }

  /** The tenant's rows as they are now: what a snapshot shows. */
  TenantRows rows(int tenant) {
    return rows.get(tenant);
  }

  /** The transaction at this place of the WAL, or null at its end. */
  SourceTransaction transaction(int at) {
    return at < wal.size() ? wal.get(at) : null;
  }

  int first(long from) {
    int at = 0;
    while (at < wal.size() && wal.get(at).commitLsn() < from) {
      at++;
    }
    return at;
  }

  SourceIdentity identity(Life life) {
    seams.pass(Seam.LOOK, life);
    if (!reachable || life.isOver()) {
      throw Seams.unavailable(ErrorCode.UNREACHABLE);
    }
    return new SourceIdentity(SYSTEM, 1, "shop", new Lsn(end));
  }

  SlotState slot() {
    return new SlotState(
        "helios", "pgoutput", "shop", false, false, null, new Lsn(confirmed), new Lsn(confirmed), "reserved", null, 0);
  }
}
