package io.helios.repl.tests.failover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.failover.Account;
import io.helios.repl.failover.FailoverEnds;
import io.helios.repl.failover.FleetFailoverEnds;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.handover.TwoHomes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A promotion, and the fence of a home that lives on: a source that is not asked may as well be alive. */
class PromotionTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path directory;

  private final Database one = Database.create(Postgres.shared(17, "source"));
  private final Database two = Database.create(Postgres.shared(17, "target"));

  private static Tenancy tenancy(String name) {
    return switch (name) {
      case "column" -> new Tenancy.ByColumn("tenant_id");
      case "schema" -> new Tenancy.BySchema("{key}");
      default -> new Tenancy.ByDatabase();
    };
  }

  private TwoHomes homes(String tenancy) {
    one.execute(
        "CREATE SCHEMA a",
        "CREATE TABLE a.orders (tenant_id text DEFAULT 'a', id bigserial, amount int, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO a.orders (amount) SELECT generate_series(1, 20)");
    return new TwoHomes(directory, one, two, tenancy(tenancy));
  }

  private static ErrorCode codeOf(ThrowingCallable call) {
    try {
      call.call();
    } catch (HeliosException e) {
      return e.problem().code();
    } catch (Throwable other) {
      throw new AssertionError(other);
    }
    throw new AssertionError("nothing was thrown");
  }

  private static void assertRefused(Database database, String sql) {
    assertThatThrownBy(() -> database.execute(sql))
        .rootCause()
        .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25006"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"column", "schema", "database"})
  void aTenantIsPromotedItsOldHomeFencedAndFollows(String tenancy) throws Exception {
    try (TwoHomes homes = homes(tenancy)) {
      Tenant tenant = homes.start("a");
      FailoverEnds ends = new FleetFailoverEnds(homes.fleet);
      homes.catchUp(tenant);
      assertThat(ends.drain(tenant, PATIENCE)).isTrue();
      FailoverEnds.Promoted promoted = ends.promote(tenant, 5);
      assertThat(ends.promote(tenant, 5)).isEqualTo(promoted);
      two.execute("INSERT INTO a.orders (amount) VALUES (1000)");
      one.execute("UPDATE a.orders SET amount = 2000 WHERE id = 1", "DELETE FROM a.orders WHERE id = 2",
          "INSERT INTO a.orders (id, amount) VALUES (900000, 2000)");

      Lsn first = ends.fenceOldHome(tenant, 5);
      Lsn fence = ends.fenceOldHome(tenant, 5);
      assertThat(fence).isGreaterThan(first);
      assertRefused(one, "INSERT INTO a.orders (id, amount) VALUES (900001, 3000)");
      assertRefused(one, "TRUNCATE a.orders");
      Account account = ends.account(tenant, 5, promoted.position(), fence, PATIENCE);
      assertThat(account.missing()).isNull();
      assertThat(account.transactions()).isEqualTo(3);
      assertThat(account.tables()).containsExactly(new Account.Table("a.orders", 1, 1, 1, 0, 3));
      assertThat(new String(ends.export(tenant, 5), StandardCharsets.UTF_8)).contains("\"id\": \"900000\"");

      Tenant turned = ends.rejoin(tenant, 5);
      homes.restart(turned); // in the middle of its comparison
      homes.streams(tenant.id());
      homes.catchUp(turned);
      String rows = "SELECT string_agg(id || ':' || amount, ' ' ORDER BY id) FROM a.orders";
      assertThat(one.value(rows)).isEqualTo(two.value(rows)).doesNotContain(":2000").contains(":1000");
      assertRefused(one, "INSERT INTO a.orders (id, amount) VALUES (900001, 3000)");
    }
  }

  @Tag("long")
  @Test
  void whatIsDoneTwiceByAServerThatForgotItComesToTheSame() throws Exception {
    try (TwoHomes homes = homes("column")) {
      Tenant tenant = homes.start("a");
      FailoverEnds.Promoted promoted = new FleetFailoverEnds(homes.fleet).promote(tenant, 2);
      new FleetFailoverEnds(homes.fleet).fenceOldHome(tenant, 2);
      new FleetFailoverEnds(homes.fleet).rejoin(tenant, 2);

      homes.restart(tenant); // whose store has not been told of the turn
      FailoverEnds ends = new FleetFailoverEnds(homes.fleet);
      await().until(() -> homes.fleet.status(tenant.id()).state() == TenantState.PROMOTED);
      assertThat(ends.promote(tenant, 2)).isEqualTo(promoted);
      Tenant turned = ends.rejoin(tenant, 2);
      homes.streams(tenant.id());
      two.execute("INSERT INTO a.orders (amount) VALUES (1000)");
      homes.catchUp(turned);
      assertThat(one.value("SELECT count(*) FROM a.orders")).isEqualTo("21");
    }
  }

  @Test
  void aServerThatDiedRightAfterItsPromotionAppliesNothingAndFindsIt() throws Exception {
    try (TwoHomes homes = homes("column")) {
      Tenant tenant = homes.start("a");
      new FleetFailoverEnds(homes.fleet).promote(tenant, 2);
      homes.fleet.close();
      Files.delete(directory.resolve("promotions").resolve(tenant.id().toString()));
      one.execute("INSERT INTO a.orders (amount) VALUES (1000)");

      homes.restart(tenant);
      await().until(() -> homes.fleet.status(tenant.id()).state() == TenantState.FAILED);
      assertThat(two.value("SELECT count(*) FROM a.orders")).isEqualTo("20");
      FailoverEnds ends = new FleetFailoverEnds(homes.fleet);
      ends.promote(tenant, 2);
      await().until(() -> homes.fleet.status(tenant.id()).state() == TenantState.PROMOTED);
      Lsn fence = ends.fenceOldHome(tenant, 2);
      assertThat(ends.account(tenant, 2, ends.promote(tenant, 2).position(), fence, PATIENCE).transactions()).isOne();
    }
  }

  @Test
  void whoHoldsTheRowInTheOldEpochIsEndedAndCommitsNothing() throws Exception {
    try (TwoHomes homes = homes("column")) {
      Tenant tenant = homes.start("a");
      try (Connection stranger = two.connect();
          Statement statement = stranger.createStatement()) {
        stranger.setAutoCommit(false);
        statement.execute("SET session_replication_role = replica");
        statement.execute("INSERT INTO a.orders (id, amount) VALUES (500, 500)");
        String advance = "UPDATE helios.replica SET position = position + 1 WHERE epoch = 1";
        assertThat(statement.executeUpdate(advance)).isOne();
        new FleetFailoverEnds(homes.fleet).promote(tenant, 2);
        assertThatThrownBy(stranger::commit).isInstanceOf(SQLException.class);
      }
      assertThat(two.value("SELECT epoch || role FROM helios.replica")).isEqualTo("2primary");
      assertThat(two.value("SELECT count(*) FROM a.orders WHERE id = 500")).isEqualTo("0");
    }
  }

  @Test
  void noNumberIsHandedOutThatTheOldHomeMayHaveHandedOut() throws Exception {
    try (TwoHomes homes = homes("column")) {
      one.execute(
          "CREATE TABLE a.notes (tenant_id text, id int GENERATED ALWAYS AS IDENTITY (INCREMENT 10 CACHE 50), PRIMARY KEY (tenant_id, id))",
          "CREATE TABLE a.marks (tenant_id text, id bigint DEFAULT 1, PRIMARY KEY (tenant_id, id))",
          "INSERT INTO a.notes (tenant_id) SELECT 'a' FROM generate_series(1, 5)");
      Tenant tenant = homes.start("a");
      two.execute("CREATE SEQUENCE a.of_marks OWNED BY a.marks.id",
          "ALTER TABLE a.marks ALTER id SET DEFAULT nextval('a.of_marks')");
      // Drawn after the last look, and of rows that never come: rolled back.
      String drawn = "SELECT max(nextval(%s)) FROM generate_series(1, 10000)";
      long orders = Long.parseLong(one.value(drawn.formatted("'a.orders_id_seq'")));
      long notes = Long.parseLong(one.value(drawn.formatted("'a.notes_id_seq'")));
      one.execute("INSERT INTO a.marks (tenant_id, id) VALUES ('a', 77)");
      homes.catchUp(tenant);

      new FleetFailoverEnds(homes.fleet).promote(tenant, 2);
      assertThat(Long.parseLong(two.value("SELECT nextval('a.orders_id_seq')"))).isGreaterThan(orders);
      assertThat(Long.parseLong(two.value("SELECT nextval('a.notes_id_seq')"))).isGreaterThan(notes);
      assertThat(two.value("SELECT nextval('a.of_marks')"))
          .as("never seen at the source, but rows have come").isEqualTo("78");
    }
  }

  /** A home that died right after a copy: what was written while a table was copied is in the journal, and in the copy as well. */
  @Test
  void whatCameWithTheCopyIsNotMissed() throws Exception {
    try (TwoHomes homes = homes("column")) {
      Tenant tenant = homes.start("a");
      FailoverEnds ends = new FleetFailoverEnds(homes.fleet);
      Lsn promoted = ends.promote(tenant, 2).position();
      one.execute("INSERT INTO a.orders (amount) VALUES (1000)");
      String copied = one.value("SELECT pg_current_wal_insert_lsn()");
      one.execute("INSERT INTO a.orders (amount) VALUES (2000)", "INSERT INTO a.orders (amount) VALUES (3000)");
      two.execute("UPDATE helios.copied_table SET copied_at_lsn = '" + copied + "' WHERE table_name = 'orders'");
      Lsn fence = ends.fenceOldHome(tenant, 2);
      Account account = ends.account(tenant, 2, promoted, fence, PATIENCE);
      assertThat(account.transactions()).isEqualTo(2);
      assertThat(account.tables()).singleElement().satisfies(t -> assertThat(t.inserts()).isEqualTo(2));
    }
  }

  @Test
  void whoWroteBeforeTheGuardWasUpIsWaitedForAndAccountedFor() throws Exception {
    try (TwoHomes homes = homes("column")) {
      Tenant tenant = homes.start("a");
      FailoverEnds ends = new FleetFailoverEnds(homes.fleet);
      Lsn promoted = ends.promote(tenant, 2).position();
      CompletableFuture<Lsn> fenced;
      try (Connection writer = one.connect(); Statement statement = writer.createStatement()) {
        writer.setAutoCommit(false);
        statement.execute("INSERT INTO a.orders (amount) VALUES (1000)");
        fenced = CompletableFuture.supplyAsync(() -> ends.fenceOldHome(tenant, 2));
        await().until(() -> one.value("SELECT to_regclass('helios.replica') IS NOT NULL").equals("t"));
        await().until(() -> one.value("SELECT count(*) FROM helios.replica").equals("1"));
        assertThat(fenced).isNotDone();
        writer.commit();
      }
      assertThat(ends.account(tenant, 2, promoted, fenced.get(), PATIENCE).transactions()).isOne();
      assertRefused(one, "INSERT INTO a.orders (amount) VALUES (2000)");
    }
  }

  @Tag("long")
  @Test
  void aWriterWhoStaysIsNamedAndNothingIsClosed() throws Exception {
    try (TwoHomes homes = homes("column")) {
      Tenant tenant = homes.start("a");
      homes.handover(tenant).arm();
      FailoverEnds ends = new FleetFailoverEnds(homes.fleet);
      ends.promote(tenant, 2);
      try (Connection writer = one.connect(); Statement statement = writer.createStatement()) {
        statement.execute("SET application_name = 'the writer'");
        writer.setAutoCommit(false);
        statement.execute("INSERT INTO a.orders (amount) VALUES (1000)");
        assertThatThrownBy(() -> ends.fenceOldHome(tenant, 2))
            .isInstanceOfSatisfying(
                TransientException.class,
                e -> {
                  assertThat(e.problem().code()).isEqualTo(ErrorCode.OLD_HOME_BUSY);
                  assertThat(e.problem().why()).contains("(the writer)");
                });
        writer.commit();
      }
      Lsn fence = ends.fenceOldHome(tenant, 2);
      Account account = ends.account(tenant, 2, ends.promote(tenant, 2).position(), fence, PATIENCE);
      assertThat(account.transactions()).isOne();
      ends.rejoin(tenant, 2);
      homes.streams(tenant.id());
      assertThat(one.value("SELECT count(*) FROM a.orders")).isEqualTo("20");
    }
  }

  @Test
  void whatMayNotBePromotedIsNot() throws Exception {
    Database three = Database.create(Postgres.shared(17, "target"));
    one.execute(
        "CREATE SCHEMA a", "CREATE TABLE a.orders (tenant_id text DEFAULT 'a', id int, PRIMARY KEY (tenant_id, id))");
    Database source = Database.create(Postgres.shared(17, "source"));
    source.execute("CREATE SCHEMA a", "CREATE TABLE a.orders (tenant_id text DEFAULT 'a', id int, PRIMARY KEY (tenant_id, id))");
    try (TwoHomes homes = new TwoHomes(directory, List.of(one, source), List.of(two, three), tenancy("column"))) {
      Tenant tenant = homes.start("a");
      FailoverEnds ends = new FleetFailoverEnds(homes.fleet);
      assertThat(homes.handover(tenant).refuse(4)).isTrue();
      assertThat(codeOf(() -> ends.promote(tenant, 4))).isEqualTo(ErrorCode.FAILOVER_DISPLACED);
      homes.streams(tenant.id());

      Tenant twin = homes.declare("twin", "a", source, two); // the same rows from elsewhere
      homes.fleet.startTenant(twin.id());
      homes.streams(twin.id());
      assertThat(ends.standing(tenant).obstacle()).isNotNull();
      assertThat(codeOf(() -> ends.promote(tenant, 5))).isEqualTo(ErrorCode.ROWS_HAVE_ONE_HOME);
      homes.fleet.removeTenant(twin.id(), false);

      two.execute("UPDATE helios.copied_table SET finished = false");
      assertThat(codeOf(() -> ends.promote(tenant, 5))).isEqualTo(ErrorCode.REPLICA_NOT_READY);
      two.execute("UPDATE helios.copied_table SET finished = true");
      one.execute("INSERT INTO a.orders (id) VALUES (1)");
      homes.catchUp(tenant); // it was let go again
      ends.promote(tenant, 5);
      assertThat(codeOf(() -> ends.promote(tenant, 6))).isEqualTo(ErrorCode.FAILOVER_DISPLACED);
      assertThat(codeOf(() -> homes.fleet.removeTenant(tenant.id(), true))).isEqualTo(ErrorCode.TENANT_PROMOTED);
    }
  }

  @Test
  void anAccountSaysWhatItCannotTellAndGoesWithItsKey() throws Exception {
    try (TwoHomes homes = homes("column")) {
      Tenant tenant = homes.start("a");
      FailoverEnds ends = new FleetFailoverEnds(homes.fleet);
      assertThat(codeOf(() -> ends.export(tenant, 2))).isEqualTo(ErrorCode.ACCOUNT_UNREADABLE);
      FailoverEnds.Promoted promoted = ends.promote(tenant, 2);
      one.execute("INSERT INTO a.orders (amount) VALUES (1000)");
      Lsn fence = ends.fenceOldHome(tenant, 2);
      assertThat(ends.account(tenant, 2, promoted.position(), fence, PATIENCE).missing()).isNull();
      assertThat(codeOf(() -> ends.account(tenant, 2, promoted.position(), new Lsn(Long.MAX_VALUE), Duration.ZERO)))
          .isEqualTo(ErrorCode.ACCOUNT_AWAITED);
      assertThat(ends.export(tenant, 2)).isNotEmpty();

      homes.fleet.shredKey(tenant.id());
      assertThat(codeOf(() -> ends.export(tenant, 2))).isEqualTo(ErrorCode.ACCOUNT_UNREADABLE);
      Account account = ends.account(tenant, 2, promoted.position(), fence, PATIENCE);
      assertThat(account.missing()).contains("HR-");
      assertThat(account.transactions()).isZero();
      assertThat(homes.fleet.status(tenant.id()).state()).isEqualTo(TenantState.PROMOTED);
      assertThatThrownBy(() -> homes.fleet.resyncTenant(tenant.id())).isInstanceOf(OperatorException.class);
    }
  }
}
