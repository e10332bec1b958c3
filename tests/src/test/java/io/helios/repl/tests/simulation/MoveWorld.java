package io.helios.repl.tests.simulation;

import io.helios.repl.error.HeliosException;
import io.helios.repl.migration.MigrationDriver;
import io.helios.repl.migration.MigrationOptions;
import io.helios.repl.migration.MigrationWatch;
import io.helios.repl.migration.MigrationState;
import io.helios.repl.migration.Migrations;
import io.helios.repl.migration.MoveClock;
import io.helios.repl.migration.Traffic;
import io.helios.repl.migration.Wish;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.seal.FrameSealer;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.simulation.Seams.Seam;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Two regions and all that is in them: a tenant that is moved to and fro between them, one that is only replicated, their
 * users, both servers, both databases, the wire. What always holds is looked at whenever a database has changed.
 */
final class MoveWorld implements MoveClock, AutoCloseable {

  /** As {@code BackRoutes} keeps it, on the home server's disk. */
  record BackRoute(String home, long epoch, UUID token, boolean open) {}

  private static final String[] NAMES = {"one", "two"};
  private static final Instant BEGINNING = Instant.parse("2026-01-01T00:00:00Z");

  final Chance chance;
  final Trace trace = new Trace();
  final Weather weather;
  final Seams seams;
  final FrameSealer sealer;
  final FrameOpener opener;
  final Declared declared = new Declared(0);
  final Declared other = new Declared(1);
  final MoveStore store;
  @Nullable BackRoute backRoute;
  private final MemoryKeyring keyring = new MemoryKeyring(new byte[32]);
  private final MoveHome[] homes;
  private final SimulatedDisk[] disks;
  private final MoveUsers users;
  private final Set<Object> busy = new HashSet<>();
  private @Nullable MoveServer us;
  private @Nullable FarServer eu;
  private @Nullable Migrations migrations;
  private @Nullable MigrationDriver driver;
  private boolean wire = true;
  private boolean gone;
  private boolean calm;

  /** How much of each server's code is on the stack: it dies only when none is left. */
  private int inUs;

  private int inEu;

  MoveWorld(long seed) {
    this.chance = new Chance(seed);
    this.weather = Weather.ofMoves(chance);
    this.seams = new Seams(chance, weather, trace);
    List<Declared> tenants = List.of(declared, other);
    this.homes = new MoveHome[] {
      new MoveHome(0, chance, weather, seams, trace, tenants), new MoveHome(1, chance, weather, seams, trace, tenants)
    };
    this.users = new MoveUsers(this);
    homes[0].join(homes[1], users::look);
    homes[1].join(homes[0], users::look);
    homes[1].role = MoveHome.Role.REPLICA;
    this.disks = new SimulatedDisk[] {
      new SimulatedDisk(chance, weather, seams, trace, new NonceWatch()), new SimulatedDisk(chance, weather, seams, trace, new NonceWatch())
    };
    this.sealer = new FrameSealer(keyring, 1);
    this.opener = new FrameOpener(keyring);
    tenants.forEach(tenant -> keyring.create(tenant.id));
    this.store = new MoveStore(this, tenant());
    seams.meanwhile(this::meanwhile);
  }

  private Tenant tenant() {
    Tenant t = declared.tenant();
    return new Tenant(
        t.id(), t.name(), t.key(), NAMES[0], NAMES[1], t.tables(), t.tier(), t.lagTarget(), t.conflicts(), 1);
  }

  Tenant turned(Tenant t, long epoch) {
    return new Tenant(
        t.id(), t.name(), t.key(), t.target(), t.source(), t.tables(), t.tier(), t.lagTarget(), t.conflicts(), epoch);
  }

  UUID uuid() {
    return new UUID(chance.generator().nextLong(), chance.generator().nextLong());
  }

  MoveHome home(int side) {
    return homes[side];
  }

  SimulatedDisk disk(int side) {
    return disks[side];
  }

  int side(String home) {
    return home.equals(NAMES[0]) ? 0 : 1;
  }

  @Nullable MoveServer us() {
    return us;
  }

  @Nullable FarServer eu() {
    return eu;
  }

  @Nullable Migrations migrations() {
    return migrations;
  }

