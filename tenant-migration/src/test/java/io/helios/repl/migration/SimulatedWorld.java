package io.helios.repl.migration;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One tenant, its two databases, the wire between them, its clients, the journal and the clock; whatever the driver touches.
 * Each call of it is a place where the process may die, an answer may be lost or time may pass. What must always hold is
 * looked at whenever anything has changed.
 */
final class SimulatedWorld implements TenantEnds, Traffic, MigrationJournal, Replication, MoveClock {

  /** The process dies here. */
  static final class Crash extends Error {
    Crash(String where) {
      super(where, null, false, false);
    }
  }

  /** Something does not hold that always must. */
  static final class Violation extends Error {
    Violation(String what) {
      super(what);
    }
  }

  private static final Instant BEGINNING = Instant.parse("2026-01-01T00:00:00Z");

  final SimulatedHome east = new SimulatedHome("east");
  final SimulatedHome west = new SimulatedHome("west");
  final Set<Long> acknowledged = new HashSet<>();
  final List<String> calls = new ArrayList<>();
  private final Random dice;
  private final Map<UUID, Migration> journal = new LinkedHashMap<>();
  private final List<Passage> passages = new ArrayList<>();
  private Tenant stored =
      new Tenant(
          new UUID(0, 1), "acme", "acme", "east", "west", TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5),
          ConflictPolicy.SOURCE_WINS, 1);
  private long nanos = 1_000_000_000L;
  private long number;
  private boolean proven;

  /** How likely each kind of bad luck is at each call; 0 when all works. */
  double luck;

  /** The wire stays as it is when set. */
  boolean steadyWire;

  boolean wire = true;

  /** The call, counted from 0, at which the process dies; -1 for none. */
  int dieAt = -1;

  /** The call at which the wire is cut, once, and for how long. */
  String wireCutAt = "";

  Duration wireHealsAfter = Duration.ZERO;

  /** Nothing is applied. */
  boolean stalled;

  /** Sees whatever is journaled. */
  Consumer<Migration> onNote = m -> {};

  private long wireHealsAtNanos = Long.MAX_VALUE;
  String directed = "east";
  boolean paused;

  SimulatedWorld(long seed) {
    dice = new Random(seed);
    east.primary = true;
    west.followed = 0;
  }

  Tenant stored() {
    return stored;
  }

  // ---- what happens by itself

  private boolean chance(double probability) {
    return probability > 0 && dice.nextDouble() < probability;
  }

  int roll(int sides) {
    return dice.nextInt(sides);
  }

  void pass(Duration duration) {
    long until = nanos + duration.toNanos();
    long stride = Math.max(1_000_000, duration.toNanos() / 20);
    while (nanos < until) {
      nanos += stride;
      moment();
    }
  }

  private void moment() {
    if (nanos >= wireHealsAtNanos) {
      wire = true;
    }
    if (luck > 0 && !steadyWire && chance(luck / 4)) {
      wire = !wire;
    }
    for (SimulatedHome home : List.of(east, west)) {
      SimulatedHome.Session session = home.lock;
      if (session != null && nanos >= session.endsAtNanos) {
        if (session.commitsAtItsEnd > 0) {
          home.close(session.commitsAtItsEnd);
        }
        home.lock = null;
      }
      if (chance(0.5)) {
        acknowledge(home); // somebody who minds no traffic switch
      }
      if (luck > 0 && home.lock == null && home.writable() && chance(luck / 4)) {
        home.writerUntilNanos = nanos + roll(300) * 1_000_000L;
      }
    }
    if (!paused) {
      acknowledge(home(directed));
    }
    int applied = luck > 0 ? roll(4) : 20;
    for (int i = 0; wire && !stalled && i < applied; i++) {
      if (!east.follow(west) && !west.follow(east)) {
        break;
      }
    }
    check();
  }

  private void acknowledge(SimulatedHome home) {
    if (home.write(number + 1)) {
      acknowledged.add(++number);
    }
  }

  private void check() {
    if (east.writable() && west.writable()) {
      throw new Violation("writable at both ends");
    }
    if (east.followed >= 0 && west.followed >= 0) {
      throw new Violation("both ends follow");
    }
  }

  SimulatedHome home(String name) {
    return name.equals("east") ? east : west;
  }

  private SimulatedHome other(SimulatedHome home) {
    return home == east ? west : east;
  }

  /** The process is gone, and what it held goes with it, sooner or later. */
  void restarted() {
    for (SimulatedHome home : List.of(east, west)) {
      if (home.lock != null && home.lock.endsAtNanos == Long.MAX_VALUE) {
        home.lock = null;
      }
    }
  }

  /** Everything works again. */
  void heal() {
    luck = 0;
    dieAt = -1;
    wire = true;
  }

  /** Once nothing is under way any more: one end is open, clients are sent to it, and it has every write. */
  void checkEnd(Migration migration) {
    pass(Duration.ofSeconds(1));
    String where = " (" + migration.state() + ", " + stored.source() + " in epoch " + stored.epoch() + ")";
    if (east.writable() == west.writable()) {
      throw new Violation("closed at both ends for ever" + where);
    }
    SimulatedHome home = east.writable() ? east : west;
    if (!home.name.equals(stored.source())) {
      throw new Violation("the store has another home than the databases" + where);
    }
    if (paused || !directed.equals(home.name)) {
      throw new Violation("clients are not sent to the home" + where);
    }
    if (!home.rows.containsAll(acknowledged)) {
      throw new Violation("an acknowledged write is lost" + where);
    }
    if (migration.state() != MigrationState.COMPLETED && !other(home).rows.containsAll(acknowledgedBefore(home))) {
      throw new Violation("the other end does not follow" + where);
    }
  }

  /** All but what was written in this very moment. */
  private Set<Long> acknowledgedBefore(SimulatedHome home) {
    int seen = other(home).followed;
    if (seen < 0) {
      throw new Violation("nobody follows " + home.name);
    }
    Set<Long> before = new HashSet<>(acknowledged);
    home.wal.subList(seen, home.wal.size()).forEach(entry -> {
      if (entry instanceof SimulatedHome.Entry.Write write) {
        before.remove(write.number());
      }
    });
    return before;
  }

  // ---- the places where things go wrong

  private void before(String call) {
    point("before " + call);
    if (luck > 0) {
      pass(Duration.ofMillis(roll(chance(luck) ? 80 : 4)));
      if (chance(luck)) {
        throw failed(call);
      }
    }
  }

  private void after(String call) {
    point("after " + call);
    if (chance(luck)) {
      throw failed(call + ", answer lost");
    }
  }

  private void point(String name) {
    calls.add(name);
    if (name.equals(wireCutAt)) {
      wireCutAt = "";
      wire = false;
      wireHealsAtNanos = nanos + wireHealsAfter.toNanos();
    }
    if (calls.size() - 1 == dieAt || chance(luck / 8)) {
      throw new Crash(name);
    }
  }

  private static TransientException failed(String call) {
    return new TransientException(new Problem(ErrorCode.UNREACHABLE, call + " failed", "bad luck", "try again"));
  }

  private void reach(String call) {
    if (!wire) {
      throw failed(call + ": the wire is cut");
    }
  }

  // ---- TenantEnds

  @Override
  public void arm(Tenant tenant) {
    before("arm");
    if (!home(tenant.source()).primary) {
      throw new Violation("armed where the tenant is not at home");
    }
    after("arm");
  }

  @Override
  public void disarm(Tenant tenant) {
    before("disarm");
    after("disarm");
  }

  @Override
  public Arbiter arbiter(Tenant tenant) {
    before("arbiter");
    reach("arbiter");
    SimulatedHome target = home(tenant.target());
    return new Arbiter(target.epoch, target.primary, target.refused);
  }

  @Override
  public Rehearsal rehearse(Tenant tenant, Duration patience) {
    before("rehearse");
    return new Rehearsal(1, 1_000_000, 2_000_000L + roll(1_000_000));
  }

  @Override
  public Fence fence(Tenant tenant, long epoch, Duration patience) {
    before("fence");
    SimulatedHome home = home(tenant.source());
    if (!home.primary) {
      throw new Violation("fenced where the tenant is not at home");
    }
    long until = nanos + patience.toNanos();
    while (home.writerUntilNanos > nanos || home.lock != null) {
      if (nanos >= until) {
        throw failed("fence: a writer holds on");
      }
      pass(Duration.ofMillis(2));
    }
    SimulatedHome.Session session = new SimulatedHome.Session();
    home.lock = session;
    if (chance(luck)) {
      // The commit is on its way when the process dies, or the connection does: it happens later, or not at all.
      session.endsAtNanos = nanos + roll(3000) * 1_000_000L;
      session.commitsAtItsEnd = roll(2) * epoch;
      if (chance(0.5)) {
        throw new Crash("in fence");
      }
      throw failed("fence: the connection broke");
    }
    home.close(epoch);
    long since = nanos;
    try {
      after("fence");
    } catch (TransientException e) {
      home.lock = null;
      throw e;
    }
    Lsn marker = new Lsn(home.wal.size());
    return new Fence() {
      @Override
      public Lsn markerLsn() {
        return marker;
      }

      @Override
      public long sinceNanos() {
        return since;
      }

      @Override
      public void release() {
        if (home.lock == session) {
          home.lock = null;
        }
      }
    };
  }

  @Override
  public boolean awaitPromoted(Tenant tenant, long epoch, Duration patience) {
    before("awaitPromoted");
    SimulatedHome target = home(tenant.target());
    long until = nanos + patience.toNanos();
    while (!(target.primary && target.epoch >= epoch)) {
      if (nanos >= until) {
        return false;
      }
      pass(Duration.ofMillis(2));
    }
    reach("awaitPromoted");
    after("awaitPromoted");
    return true;
  }

  @Override
  public boolean refuse(Tenant tenant, long epoch) {
    before("refuse");
    reach("refuse");
    SimulatedHome target = home(tenant.target());
    if (target.primary && target.epoch >= epoch) {
      after("refuse");
      return false;
    }
    target.refused = Math.max(target.refused, epoch);
    after("refuse");
    return true;
  }

  @Override
  public void lift(Tenant tenant, long epoch) {
    before("lift");
    SimulatedHome home = home(tenant.source());
    SimulatedHome.Session session = home.lock;
    if (session != null && session.endsAtNanos != Long.MAX_VALUE) {
      throw failed("lift: a session that was left holds the lock"); // a commit under way comes before us, not after
    }
    if (home(tenant.target()).refused < epoch) {
      throw new Violation("lifted without the target's word");
    }
    if (home.closedFor <= epoch) {
      home.closedFor = 0;
    }
    check();
    after("lift");
  }

  @Override
  public Tenant turn(Tenant tenant, long epoch) {
    before("turn");
    SimulatedHome old = home(tenant.source());
    SimulatedHome target = home(tenant.target());
    if (!target.primary || target.epoch < epoch) {
      throw new Violation("turned before the target has taken the epoch");
    }
    if (old.primary) {
      old.primary = false;
      old.closedFor = 0;
      old.epoch = epoch;
      old.followed = target.homeSince;
    }
    check();
    after("turn");
    return turned(tenant, epoch);
  }

  static Tenant turned(Tenant t, long epoch) {
    return new Tenant(
        t.id(), t.name(), t.key(), t.target(), t.source(), t.tables(), t.tier(), t.lagTarget(), t.conflicts(), epoch);
  }

  @Override
  public void leave(Tenant turned, boolean purge) {
    before("leave");
    home(turned.target()).followed = -1;
    after("leave");
  }

  // ---- Traffic

  @Override
  public void check(Move move) {
    before("traffic.check");
  }

  @Override
  public boolean pause(Move move, Duration within) {
    before("traffic.pause");
    paused = true;
    after("traffic.pause");
    return true;
  }

  @Override
  public void change(Move move) {
    before("traffic.change");
    if (!home(move.to()).primary) {
      throw new Violation("clients are sent where the tenant is not at home");
    }
    directed = move.to();
    after("traffic.change");
  }

  @Override
  public void resume(Move move) {
    before("traffic.resume");
    paused = false;
    after("traffic.resume");
  }

  // ---- MigrationJournal

  @Override
  public List<Migration> newest() {
    return List.copyOf(journal.values());
  }

  @Override
  public void write(Migration migration, @Nullable Transition by, @Nullable Tenant turned) {
    String call = "journal " + (by == null ? "note" : by.from().label() + " to " + by.to().label());
    before(call);
    journal.put(migration.tenantId(), migration);
    onNote.accept(migration);
    if (by != null) {
      passages.add(new Passage(now(), by.from(), by.to(), by.reason(), migration.epoch()));
    }
    if (turned != null) {
      stored = turned;
    }
    point("after " + call);
  }

  @Override
  public List<Passage> passages(UUID migration) {
    return List.copyOf(passages);
  }

  @Override
  public void forget(UUID tenant) {
    journal.remove(tenant);
  }

  // ---- Replication

  @Override
  public Tenant tenant(UUID id) {
    return stored;
  }

  @Override
  public TenantStatus status(UUID id) {
    return new TenantStatus(
        stored.name(), TenantState.STREAMING, stored.source(), stored.target(), "standard", stored.epoch(), 0.1, 0L, 5, 0, null,
        null, TenantStatus.CopyProgress.NONE, 0, 0, 0, BEGINNING, null, null, null, null, null);
  }

  @Override
  public void start(UUID id) {}

  @Override
  public Proof proof(UUID id, Duration maxAge) {
    return proven || luck == 0 ? Proof.FRESH : new Proof(Proof.Standing.OLD, "none");
  }

  @Override
  public void prove(UUID id) {
    proven = true;
  }

  @Override
  public GateFacts facts(UUID id, Duration proofAge) {
    return new GateFacts(
        TenantState.STREAMING, 0.1, true, Proof.FRESH, EndFacts.Seen.NOTHING_IN_THE_WAY, null, null);
  }

  // ---- MoveClock

  @Override
  public long nanos() {
    return nanos;
  }

  @Override
  public Instant now() {
    return BEGINNING.plusNanos(nanos);
  }

  @Override
  public void rest(Duration duration) {
    pass(duration);
    point("rest");
  }
}
