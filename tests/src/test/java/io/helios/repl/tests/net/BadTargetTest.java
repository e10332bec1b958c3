package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.fixture.Roles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A target that refuses for a while, under load: it is named while it lasts, nobody has to act, and both sides end equal. */
class BadTargetTest {

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private Journey journey() {
    LiveLoad.prepare(source, 50);
    return new Journey(directory, source, target);
  }

  private static void helpful(Problem problem) {
    assertThat(problem.why()).contains("SQLSTATE");
    assertThat(problem.hint()).isNotBlank();
  }

  private String appliers(String condition) {
    return "SELECT pid FROM pg_stat_activity WHERE application_name = 'helios-repl/apply' AND datname = '"
        + target.name() + "' AND " + condition;
  }

  private void awaitWaiting(String table) {
    await()
        .atMost(Journey.BOUND)
        .pollInterval(Duration.ofMillis(5))
        .until(() -> !target.query("SELECT FROM pg_locks WHERE relation = '" + table + "'::regclass AND NOT granted").isEmpty());
  }

  /** New sessions, which take over what was set meanwhile. */
  private void endSessions() {
    target.query("SELECT pg_terminate_backend(pid) FROM (" + appliers("true") + ") s");
  }

  @Test
  void anOperatorsLockIsWaitedForAndACancelledStatementTriedAgain() throws Exception {
    try (Journey journey = journey()) {
      journey.stream();
      try (LiveLoad load = LiveLoad.start(source);
          Connection operator = target.connect();
          Statement statement = operator.createStatement()) {
        operator.setAutoCommit(false);
        statement.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
        helpful(journey.trouble(ErrorCode.TARGET_LOCKED));
        operator.rollback();
        journey.moves();
        Set<ErrorCode> seen = journey.watch();
        await().atMost(Journey.BOUND).until(() -> {
          statement.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
          awaitWaiting("orders");
          statement.execute("SELECT pg_cancel_backend(pid) FROM (" + appliers("wait_event_type = 'Lock'") + ") s");
          operator.rollback();
          journey.moves();
          return seen.contains(ErrorCode.TARGET_CANCELLED);
        });
        journey.moves();
        assertThat(load.transactions()).isPositive();
      }
      journey.endsEqual();
    }
  }

  @Test
  void aDeadlockWithAStrangerIsLostAndTriedAgain() throws Exception {
    try (Journey journey = journey()) {
      journey.stream();
      try (LiveLoad load = LiveLoad.start(source);
          Connection stranger = target.connect();
          Statement statement = stranger.createStatement()) {
        journey.moves();
        stranger.setAutoCommit(false);
        statement.execute("SET deadlock_timeout = '10min'"); // so that we are the victim
        Set<ErrorCode> seen = journey.watch();
        await().atMost(Journey.BOUND).until(() -> {
          // The applier has written orders and wants log; the stranger has log and wants orders.
          statement.execute("LOCK TABLE log IN ACCESS EXCLUSIVE MODE");
          awaitWaiting("log");
          statement.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
          stranger.rollback();
          journey.moves();
          return seen.contains(ErrorCode.TARGET_CONTENTION);
        });
        journey.moves();
        assertThat(load.transactions()).isPositive();
      }
      journey.endsEqual();
    }
  }

  /** No session of ours asks for an isolation that could fail so; what somebody's trigger does in it may. */
  @Test
  void serializationFailuresAreTriedAgain() throws Exception {
    try (Journey journey = journey()) {
      journey.stream();
      try (LiveLoad load = LiveLoad.start(source)) {
        journey.moves();
        Set<ErrorCode> seen = journey.watch();
        target.execute(
            "CREATE SEQUENCE refusals",
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                + " IF nextval('public.refusals') <= 5 THEN RAISE SQLSTATE '40001'; END IF; RETURN NULL; END $$",
            "CREATE TRIGGER refuse AFTER INSERT OR UPDATE OR DELETE ON orders EXECUTE FUNCTION refuse()",
            "ALTER TABLE orders ENABLE ALWAYS TRIGGER refuse");
        await().atMost(Journey.BOUND).until(() -> Long.parseLong(target.value("SELECT last_value FROM refusals")) > 5);
        journey.moves();
        assertThat(seen).contains(ErrorCode.TARGET_CONTENTION);
        assertThat(load.transactions()).isPositive();
      }
      target.execute("DROP TRIGGER refuse ON orders");
      journey.endsEqual();
    }
  }