  boolean wire() {
    return wire;
  }

  /** The tenant as the control store has it. */
  Tenant stored() {
    return store.tenant();
  }

  /** It is at its new home for good, and replicated no more. */
  boolean isGone() {
    return gone;
  }

  void gone() {
    gone = true;
  }

  /** The home server reaches the second database through the other region's server. */
  boolean isFarReached() {
    return wire && eu != null && homes[1].isReachable();
  }

  boolean isReached(MoveHome database) {
    return database.side == 0 ? database.isReachable() : isFarReached();
  }

  // --- the scheduler's choices

  void step() {
    seams.passTime(chance.below(200_000));
    users.end();
    guarded(() -> choose(chance.below(100)));
  }

  private void guarded(Runnable step) {
    try {
      step.run();
    } catch (SimulatedCrash e) {
      trace.note("a process has died");
    }
    if (eu != null && eu.life.isOver() && inEu == 0) {
      farDies();
    }
    if (us != null && us.life.isOver() && inUs == 0) {
      dies();
    }
    boolean below = inUs > 0 && us != null && us.life.isOver() || inEu > 0 && eu != null && eu.life.isOver();
    if (below) {
      throw new SimulatedCrash();
    }
  }

  private void choose(int choice) {
    if (choice < 24) {
      users.write();
    } else if (choice < 44) {
      capture(chance.below(2));
    } else if (choice < 54) {
      dispatch();
    } else if (choice < 74) {
      apply();
    } else if (choice < 82) {
      drive();
    } else if (choice < 86) {
      give();
    } else if (choice < 91) {
      operate();
    } else if (choice < 94) {
      passTime(chance.between(1, 400));
    } else if (choice < 96) {
      users.hold();
    } else {
      disturb();
    }
  }

  private void disturb() {
    if (calm) {
      return;
    }
    switch (chance.below(13)) {
      case 0 -> kill(true, false);
      case 1 -> kill(false, true);
      case 2 -> kill(true, true);
      case 3, 4, 5 -> {
        wire = !wire;
        trace.note(wire ? "wire mended" : "wire cut");
        homes[1].wal.cut();
      }
      case 6, 7 -> homes[chance.below(2)].crashWhole();
      case 8, 9 -> homes[chance.below(2)].toggleReach();
      case 10 -> homes[chance.below(2)].finishPending();
      case 11 -> homes[chance.below(2)].forge(uuid());
      default -> homes[chance.below(2)].wal.checkpoint();
    }
  }

  private void kill(boolean home, boolean far) {
    trace.note("killed " + (home ? "home " : "") + (far ? "far" : ""));
    if (home && us != null) {
      us.life.end();
    }
    if (far && eu != null) {
      eu.life.end();
    }
    throw new SimulatedCrash();
  }

  /** While somebody waits in a seam; in the other region's server nobody waits for the home server's threads. */
  private void meanwhile(Seam at) {
    if (at.writing || inEu > 0) {
      users.write();
      homes[chance.below(2)].finishPending();
    } else {
      guarded(() -> choose(chance.below(100)));
    }
  }

  void passTime(long millis) {
    seams.passTime(millis * 1_000_000);
    for (MoveHome home : homes) {
      if (home.lock != null && (home.lock.life.isOver() || home.lock.last != null) && chance.below(3) == 0) {
        home.endLock();
      }
    }
    users.end();
  }

  /** Each runs what is not under way already. */
  private void inUs(Object what, Runnable step) {
    if (us == null) {
      boot();
    } else if (busy.add(what)) {
      inUs++;
      try {
        step.run();
      } finally {
        inUs--;
        busy.remove(what);
      }
    }
  }

  private void inEu(Runnable step) {
    if (eu == null) {
      eu = new FarServer(this);
      trace.note("far up");
    } else if (inEu == 0) {
      inEu++;
      try {
        step.run();
      } finally {
        inEu--;
      }
    }
  }

  void capture(int side) {
    inUs("capture " + side, () -> us().home(side).capture());
  }

  void dispatch() {
    if (chance.coin()) {
      inUs("dispatch", () -> us().dispatch());
    } else {
      inEu(() -> eu().dispatch());
    }
  }

  void apply() {
    if (chance.coin()) {
      inUs("apply", () -> us().apply());
    } else {
      inEu(() -> eu().apply());
    }
  }

