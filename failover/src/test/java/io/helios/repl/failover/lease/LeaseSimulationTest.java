package io.helios.repl.failover.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.failover.coordination.Coordination;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The real keeper, hold and term of several servers, with one database and one coordination simulated: requests take any time,
 * and are executed though nobody waits for them any more, after later ones too; servers stand still in the middle of a turn; the
 * database's clock is set back, by any amount, once in a while; a client tries to write all the time; each machine's own time begins anywhere. What must hold: whoever was told that a home is over
 * (by waiting, or by taking the hold) finds it closed from then on, until he himself renews it.
 */
class LeaseSimulationTest {

  private static final LeaseSettings SETTINGS = new LeaseSettings(Duration.ofMillis(1000), Duration.ofMillis(100));
  private static final UUID TENANT = new UUID(0, 1);
  private static final long MILLI = 1_000_000L;

  /** A client tries to write so often. */
  private static final long TRIES = 20 * MILLI;


  @Test
  void aHomeThatIsOverIsClosedWhateverWasDelayedOrStoppedOrSetBack() {
    int promotions = 0;
    int takings = 0;
    for (long seed = 0; seed < 500; seed++) {
      World world = new World(seed);
      try {
        world.run();
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      }
      promotions += world.promotions;
      takings += world.takings;
    }
    assertThat(promotions).as("else nothing was tried").isGreaterThan(150);
    assertThat(takings).isGreaterThan(50);
  }

  /** A request that is on its way: executed at some time, heard of or not. */
  private record Late(long at, Runnable execute) {}

  private static final class World {

    final Random dice;
    long now;
    long register;
    long windowMillis;
    long clockOffset;
    long lastJump = -10_000 * MILLI;
    final PriorityQueue<Late> late = new PriorityQueue<>(Comparator.comparingLong(Late::at));
    final Map<String, Coordination.Entry> registers = new HashMap<>();
    long versions;
    int promotions;
    int takings;
    @Nullable Server promoter;

    World(long seed) {
      dice = new Random(seed);
    }

    long clockMillis() {
      return (now + clockOffset) / MILLI;
    }

    /** A client tries to write. */
    boolean isOpen() {
      long clock = clockMillis();
      boolean open = clock >= register && clock < register + windowMillis;
      if (!open) {
        windowMillis = 0; // void
      }
      return open;
    }

    void pass(long nanos) {
      long until = now + nanos;
      while (now < until) {
        passTo(Math.min(until, now + TRIES));
      }
    }

    private void passTo(long until) {
      while (!late.isEmpty() && late.peek().at() <= until) {
        Late next = late.poll();
        now = Math.max(now, next.at());
        next.execute().run();
        check();
      }
      now = until;
      // Not twice within what is waited for: that is what is promised.
      if (now - lastJump > 4 * SETTINGS.over().toNanos() && dice.nextInt(400) == 0) {
        lastJump = now;
        clockOffset -= dice.nextLong(3 * SETTINGS.ttl().toNanos());
      }
      check();
    }

    void check() {
      boolean open = isOpen();
      if (promoter != null) {
        assertThat(open).as("open at its old home after it was promoted, at %d ms", now / MILLI).isFalse();
      }
    }

    void run() {
      clockOffset = dice.nextLong(1_000_000) * MILLI;
      List<Server> servers = new ArrayList<>();
      for (String name : List.of("x", "y")) {
        servers.add(new Server(name, this));
      }
      for (int step = 0; step < 150; step++) {
        Server server = servers.get(dice.nextInt(servers.size()));
        if (dice.nextInt(25) == 0) {
          pass(dice.nextLong(3 * SETTINGS.over().toNanos())); // all of them stand still
        }
        if (promoter == null && dice.nextInt(20) == 0) {
          server.promote();
        } else {
          server.turn();
        }
        pass(dice.nextLong(SETTINGS.period().toNanos()));
      }
    }
  }

  private static final class Server {

    final World world;
    final String name;
    final long epoch;
    final LeaseKeeper keeper;
    boolean failing;

    Server(String name, World world) {
      this.world = world;
      this.name = name;
      this.epoch = world.dice.nextLong(1L << 40);
      this.keeper =
          new LeaseKeeper(
              "db", SETTINGS, SETTINGS.ttl(),
              new LeaseHold(new Registers(this), "lease/db", name, SETTINGS.over(), this::nanos), () -> new Session(this), this::nanos,
              status -> {});
    }

