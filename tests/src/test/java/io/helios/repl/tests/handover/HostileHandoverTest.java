package io.helios.repl.tests.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.change.CutoverMarker;
import io.helios.repl.pipeline.Handover;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Writers and liars that a handover must hold against, in each tenancy. */
class HostileHandoverTest {

  @TempDir Path directory;

  private record Shape(Tenancy tenancy, String table, List<String> definitions) {}

  private static Shape shape(String tenancy) {
    return switch (tenancy) {
      case "column" ->
          new Shape(
              new Tenancy.ByColumn("tenant_id"),
              "orders",
              List.of(
                  "CREATE TABLE orders (tenant_id text DEFAULT 'a', id bigserial, amount int, PRIMARY KEY (tenant_id, id))"));
      case "partitions" ->
          new Shape(
              new Tenancy.ByColumn("tenant_id"),
              "orders",
              List.of(
                  "CREATE TABLE orders (tenant_id text DEFAULT 'a', id bigserial, amount int, PRIMARY KEY (tenant_id, id))"
                      + " PARTITION BY HASH (id)",
                  "CREATE TABLE orders_0 PARTITION OF orders FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
                  "CREATE TABLE orders_1 PARTITION OF orders FOR VALUES WITH (MODULUS 2, REMAINDER 1)"));
      case "schema" ->
          new Shape(
              new Tenancy.BySchema("tenant_{key}"),
              "tenant_a.orders",
              List.of(
                  "CREATE SCHEMA tenant_a", "CREATE TABLE tenant_a.orders (id bigserial PRIMARY KEY, amount int)",
                  "CREATE SCHEMA tenant_b", "CREATE TABLE tenant_b.orders (id bigserial PRIMARY KEY, amount int)"));
      default ->
          new Shape(
              new Tenancy.ByDatabase(),
              "orders",
              List.of("CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, amount int)"));
    };
  }

  private TwoHomes homes(Shape shape) {
    Database one = Database.create(Postgres.shared(17, "source"));
    Database two = Database.create(Postgres.shared(17, "target"));
    one.execute(shape.definitions().toArray(String[]::new));
    one.execute("INSERT INTO " + shape.table() + " (amount) SELECT generate_series(1, 20)");
    return new TwoHomes(directory, one, two, shape.tenancy());
  }