  /** The other region's server is told what it is to apply. */
  void give() {
    if (us != null && eu != null && wire && inEu == 0) {
      eu.take(us.given());
    }
  }

  /** A database that rejects a transaction several times in a row stops a tenant; an operator starts it, as its error says. */
  private void start() {
    if (us != null) {
      us.start();
    }
    if (us != null && eu != null && wire) {
      eu.start();
    }
  }

  void drive() {
    inUs("drive", () -> driver.runOnce());
  }

  void operate() {
    inUs("operate", () -> {
      try {
        if (gone) {
          return;
        }
        start();
        boolean begins = migrations.find(declared.id).map(m -> m.state().ended()).orElse(true);
        if (begins) {
          migrations.begin(
              stored(),
              MigrationOptions.DEFAULT
                  .withMaxPause(Duration.ofMillis(chance.oneOf(100, 1_000, 5_000)))
                  .withRetries(chance.below(3), Duration.ofMillis(400))
                  .withCutOver(chance.coin(), null));
        } else {
          migrations.ask(stored(), wish(migrations.of(stored()).state()), UnaryOperator.identity());
        }
        driver.wake(declared.id);
      } catch (HeliosException e) {
        trace.note("not to be asked: " + e.problem().code());
      }
    });
  }

  private Wish wish(MigrationState state) {
    boolean rarely = chance.below(12) == 0;
    if (state == MigrationState.SWITCHED) {
      return rarely ? Wish.COMPLETE : Wish.ROLLBACK;
    }
    return rarely ? Wish.CANCEL : Wish.CUTOVER;
  }

  // --- the servers' lives

  private void boot() {
    if (inUs > 0 || !busy.add("boot")) {
      return;
    }
    inUs++;
    try {
      us = new MoveServer(this);
      Migrations kept = new Migrations(store, MigrationWatch.NOBODY, this);
      kept.restore();
      migrations = kept;
      driver =
          new MigrationDriver(
              kept, store, new MoveEnds(this, us), Traffic.NOBODYS, this, Runnable::run, 4);
      trace.note("up");
    } catch (HeliosException e) {
      trace.note("does not start: " + e.problem().code());
    } finally {
      inUs--;
      busy.remove("boot");
    }
  }

  private void dies() {
    us = null;
    migrations = null;
    driver = null;
    trace.note("home server is gone");
    for (MoveHome home : homes) {
      home.wal.cut();
    }
    boolean power = chance.coin();
    for (SimulatedDisk disk : disks) {
      if (power) {
        disk.losePower();
      } else {
        disk.survive();
      }
    }
  }

  private void farDies() {
    eu = null;
    trace.note("far server is gone");
    homes[1].wal.cut();
  }

  // --- in the end

  /** From here on nothing fails any more. */
  void calm() {
    calm = true;
    chance.calm();
    wire = true;
    for (MoveHome home : homes) {
      home.reach();
      home.wal.reach();
      home.finishPending();
    }
    trace.note("calm");
  }

  /** Everybody does what he can, once. */
  void round() {
    passTime(20);
    guarded(this::give);
    start();
    for (int side = 0; side < 2; side++) {
      int at = side;
      guarded(() -> capture(at));
    }
    guarded(() -> inUs("dispatch", () -> us().dispatch()));
    guarded(() -> inEu(() -> eu().dispatch()));
    guarded(() -> inUs("apply", () -> us().apply()));
    guarded(() -> inEu(() -> eu().apply()));
  }

  MoveUsers users() {
    return users;
  }

  // --- MoveClock

  @Override
  public long nanos() {
    return seams.nanos();
  }

  @Override
  public Instant now() {
    return BEGINNING.plusNanos(seams.nanos());
  }

  @Override
  public void rest(Duration duration) {
    long until = nanos() + duration.toNanos();
    int steps = 0;
    while (nanos() < until) {
      if (calm) {
        round();
      } else if (steps++ < 8) {
        seams.passTime(duration.toNanos() / 10);
        step();
      } else {
        passTime(Math.max(1, duration.toMillis() / 10));
      }
    }
  }

  @Override
  public void close() {
    sealer.close();
    opener.close();
  }
}