    long nanos() {
      return world.now + epoch;
    }

    void turn() {
      String before = holder();
      keeper.runOnce();
      if (before != null && !before.equals(name) && name.equals(holder())) {
        world.takings++;
      }
    }

    @Nullable String holder() {
      Coordination.Entry entry = world.registers.get("lease/db");
      return entry == null ? null : entry.value().split(" ")[0];
    }

    /** As the driver of a failover does it: nothing is renewed, the hold is kept, and what was given is waited for. */
    void promote() {
      keeper.withhold(TENANT);
      keeper.runOnce();
      Problem problem = keeper.status().problem();
      if (problem == null || problem.code() != ErrorCode.LEASE_RUN_OUT || !keeper.isHeld()) {
        keeper.release(TENANT);
        return;
      }
      long until = nanos() + keeper.untilOver().toNanos();
      while (nanos() < until) {
        world.pass(Math.min(until - nanos(), SETTINGS.period().toNanos()));
        keeper.runOnce();
      }
      if (keeper.isHeld()) {
        world.promotions++;
        world.promoter = this;
        world.check();
        for (int i = 0; i < 10; i++) {
          world.pass(world.dice.nextLong(SETTINGS.over().toNanos()));
          if (!name.equals(holder())) {
            break; // the next one knows from the epoch's register what it must not renew
          }
          keeper.runOnce();
        }
        world.promoter = null;
      }
      keeper.release(TENANT);
    }

    /** How a request fares: executed at once, later than its answer is waited for, or never. */
    boolean sends(Runnable execute) {
      world.pass(world.dice.nextLong(100 * MILLI));
      switch (world.dice.nextInt(12)) {
        case 0 -> {
          return false;
        }
        case 1 -> {
          long jump = world.lastJump;
          Runnable unlessSetBack = () -> {
            if (world.lastJump == jump) { // see docs/failover.md: that both happen at once is not promised
              execute.run();
            }
          };
          world.late.add(new Late(world.now + world.dice.nextLong(5 * SETTINGS.over().toNanos()), unlessSetBack));
          return false;
        }
        case 2 -> {
          execute.run();
          world.pass(world.dice.nextLong(2 * SETTINGS.over().toNanos())); // stopped before it hears of it
          return true;
        }
        default -> {
          execute.run();
          world.pass(world.dice.nextLong(100 * MILLI));
          return true;
        }
      }
    }
  }

  private static final class Session implements LeaseHome.Session {

    private final Server server;

    Session(Server server) {
      this.server = server;
    }

    @Override
    public long clockMillis() throws SQLException {
      long[] read = new long[1];
      if (!server.sends(() -> read[0] = server.world.clockMillis())) {
        throw new SQLException("late");
      }
      return read[0];
    }

    @Override
    public long renew(long sinceMillis, long windowMillis) throws SQLException {
      long[] read = new long[1];
      if (!server.sends(
          () -> {
            server.world.register = sinceMillis;
            server.world.windowMillis = windowMillis;
            read[0] = server.world.clockMillis();
          })) {
        throw new SQLException("late");
      }
      return read[0];
    }

    @Override
    public void sweep() {}

    @Override
    public void close() {}
  }

  private record Registers(Server server) implements Coordination {

    @Override
    public Optional<Entry> read(String key) {
      List<Entry> read = new ArrayList<>();
      if (!server.sends(() -> Optional.ofNullable(server.world.registers.get(key)).ifPresent(read::add))) {
        throw unanswered();
      }
      return read.stream().findFirst();
    }

    @Override
    public List<Entry> list(String prefix) {
      return List.copyOf(server.world.registers.values());
    }

    @Override
    public boolean swap(String key, long version, @Nullable String value) {
      boolean[] swapped = new boolean[1];
      if (!server.sends(
          () -> {
            Entry now = server.world.registers.get(key);
            if ((now == null ? 0 : now.version()) == version && value != null) {
              server.world.registers.put(key, new Entry(key, value, ++server.world.versions));
              swapped[0] = true;
            }
          })) {
        throw unanswered();
      }
      return swapped[0];
    }

    private static TransientException unanswered() {
      return new TransientException(new Problem(ErrorCode.UNREACHABLE, "no quorum answers", "lost", "mend it"));
    }

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public void close() {}
  }
}