  @ParameterizedTest
  @ValueSource(strings = {"column", "partitions", "schema", "database"})
  void itGoesThereAndBackInEachTenancy(String tenancy) throws Exception {
    Shape shape = shape(tenancy);
    try (TwoHomes homes = homes(shape)) {
      Tenant tenant = homes.start("a");
      homes.handover(tenant).arm();
      homes.one.execute("INSERT INTO " + shape.table() + " (amount) VALUES (1000)");
      Tenant moved = homes.cutOver(tenant, 2);
      homes.two.execute("INSERT INTO " + shape.table() + " (amount) VALUES (2000)");
      homes.two.execute("UPDATE " + shape.table() + " SET amount = amount + 1 WHERE amount = 1000");
      assertThatThrownBy(() -> homes.one.execute("UPDATE " + shape.table() + " SET amount = 0"))
          .rootCause()
          .hasMessageContaining("there");
      assertThatThrownBy(() -> homes.one.execute("TRUNCATE " + shape.table()))
          .as("it wants every partition for itself, while the applier reads them")
          .rootCause()
          .hasMessageContaining("there");
      homes.handover(moved).arm();
      Tenant again = homes.cutOver(moved, 3);
      homes.one.execute("INSERT INTO " + shape.table() + " (amount) VALUES (3000)");
      homes.catchUp(again);
      for (Database home : List.of(homes.one, homes.two)) {
        assertThat(home.value("SELECT string_agg(amount::text, ' ' ORDER BY id) FROM " + shape.table() + " WHERE amount > 999"))
            .isEqualTo("1001 2000 3000");
      }
      assertThat(homes.fleet.status(tenant.id()).conflicts()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "column, INSERT INTO orders (amount) VALUES (1000)",
    "column, DELETE FROM orders WHERE amount = 1",
    "column, UPDATE orders SET amount = 5000 WHERE amount = 2",
    "column, TRUNCATE orders",
    "database, UPDATE orders SET amount = 5000 WHERE amount = 2",
    "schema, DELETE FROM tenant_a.orders WHERE amount = 1"
  })
  void aTransactionThatSeesThePastCannotWriteBehindTheMarker(String tenancy, String write) throws Exception {
    Shape shape = shape(tenancy);
    try (TwoHomes homes = homes(shape)) {
      Tenant tenant = homes.start("a");
      Handover handover = homes.handover(tenant);
      handover.arm();
      for (String isolation : List.of("REPEATABLE READ", "SERIALIZABLE")) {
        try (Connection writer = homes.one.connect()) {
          writer.setAutoCommit(false);
          writer.createStatement().execute("SET TRANSACTION ISOLATION LEVEL " + isolation);
          writer.createStatement().execute("SELECT count(*) FROM " + shape.table());
          long epoch = isolation.startsWith("R") ? 2 : 3;
          CompletableFuture<String> answer;
          try (Handover.Fence fence = handover.fence(epoch, Duration.ofSeconds(1))) {
            answer = CompletableFuture.supplyAsync(
                () -> {
                  try {
                    writer.createStatement().execute(write);
                    writer.commit();
                    return "written";
                  } catch (SQLException e) {
                    return String.valueOf(e.getSQLState());
                  }
                });
            assertThat(fence.markerLsn()).isNotNull();
            if (epoch == 2 && handover.refuse(epoch)) {
              handover.lift(fence, epoch, Duration.ofSeconds(5));
            } else {
              assertThat(handover.awaitPromoted(epoch, TwoHomes.PATIENCE)).isTrue();
            }
          }
          // 25P02 is what a commit says of a transaction that has failed already; 55P03 never: the writer has no timeout.
          assertThat(answer.get()).as(isolation).isIn("40001", "25006");
        }
        if (handover.arbiter().epoch() > 1) {
          return;
        }
      }
    }
  }

  @Test
  void whoForgesAMarkerMovesNobody() throws Exception {
    Shape shape = shape("column");
    try (TwoHomes homes = homes(shape)) {
      Tenant tenant = homes.start("a");
      Handover handover = homes.handover(tenant);
      handover.arm();
      forge(homes.one, new CutoverMarker(tenant.id(), 2, UUID.randomUUID(), List.of()).content());
      forge(homes.one, new byte[] {1, 2, 3});
      forge(homes.one, new byte[0]);
      forge(homes.two, new CutoverMarker(tenant.id(), 2, UUID.randomUUID(), List.of()).content());
      homes.one.execute("INSERT INTO orders (amount) VALUES (1000)");
      homes.catchUp(tenant);
      assertThat(handover.arbiter().epoch()).isEqualTo(1);
      Tenant moved = homes.cutOver(tenant, 2);
      forge(homes.two, new CutoverMarker(tenant.id(), 7, UUID.randomUUID(), List.of()).content());
      homes.two.execute("INSERT INTO orders (amount) VALUES (2000)");
      homes.catchUp(moved);
      assertThat(homes.one.value("SELECT count(*) FROM orders WHERE amount >= 1000")).isEqualTo("2");
    }
  }

  private static void forge(Database at, byte[] content) throws SQLException {
    try (Connection connection = at.connect();
        PreparedStatement message = connection.prepareStatement("SELECT pg_logical_emit_message(true, ?, ?::bytea)")) {
      message.setString(1, CutoverMarker.PREFIX);
      message.setBytes(2, content);
      message.executeQuery().close();
    }
  }

  @Test
  void sequencesGoOnBehindWhatTheOldHomeHasDrawn() throws Exception {
    Shape shape = shape("column");
    try (TwoHomes homes = homes(shape)) {
      Tenant tenant = homes.start("a");
      homes.handover(tenant).arm();
      homes.one.execute("SELECT setval('orders_id_seq', 500)");
      homes.cutOver(tenant, 2);
      homes.two.execute("INSERT INTO orders (amount) VALUES (2000)");
      assertThat(Long.parseLong(homes.two.value("SELECT id FROM orders WHERE amount = 2000"))).isGreaterThan(500);
    }
  }

  @Test
  void aSequenceThatFeedsSeveralColumnsGoesOnBehindTheFurthest() throws Exception {
    Database one = Database.create(Postgres.shared(17, "source"));
    Database two = Database.create(Postgres.shared(17, "target"));
    for (Database home : List.of(one, two)) {
      home.execute("CREATE SEQUENCE a", "CREATE SEQUENCE b");
    }
    one.execute("CREATE TABLE orders (tenant_id text DEFAULT 'a', id bigint DEFAULT nextval('a'), other bigint DEFAULT nextval('b'),"
        + " PRIMARY KEY (tenant_id, id))");
    two.execute("CREATE TABLE orders (tenant_id text DEFAULT 'a', id bigint DEFAULT nextval('a'), other bigint DEFAULT nextval('a'),"
        + " PRIMARY KEY (tenant_id, id))", "SELECT nextval('a')");
    one.execute("SELECT setval('a', 900)", "SELECT setval('b', 500)", "INSERT INTO orders DEFAULT VALUES");
    try (TwoHomes homes = new TwoHomes(directory, one, two, new Tenancy.ByColumn("tenant_id"))) {
      Tenant tenant = homes.start("a");
      homes.handover(tenant).arm();
      homes.cutOver(tenant, 2);
      assertThat(Long.parseLong(two.value("SELECT nextval('a')"))).isGreaterThan(901);
    }
  }
}