  @Test
  void noLimitThatIsSetForDatabasesOrRolesReachesUs() throws Exception {
    try (Journey journey = journey()) {
      journey.stream();
      try (LiveLoad load = LiveLoad.start(source)) {
        for (String setting : new String[] {
            "default_transaction_isolation = 'serializable'", "default_transaction_read_only = on",
            "statement_timeout = '2ms'", "lock_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'",
            "idle_session_timeout = '1s'", "transaction_timeout = '1s'"}) {
          Postgres.execute(target.server(), "postgres", "ALTER DATABASE " + target.name() + " SET " + setting);
        }
        Postgres.execute(
            target.server(), "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + target.name() + "'");
        int before = load.transactions();
        await().atMost(Journey.BOUND).until(() -> load.transactions() > before + 50);
      }
      for (var tenant : journey.tenants) {
        journey.replication.catchUp(tenant);
      }
      Postgres.execute(target.server(), "postgres", "ALTER DATABASE " + target.name() + " RESET ALL");
      journey.endsEqual();
    }
  }

  @Test
  void withoutAConnectionLeftItWaitsForOne() throws Exception {
    LiveLoad.prepare(source, 50);
    target.execute(LiveLoad.TABLES);
    var role = Roles.target(target, 17);
    try (Journey journey = new Journey(directory, source, target, role)) {
      journey.stream();
      try (LiveLoad load = LiveLoad.start(source)) {
        journey.moves();
        target.execute("ALTER ROLE " + role.user() + " CONNECTION LIMIT 0");
        endSessions();
        helpful(journey.trouble(ErrorCode.CONNECTIONS_USED_UP));
        target.execute("ALTER ROLE " + role.user() + " CONNECTION LIMIT -1");
        journey.moves();
        assertThat(load.transactions()).isPositive();
      }
      journey.endsEqual();
    }
  }

  @Test
  @Tag("long")
  void aTargetThatBecomesAStandbyIsWaitedForUntilItIsPromoted() throws Exception {
    LiveLoad.prepare(source, 50);
    Path data = directory.resolve("target");
    LocalPostgres primary = LocalPostgres.start(Map.of(), null, data, 0);
    int port = primary.port();
    Database there = Database.create(primary);
    try (Journey journey = new Journey(directory.resolve("fleet"), source, there)) {
      journey.stream();
      try (LiveLoad load = LiveLoad.start(source)) {
        journey.moves();
        primary.close();
        Files.createFile(data.resolve("standby.signal"));
        try (LocalPostgres standby = LocalPostgres.start(Map.of(), null, data, port)) {
          helpful(journey.trouble(ErrorCode.TARGET_READ_ONLY));
          Postgres.execute(standby, "postgres", "SELECT pg_promote()");
          journey.moves();
          assertThat(load.transactions()).isPositive();
          load.close();
          journey.endsEqual();
        }
      }
    }
  }

  @Test
  @Tag("long")
  void aFullDiskAtTheTargetIsWaitedForUntilThereIsRoom() throws Exception {
    Path small = directory.resolve("small");
    Files.createDirectory(small);
    Assumptions.assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=12m,mode=0700", "none", small.toString()), "tmpfs can be mounted");
    try (Journey journey = journey()) {
      Postgres.execute(
          target.server(), "postgres", "CREATE TABLESPACE small_" + target.name() + " LOCATION '" + small + "'");
      target.execute(LiveLoad.TABLES);
      target.execute("ALTER TABLE orders SET TABLESPACE small_" + target.name());
      journey.stream();
      try (LiveLoad load = LiveLoad.start(source)) {
        source.execute(
            "INSERT INTO orders SELECT 'a', 2000000 + i, (SELECT string_agg(md5(i::text || j), '') FROM generate_series(1, 50) j)"
                + " FROM generate_series(1, 12000) i");
        helpful(journey.trouble(ErrorCode.TARGET_FULL));
        assertThat(run("mount", "-o", "remount,size=256m", small.toString())).isTrue();
        journey.moves();
        assertThat(load.transactions()).isPositive();
      }
      journey.endsEqual();
    } finally {
      Postgres.execute(target.server(), "postgres", "DROP DATABASE " + target.name() + " WITH (FORCE)");
      Postgres.execute(target.server(), "postgres", "DROP TABLESPACE small_" + target.name());
      assertThat(run("umount", small.toString())).isTrue();
    }
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
  }
}
