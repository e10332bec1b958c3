package io.helios.repl.tests.simulation;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.relay.Frame;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.seal.FrameSealer;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.tests.simulation.Seams.Seam;
import io.helios.repl.tests.simulation.TenantDriver.Stage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Everything that there is in one history, and what may happen in it. */
final class World implements AutoCloseable {

  final Chance chance;
  final Trace trace = new Trace();
  final Weather weather;
  final Seams seams;
  final Promises promises;
  final SimulatedDisk disk;
  final SimulatedSource source;
  final SimulatedTarget target;
  final FrameSealer sealer;
  final FrameOpener opener;
  final List<Declared> tenants = new ArrayList<>();
  private final MemoryKeyring keyring = new MemoryKeyring(new byte[32]);
  private final List<Straggler> stragglers = new ArrayList<>();

  /** What is under way, and waits in a seam. */
  private final Set<Object> busy = new HashSet<>();

  /** How many of those hold the journal's lock. */
  private int writing;

  private SimulatedServer server;

  World(long seed) {
    this.chance = new Chance(seed);
    this.weather = Weather.draw(chance);
    this.seams = new Seams(chance, weather, trace);
    this.promises = new Promises(weather, trace);
    this.disk = new SimulatedDisk(chance, weather, seams, trace, new NonceWatch());
    this.source = new SimulatedSource(chance, seams, trace, weather.tenants());
    this.target = new SimulatedTarget(chance, weather, seams, trace, source);
    this.sealer = new FrameSealer(keyring, 1);
    this.opener = new FrameOpener(keyring);
    for (int i = 0; i < weather.tenants(); i++) {
      tenants.add(new Declared(i));
    }
    seams.meanwhile(this::meanwhile);
  }

  Declared declared(UUID id) {
    return tenants.stream().filter(tenant -> tenant.id.equals(id)).findFirst().orElseThrow();
  }

  SimulatedServer server() {
    return server;
  }

  // --- the scheduler's choices

  /** One thing happens; the server may not survive it. */
  void step() {
    seams.passTime(chance.below(200_000));
    guarded(() -> choose(chance.below(100)));
  }

  void guarded(Runnable step) {
    try {
      step.run();
    } catch (SimulatedCrash e) {
      crash();
    }
  }

  private void choose(int choice) {
    if (choice < 22) {
      source.commit();
    } else if (choice < 46) {
      capture();
    } else if (choice < 54) {
      dispatch();
    } else if (choice < 74) {
      apply(chance.below(weather.appliers()));
    } else if (choice < 82) {
      drive(chance.of(tenants));
    } else if (choice < 87) {
      supervise();
    } else if (choice < 90) {
      mark();
    } else if (choice < 92) {
      operate(chance.of(tenants));
    } else if (choice < 94) {
      straggle();
    } else if (choice < 96) {
      seams.passTime(chance.between(1, 400) * 1_000_000L);
    } else {
      disturb();
    }
  }

  private void disturb() {
    switch (chance.below(14)) {
      case 0 -> {
        trace.note("killed");
        if (server != null) {
          server.life.end();
        }
        crash();
      }
      case 1 -> stopServer();
      case 2 -> source.crash();
      case 3 -> source.toggleReach();
      case 4, 5 -> target.toggleReach();
      case 6 -> target.crash();
      case 7 -> disk.fill();
      case 8, 9 -> disk.makeRoom();
      case 10 -> keyring.create(chance.of(tenants).id);
      case 11 -> leaveStraggler(chance.of(tenants));
      case 12 -> source.idle();
      default -> source.checkpoint();
    }
  }

  /** While somebody waits in a seam, others go on: those who need nothing that he holds. */
  private void meanwhile(Seam at) {
    trace.note("meanwhile at " + at);
    writing += at.writing ? 1 : 0;
    try {
      others();
    } finally {
      writing -= at.writing ? 1 : 0;
    }
  }

  private void others() {
    switch (chance.below(8)) {
      case 0 -> source.commit();
      case 1 -> {
        if (writing == 0) {
          capture();
        }
      }
      case 2 -> dispatch();
      case 3 -> target.finishPending();
      case 4 -> {
        if (writing == 0) {
          drive(chance.of(tenants));
          supervise();
        }
      }
      case 5 -> straggle();
      default -> apply(chance.below(weather.appliers()));
    }
  }

  /** Runs what is not under way already. */
  private void unlessBusy(Object who, Runnable step) {
    if (server != null && busy.add(who)) {
      try {
        step.run();
      } finally {
        busy.remove(who);
      }
    } else if (server == null) {
      boot();
    }
  }

  void capture() {
    unlessBusy("capture", () -> server.capture());
  }

  void dispatch() {
    unlessBusy("dispatch", () -> server.dispatch());
  }

  void apply(int applier) {
    unlessBusy(applier, () -> server.apply(applier));
  }

  void supervise() {
    unlessBusy("control", () -> {
      try {
        server.notice();
      } catch (HeliosException e) {
        trace.note("notice fails " + e.problem().code());
      }
    });
  }

  void mark() {
    unlessBusy("mark", () -> server.mark());
  }

  void drive(Declared tenant) {
    unlessBusy("control", () -> {
      TenantDriver driver = server.drivers.get(tenant.id);
      if (driver != null) {
        driver.step();
      }
    });
  }

  // --- the server's lives

