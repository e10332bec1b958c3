package io.helios.repl.tests.failover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.failover.Account;
import io.helios.repl.failover.FailoverEnds;
import io.helios.repl.failover.FleetFailoverEnds;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.faults.CrashServer;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.handover.TwoHomes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A source's PostgreSQL is killed, its tenant promoted, and it comes back with transactions that nobody has got. */
class DeadHomeTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path directory;

  @Test
  void whatWasCapturedIsAtTheNewHomeAndWhatWasNotIsAccountedForAndUndoneAtTheOldOne() throws Exception {
    homeDiesAndComesBack(14);
  }

  @Tag("long")
  @ParameterizedTest
  @ValueSource(ints = {17, 18})
  void theSameWithLaterServers(int major) throws Exception {
    homeDiesAndComesBack(major);
  }

  private void homeDiesAndComesBack(int major) throws Exception {
    try (CrashServer server = new CrashServer(major, directory.resolve("pg"), Map.of("max_wal_size", "256MB"));
        TwoHomes homes = homes(server.database(), major)) {
      Tenant tenant = homes.start("a");
      Tenant other = homes.start("b");
      homes.fleet.pauseTenant(tenant.id());
      await().until(() -> homes.fleet.status(tenant.id()).state() == TenantState.PAUSED);
      homes.one.execute("INSERT INTO orders (tenant_id, amount) SELECT 'a', 1000 FROM generate_series(1, 20)");
      homes.captured(homes.one);
      homes.fleet.close(); // what follows is committed, and nobody sees it
      homes.one.execute(
          "INSERT INTO orders (tenant_id, amount) VALUES ('a', 2000), ('a', 2000), ('b', 2000)",
          "UPDATE orders SET amount = 3000 WHERE tenant_id = 'a' AND id = 1");
      server.crash();
      homes.restart(tenant, other);

      FailoverEnds ends = new FleetFailoverEnds(homes.fleet);
      assertThat(ends.standing(tenant).obstacle()).isNull();
      assertThat(ends.drain(tenant, PATIENCE)).isTrue();
      FailoverEnds.Promoted promoted = ends.promote(tenant, 2);
      assertThat(ends.promote(tenant, 2)).as("done already").isEqualTo(promoted);
      assertThat(ends.arbiter(tenant)).isEqualTo(new FailoverEnds.Arbiter(2, true, 0));
      assertThat(ends.standing(tenant).obstacle()).isNotNull();
      assertThat(homes.two.value("SELECT count(*) FROM orders WHERE tenant_id = 'a'")).isEqualTo("70");
      homes.two.execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 4000)");
      promotedAndRefusing(homes, tenant);

      homes.restart(tenant, other);
      promotedAndRefusing(homes, tenant);
      server.start();
      Lsn fence = fenced(homes, tenant);
      assertThatThrownBy(() -> homes.one.execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 5000)"))
          .rootCause()
          .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25006"));
      homes.one.execute("INSERT INTO orders (tenant_id, amount) VALUES ('b', 5000)");
      homes.catchUp(other);
      assertThat(homes.two.value("SELECT count(*) FROM orders WHERE tenant_id = 'a' AND amount IN (2000, 3000)"))
          .as("what came late is not applied").isEqualTo("0");

      FailoverEnds again = new FleetFailoverEnds(homes.fleet);
      Account account = again.account(tenant, 2, promoted.position(), fence, PATIENCE);
      assertThat(account.missing()).isNull();
      assertThat(account.transactions()).isEqualTo(2);
      assertThat(account.tables()).containsExactly(new Account.Table("public.orders", 2, 1, 0, 0, 3));
      assertThat(account.first()).isBeforeOrEqualTo(account.last());
      String document = new String(again.export(tenant, 2), StandardCharsets.UTF_8);
      assertThat(document)
          .contains("\"kind\": \"FailoverAccount\"", "\"keysLeftOut\": 0")
          .contains("{\"key\": {\"tenant_id\": \"a\", \"id\": \"1\"}, \"operation\": \"update\"");
      assertThat(document.split("\"operation\": \"insert\"", -1)).hasSize(3);

      Tenant turned = again.rejoin(tenant, 2);
      assertThat(again.rejoin(tenant, 2)).isEqualTo(turned);
      homes.streams(tenant.id());
      homes.two.execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 6000)");
      homes.catchUp(turned);
      assertThat(homes.fleet.status(tenant.id()).source()).isEqualTo(homes.two.name());
      assertThat(homes.fleet.status(tenant.id()).epoch()).isEqualTo(2);
      String rows = "SELECT string_agg(id || ':' || amount, ' ' ORDER BY id) FROM orders WHERE tenant_id = 'a'";
      assertThat(homes.one.value(rows)).isEqualTo(homes.two.value(rows)).doesNotContain(":2000", ":3000");
      assertThat(homes.one.value("SELECT count(*) FROM orders WHERE tenant_id = 'b' AND amount IN (2000, 5000)"))
          .as("others of its rows are left alone").isEqualTo("2");

      homes.handover(turned).arm();
      Tenant back = homes.cutOver(turned, 3);
      homes.one.execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', 7000)");
      homes.catchUp(back);
      assertThat(homes.two.value(rows)).isEqualTo(homes.one.value(rows)).contains(":7000");
    }
  }

  private TwoHomes homes(Database one, int major) {
    one.execute(
        "CREATE TABLE orders (tenant_id text, id bigserial, amount int, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO orders (tenant_id, amount) SELECT t, g FROM unnest(ARRAY['a', 'b']) t, generate_series(1, 50) g");
    return new TwoHomes(
        directory.resolve("data"), one, Database.create(Postgres.shared(major, "target")), new Tenancy.ByColumn("tenant_id"));
  }

  private static void promotedAndRefusing(TwoHomes homes, Tenant tenant) {
    await().until(() -> homes.fleet.status(tenant.id()).state() == TenantState.PROMOTED);
    for (Runnable verb : List.<Runnable>of(
        () -> homes.fleet.startTenant(tenant.id()),
        () -> homes.fleet.resumeTenant(tenant.id()),
        () -> homes.fleet.stopTenant(tenant.id()),
        () -> homes.fleet.resyncTenant(tenant.id()))) {
      assertThatThrownBy(verb::run)
          .isInstanceOfSatisfying(
              OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.TENANT_PROMOTED));
    }
  }

  /** As soon as the server answers; twice, since the first one may not be heard of. */
  private static Lsn fenced(TwoHomes homes, Tenant tenant) {
    FailoverEnds ends = new FleetFailoverEnds(homes.fleet);
    await().atMost(PATIENCE).ignoreExceptionsInstanceOf(TransientException.class).until(
        () -> ends.fenceOldHome(tenant, 2), at -> true);
    return ends.fenceOldHome(tenant, 2);
  }
}
