package io.helios.repl.tests.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Handover;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tenants whose rows are the same: of one key, for two targets or from two sources. Rows have one home. */
class SharedRowsTest {

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database near = Database.create(Postgres.shared(17, "target"));
  private final Database far = Database.create(Postgres.shared(17, "target"));

  private static Tenancy tenancy(String name) {
    return switch (name) {
      case "column" -> new Tenancy.ByColumn("tenant_id");
      case "schema" -> new Tenancy.BySchema("{key}");
      default -> new Tenancy.ByDatabase();
    };
  }

  /** Two tenants of key {@code a}, one for each target. */
  private TwoHomes twins(String tenancy) {
    source.execute(
        "CREATE SCHEMA a", "CREATE TABLE a.orders (tenant_id text DEFAULT 'a', id int, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO a.orders (id) SELECT generate_series(1, 20)");
    return new TwoHomes(directory, List.of(source), List.of(near, far), tenancy(tenancy));
  }

  private static Tenant started(TwoHomes homes, String name, Database from, Database to) {
    Tenant tenant = homes.declare(name, "a", from, to);
    homes.fleet.startTenant(tenant.id());
    homes.streams(tenant.id());
    return tenant;
  }

  private static void displaced(String whose, ThrowingCallable step) {
    assertThatThrownBy(step)
        .isInstanceOfSatisfying(
            OperatorException.class,
            e -> {
              assertThat(e.problem().code()).isEqualTo(ErrorCode.ROWS_HAVE_ONE_HOME);
              assertThat(e.problem().why()).contains("\"" + whose + "\"");
              assertThat(e.problem().hint()).contains("helios-repl migrate rollback " + whose);
            });
  }

  private static void refused(Database home, String write) {
    assertThatThrownBy(() -> home.execute(write))
        .rootCause()
        .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25006"));
  }

  @Test
  void ofTwoTenantsWithTheSameRowsOneCanBeMovedAndTheOtherFollows() throws Exception {
    oneMovesAndTheOtherFollows("column");
  }

  @Tag("long")
  @ParameterizedTest
  @ValueSource(strings = {"schema", "database"})
  void ofTwoTenantsWithTheSameTablesOneCanBeMovedAndTheOtherFollows(String tenancy) throws Exception {
    oneMovesAndTheOtherFollows(tenancy);
  }

  private void oneMovesAndTheOtherFollows(String tenancy) throws Exception {
    try (TwoHomes homes = twins(tenancy)) {
      Tenant first = started(homes, "first", source, near);
      Tenant second = started(homes, "second", source, far);
      homes.handover(first).arm();
      homes.handover(second).arm();
      try (Connection writer = source.connect()) {
        writer.setAutoCommit(false);
        writer.createStatement().execute("INSERT INTO a.orders (id) VALUES (21)");
        for (Tenant tenant : List.of(first, second)) {
          assertThat(homes.handover(tenant).facts().longestWrite()).as("who writes shares the locks of both").isNotNull();
        }
        writer.commit();
      }
      Tenant moved = homes.cutOver(first, 2);

      displaced("first", () -> homes.handover(second).fence(2, Duration.ofSeconds(1)));
      assertThat(homes.handover(second).refuse(2)).isTrue();
      refused(source, "DELETE FROM a.orders WHERE id = 21");
      refused(far, "DELETE FROM a.orders WHERE id = 21");
      near.execute("INSERT INTO a.orders (id) VALUES (22)");
      await().atMost(TwoHomes.PATIENCE).until(() -> far.value("SELECT count(*) FROM a.orders").equals("22"));

      homes.handover(moved).arm();
      homes.cutOver(moved, 3);
      source.execute("INSERT INTO a.orders (id) VALUES (23)");
      homes.cutOver(second, 3);
      far.execute("INSERT INTO a.orders (id) VALUES (24)");
      displaced("second", () -> homes.handover(first).arm());
      await().atMost(TwoHomes.PATIENCE).until(() -> near.value("SELECT count(*) FROM a.orders").equals("24"));
    }
  }