  void boot() {
    if (!busy.add("boot")) {
      return;
    }
    try {
      SimulatedServer next = new SimulatedServer(this);
      promises.recovered(next.journal.capturedUpTo());
      server = next;
      trace.note("up", next.journal.capturedUpTo(), 0);
    } catch (HeliosException e) {
      trace.note("does not start: " + e.problem().code());
      if (e.problem().code() == ErrorCode.JOURNAL_CORRUPT) {
        throw new Violation("the journal is taken for corrupt: " + e.problem().message());
      }
    } finally {
      busy.remove("boot");
    }
  }

  private void stopServer() {
    if (server != null) {
      trace.note("stopped");
      server.journal.close();
      server.life.end();
      crash();
    }
  }

  private void crash() {
    server = null;
    busy.clear();
    source.cut();
    if (chance.once(weather.lostJournal() * 3)) {
      trace.note("journal lost");
      disk.lose();
      promises.journalLost();
    } else if (chance.once(weather.lostJournal() * 4)) {
      trace.note("journal set back");
      disk.setBack();
      tenants.forEach(tenant -> tenant.excused = true); // what was dropped then is dropped again
      promises.journalLost();
    } else if (chance.coin()) {
      trace.note("power lost");
      disk.losePower();
    } else {
      disk.survive();
    }
    if (chance.coin()) {
      disk.backUp();
    }
  }

  // --- the operator

  void operate(Declared tenant) {
    unlessBusy("control", () -> {
      TenantDriver driver = server.drivers.get(tenant.id);
      if (driver == null) {
        tenant.started = true;
        tenant.wanted = true;
        server.drivers.put(tenant.id, new TenantDriver(this, server, tenant, false));
        return;
      }
      switch (driver.stage()) {
        case NEEDS_RESYNC -> renew(driver);
        case FAILED -> mend(driver);
        case RESTING -> driver.start();
        case STREAMING -> {
          switch (chance.below(6)) {
            case 0 -> driver.stop();
            case 1 -> renew(driver);
            case 2 -> {
              leaveStraggler(tenant);
              target.raiseEpoch(tenant.id);
            }
            default -> { }
          }
        }
        default -> { }
      }
    });
  }

  void mend(TenantDriver driver) {
    Declared tenant = driver.declared;
    // A resync under the new epoch may have been cut off before it began: then frames of the old one are still there.
    boolean late = driver.problem().code() == ErrorCode.FRAME_OTHER_EPOCH && tenant.epoch > 1;
    if (driver.problem().code() == ErrorCode.APPLIER_FENCED || late) {
      tenant.epoch = target.replica(tenant.id).epoch;
      renew(driver);
    } else if (driver.problem().code() == ErrorCode.KEY_TAKEN || driver.problem().code() == ErrorCode.ROW_REJECTED) {
      driver.start();
    } else {
      throw new Violation("tenant " + tenant.number + " fails: " + driver.problem());
    }
  }

  void renew(TenantDriver driver) {
    trace.note("resync", driver.declared.number, driver.declared.epoch);
    // Two servers of one epoch are kept apart by the position alone, which begins again.
    stragglers.removeIf(s -> s.declared == driver.declared && s.epoch == driver.declared.epoch);
    driver.resync();
  }

  // --- appliers of another time

  private void leaveStraggler(Declared tenant) {
    TenantDriver driver = server == null ? null : server.drivers.get(tenant.id);
    if (driver == null || !driver.isStreaming() || stragglers.size() > 2) {
      return;
    }
    try {
      long position = target.replica(tenant.id).position;
      List<Frame> held = server.journal.fetch(tenant.id, position, 0, 1 << 20);
      stragglers.add(new Straggler(this, tenant, held, server.journal.capturedUpTo()));
      trace.note("straggler", tenant.number, held.size());
    } catch (HeliosException e) {
      trace.note("no straggler");
    }
  }

  private void straggle() {
    if (!stragglers.isEmpty()) {
      Straggler straggler = chance.of(stragglers);
      if (busy.add(straggler)) {
        try {
          straggler.step();
        } finally {
          busy.remove(straggler);
        }
      }
    }
  }

  // --- what always holds

  /** The slot is told no more than is durable, and within the budget no more than each tenant's target has written down. */
  void checkRelease(long lsn) {
    long durable = server.journal.capturedUpTo();
    if (lsn > durable) {
      throw new Violation("the slot is released up to " + lsn + ", durable is " + durable);
    }
    promises.released(lsn);
    if (lsn <= durable - weather.walBudget()) {
      return;
    }
    for (TenantDriver driver : server.drivers.values()) {
      SimulatedReplica replica = target.replica(driver.declared.id);
      boolean marked = replica != null && replica.isCopied() && replica.through > 0;
      long has = marked ? Math.max(replica.position, replica.through) : Long.MAX_VALUE;
      if (driver.counts() && lsn > has) {
        throw new Violation("the slot is released up to " + lsn + ", though the target of tenant "
            + driver.declared.number + " has written down only " + has + ", within the budget");
      }
    }
  }

  /** From here on nothing fails any more. */
  void calm() {
    chance.calm();
    disk.makeRoom();
    source.reach();
    target.reach();
    stragglers.clear();
    target.finishPending();
  }

  boolean isServing(Stage stage, Declared tenant) {
    TenantDriver driver = server == null ? null : server.drivers.get(tenant.id);
    return driver != null && driver.stage() == stage;
  }

  @Override
  public void close() {
    sealer.close();
    opener.close();
  }
}
