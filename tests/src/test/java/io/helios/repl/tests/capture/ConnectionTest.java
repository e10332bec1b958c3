package io.helios.repl.tests.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.JdbcWalStream;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.ReplicationSlot;
import io.helios.repl.postgres.SessionSettings;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.tests.fixture.Postgres;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionTest {

  @ParameterizedTest
  @ValueSource(ints = {14, 17, 18})
  void noSettingOfDatabaseOrRoleReachesEitherKindOfConnection(int major) throws Exception {
    LocalPostgres server = Postgres.shared(major, "source");
    String database = Postgres.createDatabase(server);
    String role = "pinned_" + database;
    Postgres.execute(server, database, "CREATE ROLE " + role + " LOGIN REPLICATION SUPERUSER");
    for (String setting :
        new String[] {
          "datestyle = 'German'", "intervalstyle = 'sql_standard'", "timezone = 'Asia/Tokyo'", "extra_float_digits = -5",
          "bytea_output = 'escape'", "xmloption = 'document'", "array_nulls = off", "search_path = 'public, pg_catalog'",
          "statement_timeout = '1h'", "default_transaction_read_only = on", "default_transaction_isolation = 'serializable'",
          "row_security = on", "transform_null_equals = on"
        }) {
      Postgres.execute(server, "postgres", "ALTER DATABASE " + database + " SET " + setting);
      Postgres.execute(server, "postgres", "ALTER ROLE " + role + " SET " + setting);
    }
    ConnectionSettings settings =
        new ConnectionSettings("127.0.0.1", server.port(), database, role, null, Map.of());
    try (Connection ordinary = PgConnections.open(settings, "test", "tenant-1");
        Connection replication = PgConnections.openReplication(settings, "test")) {
      for (Connection connection : new Connection[] {ordinary, replication}) {
        try (Statement statement = connection.createStatement()) {
          for (var entry : SessionSettings.pinned().entrySet()) {
            try (ResultSet row =
                statement.executeQuery(
                    "SELECT pg_catalog.current_setting('" + entry.getKey() + "', true)")) {
              row.next();
              String value = row.getString(1);
              if (value != null && !value.isEmpty()) {
                assertThat(value.toLowerCase(Locale.ROOT)).as(entry.getKey()).isEqualTo(entry.getValue().toLowerCase(Locale.ROOT));
              } else {
                assertThat(entry.getKey()).isIn("transaction_timeout", "restrict_nonsystem_relation_kind");
              }
            }
          }
          try (ResultSet row =
              statement.executeQuery(
                  "SELECT pg_catalog.current_setting('search_path'), pg_catalog.current_setting('application_name')")) {
            row.next();
            assertThat(row.getString(1)).isEqualTo("\"\"");
            assertThat(row.getString(2)).isEqualTo(connection == ordinary ? "helios-repl/test/tenant-1" : "helios-repl/test");
          }
        }
      }
    }
  }

  @Test
  void theSourceSaysWhichServerItIs() throws Exception {
    LocalPostgres server = Postgres.shared(17, "source");
    String database = Postgres.createDatabase(server);
    SourceIdentity identity = SourceIdentity.read(server.settings(database));
    try (Connection connection = server.connect(database);
        ResultSet row =
            connection.createStatement().executeQuery("SELECT system_identifier, timeline_id FROM pg_control_system(), pg_control_checkpoint()")) {
      row.next();
      assertThat(identity.systemIdentifier()).isEqualTo(row.getLong(1));
      assertThat(identity.timeline()).isEqualTo(row.getInt(2));
      assertThat(identity.database()).isEqualTo(database);
    }
  }

  @Test
  void aSlotIsCreatedFoundAndDroppedAndEachCanBeRepeated() throws Exception {
    LocalPostgres server = Postgres.shared(17, "source");
    String database = Postgres.createDatabase(server);
    String slot = "slot_" + database;
    ReplicationSlot.SlotState created = ReplicationSlot.create(server.settings(database), slot);
    assertThat(created.plugin()).isEqualTo("pgoutput");
    assertThat(created.confirmedFlush()).isGreaterThan(Lsn.INVALID);
    assertThat(created.isLost()).isFalse();
    assertThat(ReplicationSlot.create(server.settings(database), slot).restart()).isEqualTo(created.restart());
    try (Connection connection = PgConnections.open(server.settings(database), "test", null)) {
      assertThat(ReplicationSlot.find(connection, slot)).isPresent();
      ReplicationSlot.drop(connection, slot);
      ReplicationSlot.drop(connection, slot);
      assertThat(ReplicationSlot.find(connection, slot)).isEmpty();
    }
  }

  @Test
  void refusalsAreToldByTheirCauseAndHowToMendThem() throws Exception {
    LocalPostgres server = Postgres.shared(17, "source");
    String database = Postgres.createDatabase(server);
    Postgres.execute(
        server, database, "CREATE ROLE plain_" + database + " LOGIN", "CREATE ROLE nologin_" + database + " NOLOGIN");
    String slot = "slot_" + database;

    assertThat(code(() -> PgConnections.open(server.settings("nowhere"), "test", null)))
        .isEqualTo(ErrorCode.DATABASE_MISSING);
    assertThat(code(() -> PgConnections.open(as(server, database, "nologin_" + database), "test", null)))
        .isEqualTo(ErrorCode.AUTHENTICATION_FAILED);
    assertThat(code(() -> PgConnections.openReplication(as(server, database, "plain_" + database), "test")))
        .isEqualTo(ErrorCode.NO_REPLICATION_RIGHT);
    assertThat(code(() -> ReplicationSlot.create(as(server, database, "plain_" + database), slot)))
        .isEqualTo(ErrorCode.NO_REPLICATION_RIGHT);
    assertThat(code(() -> JdbcWalStream.open(server.settings(database), slot, "pub", Lsn.INVALID, false)))
        .isEqualTo(ErrorCode.SLOT_MISSING);
    assertThat(code(() -> ReplicationSlot.create(server.settings(database), "No Such; Name")))
        .isEqualTo(ErrorCode.SLOT_UNFIT);

    String other = Postgres.createDatabase(server);
    ReplicationSlot.create(server.settings(database), slot);
    assertThat(code(() -> ReplicationSlot.create(server.settings(other), slot))).isEqualTo(ErrorCode.SLOT_UNFIT);
    assertThat(code(() -> JdbcWalStream.open(server.settings(other), slot, "pub", Lsn.INVALID, false)))
        .isEqualTo(ErrorCode.SLOT_UNFIT);

    ConnectionSettings tls =
        new ConnectionSettings(
            "127.0.0.1", server.port(), database, "postgres", "x", Map.of("sslmode", "require"));
    assertThat(code(() -> PgConnections.open(tls, "test", null))).isEqualTo(ErrorCode.CONNECTION_NOT_TRUSTED);
    Postgres.execute(server, database, "SELECT pg_drop_replication_slot('" + slot + "')");
  }

  @Test
  void anUnreachableHostIsTransientAndQuicklyKnown() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    ConnectionSettings nobody = new ConnectionSettings("127.0.0.1", port, "d", "u", "hunter2", Map.of());
    TransientException e =
        catchThrowableOfType(TransientException.class, () -> PgConnections.open(nobody, "test", null));
    assertThat(e.problem().code()).isEqualTo(ErrorCode.UNREACHABLE);
    assertThat(e.problem().toString()).doesNotContain("hunter2").contains("127.0.0.1:" + port);
    ConnectionSettings unknown = new ConnectionSettings("no-such-host.invalid", 5432, "d", "u", null, Map.of());
    assertThat(code(() -> PgConnections.open(unknown, "test", null))).isEqualTo(ErrorCode.UNREACHABLE);
  }

  @Test
  void usedUpSlotsWalsendersConnectionsAndWalLevelEachHaveTheirCode() throws Exception {
    Map<String, String> tight =
        Map.of("fsync", "off", "max_replication_slots", "1", "max_wal_senders", "1", "max_connections", "6",
            "superuser_reserved_connections", "0");
    try (LocalPostgres server = Postgres.start(17, tight)) {
      ReplicationSlot.create(server.settings("postgres"), "first");
      HeliosException slots =
          catchThrowableOfType(
              OperatorException.class, () -> ReplicationSlot.create(server.settings("postgres"), "second"));
      assertThat(slots.problem().code()).isEqualTo(ErrorCode.SLOTS_USED_UP);
      try (Connection held = PgConnections.openReplication(server.settings("postgres"), "test")) {
        assertThat(code(() -> PgConnections.openReplication(server.settings("postgres"), "test")))
            .isEqualTo(ErrorCode.WALSENDERS_USED_UP);
      }
    }
    try (LocalPostgres server = Postgres.start(17, Map.of("fsync", "off", "wal_level", "replica"))) {
      OperatorException e =
          catchThrowableOfType(
              OperatorException.class, () -> ReplicationSlot.create(server.settings("postgres"), "first"));
      assertThat(e.problem().code().id()).isEqualTo("HR-2103");
      assertThat(e.problem().message()).contains("wal_level=replica, needs logical");
    }
  }

  private interface Action {
    @Nullable Object run() throws Exception;
  }

  private static ErrorCode code(Action action) {
    HeliosException e = catchThrowableOfType(HeliosException.class, action::run);
    assertThat(e).isNotNull();
    assertThat(e.problem().hint()).isNotBlank();
    return e.problem().code();
  }

  private static ConnectionSettings as(LocalPostgres server, String database, String user) {
    return new ConnectionSettings("127.0.0.1", server.port(), database, user, null, Map.of());
  }
}
