package io.helios.repl.tests.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.migration.traffic.HomeAddress;
import io.helios.repl.migration.traffic.TrafficMove;
import io.helios.repl.migration.traffic.TrafficSettings;
import io.helios.repl.migration.traffic.TrafficStep;
import io.helios.repl.migration.traffic.TrafficSwitches;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.status.Finding;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.PgBouncer;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PgbouncerSwitchTest {

  private static final int MOVES = 20;
  /** In so many of them somebody looks on, which takes longer than the move. */
  private static final int WATCHED = 4;

  private static final String ACME_WRITES = "SELECT count(*) FROM public.written WHERE tenant = 'acme'";
  private static final Duration WITHIN = Duration.ofSeconds(5);

  private static final LocalPostgres EAST = Postgres.shared(17, "source");
  private static final LocalPostgres WEST = Postgres.shared(17, "target");

  private Database east;
  private Database west;
  private PgBouncer bouncer;
  private TrafficSwitches switches;

  @BeforeEach
  void start() {
    PgBouncer.assumeInstalled();
    east = home(EAST, "east");
    west = home(WEST, "west");
    bouncer = PgBouncer.start(
        """
        ; who moves
        # and who does not
        acme = host=127.0.0.1   port = %d dbname='%s' pool_size=7  application_name='a''b'
        other = host=127.0.0.1 port=%d dbname=%s   \t
        """
            .formatted(EAST.port(), east.name(), EAST.port(), east.name()));
    switches = switches(bouncer.console());
  }

  private static Database home(LocalPostgres server, String name) {
    Database database = Database.create(server);
    database.execute("CREATE TABLE public.home AS SELECT '" + name + "'::text AS name", "CREATE TABLE public.written (tenant text)");
    return database;
  }

  private TrafficSwitches switches(ConnectionSettings console) {
    return switches(console, bouncer.aliasFile());
  }

  private static TrafficSwitches switches(ConnectionSettings console, Path file) {
    return TrafficSwitches.of(
        List.of(new TrafficSettings.Pgbouncer(console, file, TrafficSettings.Pgbouncer.ALIAS, Duration.ofSeconds(5), Map.of())));
  }

  @AfterEach
  void stop() {
    switches.close();
    bouncer.close();
  }

  private HomeAddress address(String name, Database database) {
    return HomeAddress.of(name, name, database.settings());
  }

  private TrafficMove west(long epoch) {
    return new TrafficMove("acme", "1", epoch, address("east", east), address("west", west));
  }

  private TrafficMove move(long epoch) {
    return epoch % 2 == 1 ? west(epoch) : west(epoch - 1).back(epoch);
  }

  private String home(String alias) throws Exception {
    try (Connection client = bouncer.connect(alias)) {
      return Traffic.home(client);
    }
  }

  @Test
  void clientsUnderLoadSeeSlowQueriesAndNoErrorWhileTheAliasMovesToAndFro() throws Exception {
    assertThat(switches.check(move(1)).findings()).isEmpty();
    List<Double> switching = new ArrayList<>();
    List<Double> pausing = new ArrayList<>();
    List<Double> slowest = new ArrayList<>();
    try (Traffic acme = Traffic.start("acme", 8, () -> bouncer.connect("acme"));
        Traffic other = Traffic.start("other", 4, () -> bouncer.connect("other"))) {
      for (long epoch = 1; epoch <= MOVES; epoch++) {
        String home = epoch % 2 == 1 ? "west" : "east";
        acme.awaitMore(50);
        acme.forgetSlowest();
        pausing.add(total(switches.pause(move(epoch), WITHIN)));
        if (epoch <= WATCHED) {
          assertNothingIsWritten(epoch % 2 == 1 ? east : west, other);
        }
        switching.add(total(Stream.concat(switches.change(move(epoch)).stream(), switches.resume(move(epoch)).stream()).toList()));
        await().atMost(WITHIN).pollInterval(Duration.ofMillis(2)).until(() -> acme.homes().equals(List.of(home)));
        if (epoch > WATCHED) {
          slowest.add(acme.slowestMillis());
        }
      }
      acme.awaitMore(50);
      assertThat(acme.errors()).isEmpty();
      assertThat(other.errors()).isEmpty();
      assertThat(other.everSeen()).containsExactly("east");
      System.out.printf(
          "traffic switch, %d moves: pause median %.1f ms, max %.1f ms; change and resume min %.1f ms, median %.1f ms, max %.1f ms;"
              + " slowest transaction in a move: median %.1f ms, max %.1f ms%n",
          MOVES, median(pausing), max(pausing), Collections.min(switching), median(switching), max(switching), median(slowest), max(slowest));
      // The machine may do a lot besides; what is too slow by itself is too slow each time.
      assertThat(Collections.min(switching)).as("milliseconds of change and resume").isLessThan(10);
    }
  }

  private void assertNothingIsWritten(Database home, Traffic other) {
    assertThat(bouncer.shown("acme", "paused")).isEqualTo("1");
    String before = home.value(ACME_WRITES);
    other.awaitMore(20);
    assertThat(home.value(ACME_WRITES)).as("transactions of a paused tenant").isEqualTo(before);
  }

  private static double total(List<TrafficStep> steps) {
    return steps.stream().mapToDouble(TrafficStep::millis).sum();
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  private static double max(List<Double> values) {
    return Collections.max(values);
  }

  @Test
  void aCutoverThatIsGivenUpLeavesEverybodyWhereHeWas() throws Exception {
    byte[] before = Files.readAllBytes(bouncer.aliasFile());
    switches.pause(move(1), WITHIN);
    switches.resume(move(1));
    assertThat(home("acme")).isEqualTo("east");
    assertThat(Files.readAllBytes(bouncer.aliasFile())).isEqualTo(before);
    assertThat(siblings()).noneMatch(name -> name.endsWith(".helios"));
  }

  @Test
  void aLongTransactionMakesThePauseGiveUpInTimeAndNobodyIsStuck() throws Exception {
    assertThat(switches.check(move(1)).findings()).isEmpty();
    try (Traffic acme = Traffic.start("acme", 4, () -> bouncer.connect("acme"));
        Traffic other = Traffic.start("other", 2, () -> bouncer.connect("other"));
        Connection holding = bouncer.connect("acme");
        Statement statement = holding.createStatement()) {
      holding.setAutoCommit(false);
      statement.execute("SELECT 1");
      acme.awaitMore(20);
      long start = System.nanoTime();
      assertThatThrownBy(() -> switches.pause(move(1), Duration.ofMillis(200)))
          .asInstanceOf(type(TransientException.class))
          .extracting(e -> e.problem().code())
          .isEqualTo(ErrorCode.POOLER_PAUSE_TIMED_OUT);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(199), Duration.ofSeconds(4));
      assertThat(bouncer.shown("acme", "paused")).isEqualTo("0");
      acme.awaitMore(20);
      other.awaitMore(20);
      assertThat(acme.errors()).isEmpty();
      assertThat(other.errors()).isEmpty();
      holding.commit();
      switches.pause(move(1), WITHIN);
      switches.change(move(1));
      switches.resume(move(1));
      await().atMost(WITHIN).until(() -> acme.homes().equals(List.of("west")));
    }
  }

  @Test
  void twoTenantsOfOnePoolerPauseAtTheSameTimeThoughOneGivesUp() throws Exception {
    Files.writeString(bouncer.aliasFile(), Files.readString(bouncer.aliasFile()) + PgBouncer.line("second", east) + "\n");
    switches.change(west(1).back(1)); // Leads where it does; makes the pooler read the file.
    TrafficMove second = new TrafficMove("second", "2", 1, address("east", east), address("west", west));
    try (Connection holding = bouncer.connect("acme");
        Statement statement = holding.createStatement();
        Traffic load = Traffic.start("second", 2, () -> bouncer.connect("second"))) {
      holding.setAutoCommit(false);
      statement.execute("SELECT 1");
      load.awaitMore(10);
      Thread stuck = Thread.ofVirtual().start(() -> assertThatThrownBy(() -> switches.pause(move(1), Duration.ofMillis(300))).isInstanceOf(TransientException.class));
      await().atMost(WITHIN).until(() -> bouncer.shown("acme", "paused").equals("1"));
      switches.pause(second, WITHIN);
      switches.change(second);
      switches.resume(second);
      stuck.join();
      await().atMost(WITHIN).until(() -> load.homes().equals(List.of("west")));
      assertThat(load.errors()).isEmpty();
    }
  }

  @Test
  void aPoolerThatDiesWhileAPauseWaitsIsSaidAtOnce() throws Exception {
    assertThat(switches.check(move(1)).findings()).isEmpty();
    try (Connection holding = bouncer.connect("acme");
        Statement statement = holding.createStatement()) {
      holding.setAutoCommit(false);
      statement.execute("SELECT 1");
      CompletableFuture<Void> pause = CompletableFuture.runAsync(() -> switches.pause(move(1), Duration.ofSeconds(60)));
      await().atMost(WITHIN).until(() -> bouncer.shown("acme", "paused").equals("1"));
      bouncer.kill();
      assertThat(pause)
          .failsWithin(WITHIN)
          .withThrowableThat()
          .havingCause()
          .asInstanceOf(type(TransientException.class))
          .extracting(e -> e.problem().code())
          .isEqualTo(ErrorCode.POOLER_UNREACHABLE);
    }
    bouncer.start();
    switches.pause(move(1), WITHIN);
    switches.change(move(1));
    switches.resume(move(1));
    assertThat(home("acme")).isEqualTo("west");
  }

  @Test
  void whatAnotherWritesIntoTheFileDuringAPauseStays() throws Exception {
    switches.pause(move(1), WITHIN);
    Files.writeString(bouncer.aliasFile(), Files.readString(bouncer.aliasFile()) + PgBouncer.line("later", west) + "\n");
    switches.change(move(1));
    switches.resume(move(1));
    assertThat(home("acme")).isEqualTo("west");
    assertThat(home("later")).isEqualTo("west");
    assertThat(home("other")).isEqualTo("east");
  }

  @Test
  void tenantsOfOneFileMoveAtTheSameTime() throws Exception {
    List<Thread> moving = new ArrayList<>();
    Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    for (String tenant : List.of("acme", "other")) {
      moving.add(Thread.ofVirtual().uncaughtExceptionHandler((_, e) -> failures.add(e)).start(() -> {
        for (long epoch = 1; epoch <= 11; epoch++) {
          TrafficMove move = move(epoch);
          TrafficMove its = new TrafficMove(tenant, "1", epoch, move.from(), move.to());
          switches.pause(its, WITHIN);
          switches.change(its);
          switches.resume(its);
        }
      }));
    }
    for (Thread one : moving) {
      one.join();
    }
    assertThat(failures).isEmpty();
    assertThat(home("acme")).isEqualTo("west");
    assertThat(home("other")).isEqualTo("west");
  }

  @Test
  void everyCallMayBeMadeTwice() throws Exception {
    for (long epoch = 1; epoch <= 2; epoch++) {
      for (int i = 0; i < 2; i++) {
        switches.pause(move(epoch), WITHIN);
      }
      for (int i = 0; i < 2; i++) {
        switches.change(move(epoch));
      }
      for (int i = 0; i < 2; i++) {
        switches.resume(move(epoch));
      }
      assertThat(home("acme")).isEqualTo(epoch == 1 ? "west" : "east");
    }
  }

  @Test
  void anotherServerGoesOnWhereOneThatCrashedHasLeftOff() throws Exception {
    switches.pause(move(1), WITHIN);
    try (TrafficSwitches after = switches(bouncer.console())) {
      after.change(move(1));
      after.resume(move(1));
      assertThat(home("acme")).isEqualTo("west");
      after.pause(move(2), WITHIN);
      after.change(move(2));
      after.resume(move(2));
    }
    assertThat(home("acme")).isEqualTo("east");
  }

  @Test
  void aPoolerThatIsKilledIsAProblemThatNamesItAndAllGoesOnAfterItsRestart() throws Exception {
    switches.pause(move(1), WITHIN);
    bouncer.kill();
    for (Runnable step : List.<Runnable>of(
        () -> switches.pause(move(1), WITHIN), () -> switches.change(move(1)), () -> switches.resume(move(1)))) {
      assertThatThrownBy(step::run)
          .asInstanceOf(type(TransientException.class))
          .satisfies(e -> {
            assertThat(e.problem().code()).isEqualTo(ErrorCode.POOLER_UNREACHABLE);
            assertThat(e.problem().message()).contains("127.0.0.1:" + bouncer.port());
            assertThat(e.problem().why()).containsIgnoringCase("refused");
          });
    }
    assertThat(switches.check(move(1)).findings()).extracting(Finding::code).containsExactly(ErrorCode.POOLER_UNREACHABLE);
    bouncer.start();
    switches.change(move(1));
    switches.resume(move(1));
    assertThat(home("acme")).isEqualTo("west");
    switches.pause(move(2), WITHIN);
    switches.change(move(2));
    switches.resume(move(2));
    assertThat(home("acme")).isEqualTo("east");
  }

  @Test
  void onlyWhereTheAliasLeadsIsChangedInTheFile() throws Exception {
    String before = Files.readString(bouncer.aliasFile());
    Files.setPosixFilePermissions(bouncer.aliasFile(), PosixFilePermissions.fromString("rw-r--r-x"));
    switches.pause(move(1), WITHIN);
    switches.change(move(1));
    switches.resume(move(1));
    assertThat(Files.readString(bouncer.aliasFile())).isEqualTo(
        before.replaceFirst("port = \\d+ dbname='\\w+'", "port = " + WEST.port() + " dbname=" + west.name()));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(bouncer.aliasFile()))).isEqualTo("rw-r--r-x");
    assertThat(siblings()).containsExactlyInAnyOrder("aliases.ini", "pgbouncer.ini", "users.txt", "log");
  }

  private List<String> siblings() throws Exception {
    try (Stream<Path> files = Files.list(bouncer.aliasFile().getParent())) {
      return files.map(f -> f.getFileName().toString()).toList();
    }
  }

  @Test
  void aCheckFindsWhatWouldFail() throws Exception {
    TrafficMove nobody = new TrafficMove("nobody", "9", 1, address("east", east), address("west", west));
    assertThat(switches.check(nobody).findings()).extracting(Finding::code).containsExactly(ErrorCode.POOLER_ALIAS_MISSING);
    assertThatThrownBy(() -> switches.pause(nobody, WITHIN)).isInstanceOf(OperatorException.class);
    try (TrafficSwitches watcher = switches(login("watcher"));
        TrafficSwitches stranger = switches(login("stranger"))) {
      assertThat(watcher.check(move(1)).findings()).extracting(Finding::code).containsExactly(ErrorCode.POOLER_REFUSED);
      assertThatThrownBy(() -> watcher.pause(move(1), WITHIN))
          .asInstanceOf(type(HeliosException.class))
          .extracting(e -> e.problem().code())
          .isEqualTo(ErrorCode.POOLER_REFUSED);
      assertThat(stranger.check(move(1)).isSound()).isFalse();
    }
    try (TrafficSwitches misled = switches(bouncer.console(), Path.of("/nowhere/at/all"))) {
      assertThat(misled.check(move(1)).findings()).extracting(Finding::code).containsExactly(ErrorCode.POOLER_FILE_UNUSABLE);
      assertThatThrownBy(() -> misled.pause(move(1), WITHIN)).isInstanceOf(OperatorException.class);
      assertThat(bouncer.shown("acme", "paused")).isEqualTo("0");
    }
    TrafficMove elsewhere = new TrafficMove("acme", "1", 1, address("east", west), new HomeAddress("x", "x", "10.0.0.1", 1, "x"));
    assertThat(switches.check(elsewhere).findings()).extracting(Finding::code).containsExactly(ErrorCode.TRAFFIC_ELSEWHERE);
    String sound = Files.readString(bouncer.aliasFile());
    Files.writeString(bouncer.aliasFile(), sound.replace("acme = ", "acme = pool_mode=session "));
    switches.change(move(1).back(1));
    assertThat(switches.check(move(1)).findings()).extracting(Finding::code).containsExactly(ErrorCode.POOLER_POOL_MODE);
    Files.writeString(bouncer.aliasFile(), sound.replaceAll("dbname='\\w+'", "dbname=x"));
    assertThat(switches.check(move(1)).findings()).extracting(Finding::code).contains(ErrorCode.POOLER_RELOAD_FAILED);
    assertThat(switches.check(move(1)).steps()).singleElement().satisfies(s -> assertThat(s.nanos()).isPositive());
  }

  /** What would keep clients waiting for a quarter of a minute, once in a while. */
  @Test
  void aPoolerThatWaitsLongAfterAFailedLoginIsFound() throws Exception {
    try (Connection console = PgConnections.openConsole(bouncer.console(), "test", WITHIN);
        Statement statement = console.createStatement()) {
      statement.execute("SET server_login_retry = '15'");
    }
    assertThat(switches.check(move(1)).findings()).extracting(Finding::code).containsExactly(ErrorCode.POOLER_LOGIN_RETRY);
    assertThat(switches.check(move(1)).isSound()).isTrue();
  }

  @Test
  void aFileThatThePoolerDoesNotTakeUpIsSaidAfterTheChange() throws Exception {
    Files.writeString(bouncer.aliasFile(), Files.readString(bouncer.aliasFile()).replace("acme =", "broken line\nacme ="));
    assertThatThrownBy(() -> switches.change(move(1)))
        .asInstanceOf(type(OperatorException.class))
        .extracting(e -> e.problem().code())
        .isIn(ErrorCode.POOLER_RELOAD_FAILED, ErrorCode.POOLER_REFUSED);
    Files.writeString(bouncer.aliasFile(), Files.readString(bouncer.aliasFile()).replace("broken line\n", ""));
    switches.change(move(1));
    assertThat(home("acme")).isEqualTo("west");
  }

  private ConnectionSettings login(String user) {
    return new ConnectionSettings("127.0.0.1", bouncer.port(), "pgbouncer", user, null, Map.of());
  }

  @Test
  void whatIsNotThereIsNotStarted() {
    assertThat(TrafficSwitches.of(List.of()).isEmpty()).isTrue();
    assertThat(switches.names()).isEqualTo(List.of("pgbouncer 127.0.0.1:" + bouncer.port()));
  }
}
