package io.helios.repl.tests.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One tenant's way to its target, and back. */
class HandoverTest {

  private static final Tenancy BY_COLUMN = new Tenancy.ByColumn("tenant_id");

  @TempDir Path directory;

  private TwoHomes homes(int major) {
    Database one = Database.create(Postgres.shared(major, "source"));
    Database two = Database.create(Postgres.shared(major, "target"));
    one.execute(
        "CREATE TABLE orders (tenant_id text, id bigserial, amount int, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE notes (tenant_id text, id int GENERATED ALWAYS AS IDENTITY, body text, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO orders (tenant_id, amount) SELECT t, g FROM unnest(ARRAY['a', 'b']) t, generate_series(1, 50) g",
        "INSERT INTO notes (tenant_id, body) SELECT t, g::text FROM unnest(ARRAY['a', 'b']) t, generate_series(1, 50) g");
    return new TwoHomes(directory, one, two, BY_COLUMN);
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 17, 18})
  void aTenantGoesToItsTargetAndBackAndNothingOfItIsLostOrTwice(int major) throws Exception {
    try (TwoHomes homes = homes(major)) {
      Tenant tenant = homes.start("a");
      homes.handover(tenant).arm();
      homes.one.execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 1000)");

      Tenant moved = homes.cutOver(tenant, 2);
      assertThat(moved.source()).isEqualTo(homes.two.name());
      assertThat(moved.epoch()).isEqualTo(2);
      assertThat(homes.two.value("SELECT count(*) FROM orders WHERE tenant_id = 'a'")).isEqualTo("51");
      homes.two.execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 2000)");
      homes.two.execute("INSERT INTO notes (tenant_id, body) VALUES ('a', 'written there')");
      // A number of its own: the next one that is drawn here may have come from there by now, and a taken key is met first.
      assertThatThrownBy(() -> homes.one.execute("INSERT INTO orders (tenant_id, id, amount) VALUES ('a', 3000, 3000)"))
          .rootCause()
          .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25006"))
          .hasMessageContaining("there");
      homes.one.execute("INSERT INTO orders (tenant_id, amount) VALUES ('b', 4000)");
      homes.catchUp(moved);
      assertThat(homes.one.value("SELECT string_agg(amount::text, ' ' ORDER BY id) FROM orders WHERE tenant_id = 'a' AND amount >= 1000"))
          .isEqualTo("1000 2000");
      assertThat(homes.two.value("SELECT count(*) FROM orders WHERE tenant_id = 'b'"))
          .as("of the other tenant nothing went along")
          .isEqualTo("0");

      homes.handover(moved).arm();
      Tenant again = homes.cutOver(moved, 3);
      assertThat(again.source()).isEqualTo(homes.one.name());
      homes.one.execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 5000)");
      homes.catchUp(again);
      for (Database home : List.of(homes.one, homes.two)) {
        assertThat(home.value(
                "SELECT string_agg(amount::text, ' ' ORDER BY id) FROM orders WHERE tenant_id = 'a' AND amount >= 1000"))
            .isEqualTo("1000 2000 5000");
        assertThat(home.value("SELECT count(*) || ' ' || count(DISTINCT id) FROM orders WHERE tenant_id = 'a'"))
            .isEqualTo("53 53");
      }
      assertThat(homes.fleet.status(tenant.id()).conflicts()).isZero();
    }
  }

  @Test
  void whoIsWritingIsWaitedForAndWhoComesLaterWaitsUntilItIsDecided() throws Exception {
    try (TwoHomes homes = homes(17)) {
      Tenant tenant = homes.start("a");
      Handover handover = homes.handover(tenant);
      handover.arm();
      try (Connection writer = homes.one.connect()) {
        writer.setAutoCommit(false);
        writer.createStatement().execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 1000)");
        assertThat(handover.facts().longestWrite()).isNotNull();
        assertThat(handover.facts().schemaDifferences()).isEmpty();
        assertThat(handover.facts().unprepared()).isNull();
        assertThatThrownBy(() -> handover.fence(2, Duration.ofMillis(100)))
            .hasMessageContaining("without a gap");
        writer.commit();
      }
      assertThat(handover.facts().longestWrite()).isNull();
      try (Connection writer = homes.one.connect();
          Handover.Fence fence = handover.fence(2, Duration.ofSeconds(1))) {
        writer.setNetworkTimeout(Runnable::run, 20_000);
        var result = java.util.concurrent.CompletableFuture.supplyAsync(
            () -> {
              try {
                writer.createStatement().execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 2000)");
                return "written";
              } catch (SQLException e) {
                return e.getSQLState();
              }
            });
        assertThat(handover.awaitPromoted(2, TwoHomes.PATIENCE)).isTrue();
        assertThat(result).isNotDone();
        fence.close();
        assertThat(result.get()).isEqualTo("25006");
      }
      handover.turn(2);
      homes.streams(tenant.id());
      assertThat(homes.two.value("SELECT count(*) FROM orders WHERE tenant_id = 'a' AND amount = 1000")).isEqualTo("1");
    }
  }

  @Test
  void aCutoverThatIsRefusedLeavesTheTenantWhereItWasAndWhoWaitedWrites() throws Exception {
    try (TwoHomes homes = homes(17)) {
      Tenant tenant = homes.start("a");
      Handover handover = homes.handover(tenant);
      handover.arm();
      assertThat(handover.refuse(2)).isTrue();
      assertThatThrownBy(() -> handover.fence(2, Duration.ofMillis(100))).hasMessageContaining("does not take epoch 2");
      homes.one.execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 1000)");

      Tenant moved = homes.cutOver(tenant, 3);
      assertThat(handover.refuse(3)).as("it has happened").isFalse();
      homes.two.execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 2000)");
      homes.catchUp(moved);
      assertThat(homes.one.value("SELECT count(*) FROM orders WHERE tenant_id = 'a' AND amount >= 1000")).isEqualTo("2");
    }
  }
}
