package io.helios.repl.tests.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.migration.traffic.HomeAddress;
import io.helios.repl.migration.traffic.TrafficMove;
import io.helios.repl.migration.traffic.TrafficSettings;
import io.helios.repl.migration.traffic.TrafficSettings.DirectoryColumn;
import io.helios.repl.migration.traffic.TrafficSwitches;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.status.Finding;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.fixture.Roles;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

class DirectorySwitchTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final HomeAddress EAST = new HomeAddress("shop", "us-east-1", "10.0.0.1", 5432, "shop");
  private static final HomeAddress WEST = new HomeAddress("shop-eu", "eu-central-1", "10.0.0.2", 5433, "x'; DROP TABLE \"ten ants\"; --");
  private static final String ROWS = "SELECT \"ten\"\"ant\", home, host, port, db, epoch FROM \"ten ants\" ORDER BY 1";

  private Database directory;
  private TrafficSwitches switches;

  @BeforeEach
  void start() {
    directory = Database.create(Postgres.shared(17, "source"));
    directory.execute(
        "CREATE TYPE home AS ENUM ('shop', 'shop-eu')",
        "CREATE TABLE \"ten ants\" (\"ten\"\"ant\" int PRIMARY KEY, home home, host text, port int, db text, epoch bigint)",
        "INSERT INTO \"ten ants\" VALUES (1, 'shop', '10.0.0.1', 5432, 'shop'), (2, 'shop', '10.0.0.1', 5432, 'shop')");
    switches = switches(directory.settings(), "epoch", "moves");
  }

  private static TrafficSwitches switches(ConnectionSettings database, String epoch, String channel) {
    return TrafficSwitches.of(List.of(new TrafficSettings.Directory(
        database,
        "public",
        "ten ants",
        "ten\"ant",
        Map.of(
            DirectoryColumn.HOME, "home",
            DirectoryColumn.HOST, "host",
            DirectoryColumn.PORT, "port",
            DirectoryColumn.DATABASE, "db",
            DirectoryColumn.EPOCH, epoch),
        channel,
        TIMEOUT,
        Map.of())));
  }

  @AfterEach
  void stop() {
    switches.close();
  }

  private static TrafficMove move(String key, long epoch) {
    return new TrafficMove("acme", key, epoch, EAST, WEST);
  }

  private static ErrorCode code(Runnable call) {
    return catchThrowableOfType(HeliosException.class, call::run).problem().code();
  }

  @Test
  void oneRowChangesAndThoseWhoListenAreToldWithIt() throws Exception {
    try (Connection listener = directory.connect();
        Statement listen = listener.createStatement()) {
      listen.execute("LISTEN moves");
      assertThat(switches.check(move("1", 2)).findings()).isEmpty();
      assertThat(directory.query(ROWS)).containsExactly("1|shop|10.0.0.1|5432|shop|null", "2|shop|10.0.0.1|5432|shop|null");
      switches.pause(move("1", 2), TIMEOUT);
      switches.change(move("1", 2));
      switches.resume(move("1", 2));
      assertThat(directory.query(ROWS)).containsExactly(
          "1|shop-eu|10.0.0.2|5433|" + WEST.database() + "|2", "2|shop|10.0.0.1|5432|shop|null");
      PGNotification[] told = listener.unwrap(PGConnection.class).getNotifications(5_000);
      assertThat(told).hasSize(1);
      assertThat(told[0].getParameter()).contains("\"tenant\":\"acme\"", "\"epoch\":2", "\"to\":{\"home\":\"shop-eu\"");
    }
  }

  @Test
  void anEpochNeverGoesBack() {
    switches.change(move("1", 5));
    switches.change(move("1", 5));
    assertThat(code(() -> switches.change(new TrafficMove("acme", "1", 4, WEST, EAST)))).isEqualTo(ErrorCode.DIRECTORY_EPOCH_AHEAD);
    assertThat(directory.query(ROWS).getFirst()).endsWith("|5").startsWith("1|shop-eu");
    switches.change(move("1", 5).back(6));
    assertThat(directory.query(ROWS).getFirst()).isEqualTo("1|shop|10.0.0.1|5432|shop|6");
  }

  @Test
  void aCheckFindsWhatTheChangeWouldMeet() {
    assertThat(found(switches, move("3", 1))).isEqualTo(ErrorCode.DIRECTORY_ROW_MISSING);
    assertThat(found(switches, move("three", 1))).isEqualTo(ErrorCode.DIRECTORY_REFUSED);
    assertThat(found(switches, new TrafficMove("acme", "1", 1, EAST, new HomeAddress("nowhere", "x", "h", 1, "d")))).isEqualTo(ErrorCode.DIRECTORY_REFUSED);
    try (TrafficSwitches misnamed = switches(directory.settings(), "epoch2", "moves")) {
      assertThat(found(misnamed, move("1", 1))).isEqualTo(ErrorCode.DIRECTORY_REFUSED);
    }
    String role = "reader_of_" + directory.name();
    directory.execute("CREATE ROLE " + role + " LOGIN", "GRANT SELECT ON \"ten ants\" TO " + role);
    try (TrafficSwitches reader = switches(Roles.login(directory, role), "epoch", "moves")) {
      assertThat(found(reader, move("1", 1))).isEqualTo(ErrorCode.DIRECTORY_REFUSED);
      directory.execute("GRANT UPDATE ON \"ten ants\" TO " + role);
      assertThat(reader.check(move("1", 1)).findings()).isEmpty();
    }
    assertThat(directory.query(ROWS)).allMatch(row -> row.endsWith("|null"));
  }

  private static ErrorCode found(TrafficSwitches switches, TrafficMove move) {
    List<Finding> findings = switches.check(move).findings();
    assertThat(findings).hasSize(1);
    return findings.getFirst().code();
  }

  @Test
  void aConnectionThatWasLostIsOpenedAgain() {
    switches.change(move("1", 1));
    directory.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'helios-repl/traffic%'");
    switches.change(move("1", 2));
    assertThat(directory.query(ROWS).getFirst()).endsWith("|2");
  }

  @Test
  void aRowThatSomebodyHoldsIsWaitedForInBounds() throws Exception {
    try (TrafficSwitches hasty = TrafficSwitches.of(List.of(new TrafficSettings.Directory(
            directory.settings(), "public", "ten ants", "ten\"ant", Map.of(DirectoryColumn.EPOCH, "epoch"), null, Duration.ofMillis(300), Map.of())));
        Connection holder = directory.connect();
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute("UPDATE \"ten ants\" SET port = 1");
      assertThat(code(() -> hasty.change(move("1", 1)))).isEqualTo(ErrorCode.DIRECTORY_REFUSED);
      holder.rollback();
      hasty.change(move("1", 1));
      assertThat(directory.query(ROWS).getFirst()).endsWith("|1");
    }
  }
}
