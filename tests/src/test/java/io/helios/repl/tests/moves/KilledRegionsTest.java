package io.helios.repl.tests.moves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.faults.CrashServer;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.moves.MortalRegions.Victim;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A tenant that is moved to another region while it and another one are written, and at each step of it a server, both, or a
 * database dies by SIGKILL: it goes on or goes back by itself, to one home, which has each acknowledged write once. {@code
 * -Dhelios.seed=} makes the same choices again; when exactly a process dies is never the same.
 */
class KilledRegionsTest {

  /** Where it dies. What lasts too short a time to be met is made to last: by a row that the test holds. */
  private enum Step {
    PLANNED,
    COPYING,
    CATCHING_UP,
    READY,
    /** The cutover is journaled, and its fence waits for a writer. */
    BEFORE_FENCE,
    /** The home is closed, and the marker not applied. */
    FENCED,
    /** The target is the home, and nobody has been told. */
    TAKEN,
    SWITCHED,
    BACK_BEFORE_FENCE,
    BACK_FENCED,
    BACK_TAKEN,
    CLEARING_UP,
    COMPLETING
  }

  private static final Set<String> SETTLED = Set.of("READY", "SWITCHED", "ROLLED_BACK", "COMPLETED");
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  @TempDir Path directory;

  private final long seed = Long.getLong("helios.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final List<String> kills = new ArrayList<>();
  private MortalRegions regions;

  @Test
  @Tag("long")
  void itsServersDieInTheMiddleOfACutoverThereAndBack() throws Exception {
    Database home = Database.create(Postgres.shared(17, "source"));
    Database target = Database.create(Postgres.shared(17, "target"));
    try (MortalRegions both = MortalRegions.start(directory, home, target)) {
      regions = both;
      both.create("a");
      try (CountedWriters writers = new CountedWriters("a", both.homes(), 2)) {
        both.ask("a", "start");
        both.becomes("a", Set.of("READY"));
        kill("a", Victim.HOME_SERVER, Step.FENCED, writers);
        String state = both.becomes("a", SETTLED);
        if (state.equals("READY")) {
          kill("a", Victim.TARGET_SERVER, Step.TAKEN, writers);
        } else {
          kill("a", Victim.TARGET_SERVER, Step.BACK_TAKEN, writers);
        }
        writers.check(homeOf("a"), kills + ", seed " + seed);
      }
    }
  }

  @Test
  @Tag("soak")
  void atEachStepEachOfThemDies() throws Exception {
    Map<String, String> settings = Map.of("fsync", "off", "max_connections", "200");
    try (CrashServer home = new CrashServer(directory.resolve("home"), settings);
        CrashServer target = new CrashServer(directory.resolve("target"), settings);
        MortalRegions both = MortalRegions.start(directory, home, target)) {
      regions = both;
      both.home.execute("CREATE TABLE ballast (tenant_id text, id bigint, body text, PRIMARY KEY (tenant_id, id))");
      both.create("other");
      try (CountedWriters others = new CountedWriters("other", both.homes(), 1)) {
        both.start("other");
        String only = System.getProperty("helios.victim", "");
        for (Victim victim : Victim.values()) {
          if (only.isEmpty() || only.equals(victim.name())) {
            moveAndKill(victim, others);
          }
        }
        others.check(both.home, kills + ", seed " + seed);
      }
    } finally {
      System.out.println("killed: " + String.join(", ", kills) + " (seed " + seed + ")");
    }
  }

  /** One tenant there and back as often as it takes until the victim has died at each step, and there for good. */
  private void moveAndKill(Victim victim, CountedWriters others) throws Exception {
    String tenant = "t-" + victim.ordinal();
    regions.home.execute(
        "INSERT INTO ballast SELECT '" + tenant + "', g, repeat(md5(g::text), 5) FROM generate_series(1, 50000) g");
    regions.create(tenant);
    EnumSet<Step> left = EnumSet.allOf(Step.class);
    left.remove(Step.COMPLETING);
    try (CountedWriters writers = new CountedWriters(tenant, regions.homes(), 2)) {
      regions.ask(tenant, "start");
      for (Step step : EnumSet.range(Step.PLANNED, Step.READY)) {
        left.remove(step);
        reach(tenant, step);
        die(tenant, victim, step);
      }
      String state = settle(tenant, writers, others);
      while (!left.isEmpty()) {
        boolean there = state.equals("SWITCHED");
        if (state.equals("ROLLED_BACK")) {
          regions.ask(tenant, "start");
          regions.becomes(tenant, Set.of("READY"));
        }
        if (there && left.remove(Step.SWITCHED)) {
          die(tenant, victim, Step.SWITCHED);
        } else {
          Step step = next(left, there);
          left.remove(step);
          kill(tenant, victim, step, writers);
        }
        state = settle(tenant, writers, others);
      }
      while (!state.equals("SWITCHED")) {
        if (state.equals("ROLLED_BACK")) {
          regions.ask(tenant, "start");
          regions.becomes(tenant, Set.of("READY"));
        }
        regions.ask(tenant, "cutover");
        state = settle(tenant, writers, others);
      }
      kill(tenant, victim, Step.COMPLETING, writers);
      assertThat(settle(tenant, writers, others)).isEqualTo("COMPLETED");
      writers.check(regions.target, kills + ", seed " + seed);
    }
  }

  /** The next one that can be met where the tenant is; where none is left there, any that takes it to the other side. */
  private static Step next(Set<Step> left, boolean there) {
    EnumSet<Step> here =
        there ? EnumSet.range(Step.BACK_BEFORE_FENCE, Step.CLEARING_UP) : EnumSet.range(Step.BEFORE_FENCE, Step.TAKEN);
    return here.stream().filter(left::contains).findFirst().orElse(there ? Step.BACK_TAKEN : Step.TAKEN);
  }

  // --- getting there

  /** One that lasts. */
  private void reach(String tenant, Step step) {
    until(
        tenant,
        "it is " + step + ", or beyond",
        () -> regions.state(tenant).equals("FAILED") || Step.valueOf(regions.state(tenant)).compareTo(step) >= 0);
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(step == Step.PLANNED ? 5 : 200)));
  }

  private void until(String tenant, String what, Callable<Boolean> condition) {
    try {
      await().atMost(PATIENCE).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2)).until(condition);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(what + ": not so; " + kills + ", seed " + seed + ", " + regions.migration(tenant), e);
    }
  }

  private void die(String tenant, Victim victim, Step step) throws Exception {
    note(victim, step, regions.state(tenant));
    regions.kill(victim);
    rest();
    regions.startAgain(victim);
  }

  private void note(Victim victim, Step step, String met) {
    kills.add(victim + " at " + step + (step.name().equals(met) ? "" : " (" + met + ")"));
  }

  private void rest() {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(300)));
  }

  /** In the middle of a cutover, or of what follows it. It is started again before or after what the test holds is let go. */
  private void kill(String tenant, Victim victim, Step step, CountedWriters writers) throws Exception {
    boolean back = step.compareTo(Step.SWITCHED) > 0 && step != Step.COMPLETING;
    Database home = back ? regions.target : regions.home;
    Database next = back ? regions.home : regions.target;
    boolean early = random.nextBoolean();
    try (Held held = new Held()) {
      switch (step) {
        case BEFORE_FENCE, BACK_BEFORE_FENCE -> awaitFence(tenant, back, home, next, held);
        case FENCED, BACK_FENCED -> fence(tenant, back, home, next, held);
        case COMPLETING -> {
          held.row(regions.home, tenant);
          regions.ask(tenant, "complete");
          until(tenant, "it is completing", () -> regions.state(tenant).equals("COMPLETING"));
        }
        default -> {
          fence(tenant, back, home, next, held);
          held.row(home, tenant);
          held.letGo(next);
          until(tenant, "the marker is applied", () -> role(next, tenant).equals("primary"));
          if (step == Step.CLEARING_UP) {
            held.row(next, tenant);
            held.letGo(home);
            until(tenant, "it is clearing up", () -> regions.state(tenant).equals("CLEARING_UP"));
          }
        }
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(30)));
      String met = regions.state(tenant);
      note(victim, step, met.startsWith("CUTTING") ? step.name() : met);
      regions.kill(victim);
      if (early) {
        rest();
        regions.startAgain(victim);
      }
    }
    if (!early) {
      rest();
      regions.startAgain(victim);
    }
    String state = regions.becomes(tenant, SETTLED);
    switch (step) {
      case TAKEN -> assertThat(state).as("the target's row said that it is the home; %s, seed %d", kills, seed).isEqualTo("SWITCHED");
      case BACK_TAKEN, CLEARING_UP ->
          assertThat(state).as("the target's row said that it is the home; %s, seed %d", kills, seed).isEqualTo("ROLLED_BACK");
      default -> {}
    }
    goesOn(tenant, writers);
  }

  /**
   * The epoch is journaled and the target told of its marker, and a writer keeps the fence from closing. Right after a switch he
   * may be in the way of the guard's triggers, too: then the wish fails, and he lets them pass.
   */
  private void awaitFence(String tenant, boolean back, Database home, Database next, Held held) {
    while (true) {
      held.writer(home, tenant);
      regions.ask(tenant, back ? "rollback" : "cutover");
      until(
          tenant,
          "the marker is announced, or the wish has failed",
          () -> isAnnounced(next, tenant) || regions.migration(tenant).path("wish").isNull());
      if (isAnnounced(next, tenant)) {
        return;
      }
      held.letGo(home);
      until(tenant, "it is armed", () -> regions.migration(tenant).path("error").isNull());
    }
  }

  private static boolean isAnnounced(Database next, String tenant) {
    return !next.query("SELECT 1 FROM helios.replica WHERE name = '" + tenant + "' AND token IS NOT NULL").isEmpty();
  }

  /** The home is closed, and the target held off. */
  private void fence(String tenant, boolean back, Database home, Database next, Held held) {
    awaitFence(tenant, back, home, next, held);
    held.row(next, tenant);
    held.letGo(home);
    until(tenant, "its home is closed", () -> role(home, tenant).equals("closed"));
  }

  // --- what must hold

  /** Waits until it has gone on, or back, by itself; then there is one home, by both databases' word. */
  private String settle(String tenant, CountedWriters writers, CountedWriters others) {
    String state = regions.becomes(tenant, SETTLED);
    String what = kills + ", seed " + seed + ", " + regions.migration(tenant);
    Database home = homeOf(tenant);
    Database old = home == regions.home ? regions.target : regions.home;
    assertThat(state).as(what).isIn(SETTLED);
    assertThat(home == regions.target).as(what).isEqualTo(state.equals("SWITCHED") || state.equals("COMPLETED"));
    assertThat(role(old, tenant)).as(what).isIn("replica", "moved");
    goesOn(tenant, writers);
    goesOn("other", others);
    return state;
  }

  private Database homeOf(String tenant) {
    return Set.of("closed", "replica", "moved").contains(role(regions.home, tenant)) ? regions.target : regions.home;
  }

  /** Of a tenant that no move was ever prepared for, or none is any more, its home knows nothing: {@code none}. */
  private static String role(Database database, String tenant) {
    List<String> row = database.query("SELECT role FROM helios.replica WHERE name = '" + tenant + "'");
    return row.isEmpty() ? "none" : row.getFirst();
  }

  private void goesOn(String tenant, CountedWriters writers) {
    int written = writers.written();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(writers.written())
                    .as(() -> tenant + " can be written nowhere; " + kills + ", seed " + seed + ", " + regions.migration(tenant))
                    .isGreaterThan(written + 10));
  }

  /** What the test holds in the databases, so that a step lasts. A database that was killed has let go of it. */
  private static final class Held implements AutoCloseable {

    private record Grip(Database database, Connection connection) {}

    private final List<Grip> grips = new ArrayList<>();

    /** As a client in the middle of a write. */
    void writer(Database database, String tenant) {
      hold(database, "INSERT INTO writes (tenant_id, client, number, n) VALUES ('" + tenant + "', -1, 0, 0)");
    }

    /** The tenant's row in schema helios. */
    void row(Database database, String tenant) {
      hold(database, "SELECT FROM helios.replica WHERE name = '" + tenant + "' FOR UPDATE");
    }

    private void hold(Database database, String sql) {
      try {
        Connection connection = database.connect();
        grips.add(new Grip(database, connection));
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
          statement.execute(sql);
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    void letGo(Database database) {
      for (Grip grip : List.copyOf(grips)) {
        if (grip.database().equals(database)) {
          grips.remove(grip);
          letGo(grip);
        }
      }
    }

    private static void letGo(Grip grip) {
      try (Connection connection = grip.connection()) {
        connection.rollback();
      } catch (SQLException dead) {
        assertThat(dead.getSQLState()).startsWith("08");
      }
    }

    @Override
    public void close() {
      grips.forEach(Held::letGo);
    }
  }
}