  @Test
  void ofTwoThatAreClosedAtATimeNoneWaitsForTheOther() throws Exception {
    try (TwoHomes homes = twins("column")) {
      Tenant first = started(homes, "first", source, near);
      Tenant second = started(homes, "second", source, far);
      homes.handover(first).arm();
      homes.handover(second).arm();
      try (Connection fence = source.connect()) {
        fence.setAutoCommit(false);
        fence.createStatement().execute("UPDATE helios.replica SET role = 'closed' WHERE name = 'first'");
        assertThatThrownBy(() -> homes.handover(second).fence(2, Duration.ofSeconds(1)))
            .isInstanceOf(TransientException.class);
        fence.rollback();
      }
      assertThat(homes.handover(second).refuse(2)).isTrue();
      source.execute("INSERT INTO a.orders (id) VALUES (21)");
      homes.cutOver(second, 3);
    }
  }

  @Test
  void aTransactionThatWritesRowsOfManyTenantsIsWaitedForByEachOfThem() throws Exception {
    try (TwoHomes homes = twins("column")) {
      Tenant first = started(homes, "first", source, near);
      Tenant other = homes.start("b");
      homes.handover(first).arm();
      homes.handover(other).arm();
      try (Connection writer = source.connect()) {
        writer.setAutoCommit(false);
        writer.createStatement().execute("INSERT INTO a.orders VALUES ('b', 1), ('c', 1), ('a', 21)");
        for (Tenant tenant : List.of(first, other)) {
          assertThatThrownBy(() -> homes.handover(tenant).fence(2, Duration.ofMillis(20)))
              .isInstanceOfSatisfying(
                  HeliosException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.FENCE_BUSY));
          assertThat(homes.handover(tenant).refuse(2)).isTrue();
        }
        writer.commit();
      }
      homes.cutOver(first, 3);
      refused(source, "INSERT INTO a.orders VALUES ('b', 2), ('a', 22)");
      refused(source, "UPDATE a.orders SET tenant_id = 'a', id = 50 WHERE tenant_id = 'c'");
      refused(source, "UPDATE a.orders SET tenant_id = 'c' WHERE tenant_id = 'a' AND id = 21");
      source.execute("UPDATE a.orders SET tenant_id = 'b', id = 2 WHERE tenant_id = 'c'");
    }
  }

  @Test
  void aTargetWhereAnotherReplicaHasTheSameRowsDoesNotBecomeTheirHome() throws Exception {
    for (Database home : List.of(source, near)) {
      home.execute("CREATE SCHEMA a", "CREATE TABLE a.orders (tenant_id text DEFAULT 'a', id int, PRIMARY KEY (tenant_id, id))");
    }
    near.execute("INSERT INTO a.orders (id) VALUES (100)");
    try (TwoHomes homes = new TwoHomes(directory, List.of(source, near), List.of(far), tenancy("column"))) {
      Tenant first = started(homes, "first", source, far);
      homes.handover(first).arm();
      Tenant second = started(homes, "second", near, far);
      displaced("second", () -> homes.handover(first).fence(2, Duration.ofSeconds(1)));
      source.execute("INSERT INTO a.orders (id) VALUES (1)");

      homes.fleet.removeTenant(second.id(), false);
      try (Handover.Prepared prepared = homes.handover(first).prepare(3)) {
        // It came after it was looked whether somebody is there.
        far.execute(
            "INSERT INTO helios.replica (tenant, name, tenant_key, epoch, source, source_system, source_region)"
                + " VALUES ('" + second.id() + "', 'second', 'a', 1, 'x', 1, 'x')",
            "INSERT INTO helios.guarded SELECT id, 'a', '" + second.id() + "' FROM helios.guard");
        try (Handover.Fence fence = prepared.close(Duration.ofSeconds(1))) {
          homes.captured(source);
          homes.catchUp(first);
          assertThat(homes.handover(first).refuse(3)).as("it was not taken").isTrue();
          homes.handover(first).lift(fence, 3, Duration.ofSeconds(5));
        }
      }
      source.execute("INSERT INTO a.orders (id) VALUES (2)");

      far.execute("UPDATE helios.replica SET role = 'moved' WHERE name = 'second'");
      homes.cutOver(first, 4);
      far.execute("INSERT INTO a.orders (id) VALUES (3)");

      homes.fleet.add(second, DesiredState.CREATED);
      far.execute("DELETE FROM helios.replica WHERE name = 'second'");
      homes.fleet.startTenant(second.id());
      await()
          .atMost(TwoHomes.PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(homes.fleet.status(second.id()).error())
                      .isNotNull()
                      .satisfies(
                          e -> {
                            assertThat(e.code()).isEqualTo(ErrorCode.ROWS_HAVE_ONE_HOME);
                            assertThat(e.why()).contains("\"first\"");
                          }));
      far.execute("INSERT INTO a.orders (id) VALUES (4)");
    }
  }
}
