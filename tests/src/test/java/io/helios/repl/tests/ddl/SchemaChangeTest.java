package io.helios.repl.tests.ddl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.apply.DdlPolicy;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.status.Finding;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The source's schema changes while its tenants stream. */
class SchemaChangeTest {

  private static final Tenancy BY_COLUMN = new Tenancy.ByColumn("tenant_id");
  private static final String[] ORDERS = {
    "CREATE TYPE mood AS ENUM ('sad', 'glad')",
    "CREATE TABLE orders (tenant_id text, id bigint, note varchar(5), small int2, amount numeric(6,2), feels mood,"
        + " PRIMARY KEY (tenant_id, id))",
    "INSERT INTO orders SELECT t, i, 'x', i, i, 'sad' FROM unnest(ARRAY['a', 'b']) t, generate_series(1, 5) i"
  };
  private static final String ALL = "SELECT o::text FROM orders o ORDER BY tenant_id, id";

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private Replication replicate(@Nullable DdlPolicy ddl) {
    return new Replication(directory, source, target, BY_COLUMN, null, ddl);
  }

  @ParameterizedTest
  @CsvSource({"17, 17", "14, 18"})
  void columnsTypesAndEnumValuesAreCarriedOutOnTablesThatWeMade(int sourceMajor, int targetMajor) throws Exception {
    Database from = Database.create(Postgres.shared(sourceMajor, "source"));
    Database to = Database.create(Postgres.shared(targetMajor, "target"));
    from.execute(ORDERS);
    try (Replication replication = new Replication(directory, from, to, BY_COLUMN, null)) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      from.transaction(
          "INSERT INTO orders VALUES ('a', 6, 'old', 1, 1, 'sad')",
          "ALTER TABLE orders ADD COLUMN plain int, ADD COLUMN given text NOT NULL DEFAULT E'it''s \\\\ so',"
              + " ADD COLUMN list int[] DEFAULT '{1,2}', ADD COLUMN at timestamptz DEFAULT now()",
          "INSERT INTO orders VALUES ('a', 7, 'new', 1, 1, 'sad', 8, 'mine', '{3}', '2020-02-02 00:00+00')");
      replication.catchUp(a);
      from.execute(
          "ALTER TABLE orders ALTER COLUMN note TYPE text, ALTER COLUMN small TYPE bigint,"
              + " ALTER COLUMN amount TYPE numeric(12,2)",
          "INSERT INTO orders VALUES ('a', 8, 'longer than five', 5000000000, 123456789.01, 'sad')",
          "ALTER TYPE mood ADD VALUE 'bored' AFTER 'sad'",
          "ALTER TYPE mood ADD VALUE 'furious' BEFORE 'sad'",
          "UPDATE orders SET feels = 'bored' WHERE id = 1",
          "UPDATE orders SET feels = 'furious' WHERE id = 2",
          "CREATE TYPE colour AS ENUM ('red', 'green')",
          "ALTER TABLE orders ADD COLUMN paint colour DEFAULT 'green'",
          "UPDATE orders SET paint = 'red' WHERE id = 3");
      replication.catchUp(a);
      replication.catchUp(b);
      replication.equal(ALL);
      replication.equal("SELECT enum_range(NULL::mood)::text");
      from.execute("INSERT INTO orders (tenant_id, id) VALUES ('b', 100)");
      replication.catchUp(b);
      replication.equal(ALL);
      assertThat(replication.fleet.status(a).conflicts() + replication.fleet.status(b).conflicts()).isZero();
    }
  }

  @Test
  void underPolicyStopTheTenantStopsWithTheSqlThatLetsItGoOn() throws Exception {
    source.execute(ORDERS);
    try (Replication replication = replicate(DdlPolicy.STOP)) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      source.execute(
          "ALTER TABLE orders ADD COLUMN extra int DEFAULT 7",
          "INSERT INTO orders VALUES ('a', 6, 'y'), ('b', 6, 'y')",
          "DELETE FROM orders WHERE id = 1");
      Problem problem = failed(replication, a, ErrorCode.SCHEMA_CHANGE_REFUSED);
      failed(replication, b, ErrorCode.SCHEMA_CHANGE_REFUSED);
      mend(problem);
      goOn(replication, a);
      goOn(replication, b);
      replication.equal(ALL);
    }
  }

  @Test
  void aColumnThatWasAddedByHandWithoutItsDefaultIsFilledForTheTenantAlone() throws Exception {
    source.execute(ORDERS);
    try (Replication replication = replicate(null)) {
      UUID a = replication.start("a");
      target.execute(
          "INSERT INTO orders VALUES ('stranger', 1)", "ALTER TABLE orders ADD COLUMN extra int");
      source.execute("ALTER TABLE orders ADD COLUMN extra int DEFAULT 7", "UPDATE orders SET note = 'y' WHERE id = 1");
      replication.catchUp(a);
      replication.equal("SELECT o::text FROM orders o WHERE tenant_id = 'a' ORDER BY id");
      assertThat(target.value("SELECT extra FROM orders WHERE tenant_id = 'stranger'")).isEqualTo("null");
    }
  }

  @Test
  void aColumnDroppedAndMadeAgainWithAnotherTypeInOneTransactionStopsAndNothingIsLost() throws Exception {
    source.execute(ORDERS);
    try (Replication replication = replicate(null)) {
      UUID a = replication.start("a");
      source.transaction(
          "UPDATE orders SET small = 99 WHERE id = 1",
          "ALTER TABLE orders DROP COLUMN feels, DROP COLUMN small",
          "ALTER TABLE orders ADD COLUMN small bigint DEFAULT 3",
          "UPDATE orders SET small = 77 WHERE id = 2");
      Problem problem = failed(replication, a, ErrorCode.COLUMN_RECREATED);
      source.execute("INSERT INTO orders (tenant_id, id) VALUES ('a', 50)");
      mend(problem);
      goOn(replication, a);
      replication.equal("SELECT id, note, small, amount FROM orders WHERE tenant_id = 'a' ORDER BY id");
    }
  }

  @Test
  void aTableThatIsRenamedInATransactionStopsAndGoesOnUnderItsNewName() throws Exception {
    source.execute(ORDERS);
    try (Replication replication = replicate(null)) {
      UUID a = replication.start("a");
      source.transaction(
          "INSERT INTO orders (tenant_id, id) VALUES ('a', 20)",
          "ALTER TABLE orders RENAME TO sales",
          "INSERT INTO sales (tenant_id, id) VALUES ('a', 21)",
          "ALTER TABLE sales ADD COLUMN more int DEFAULT 1",
          "DELETE FROM sales WHERE id = 1");
      Problem problem = failed(replication, a, ErrorCode.TABLE_RENAMED);
      mend(problem);
      goOn(replication, a);
      replication.equal("SELECT o::text FROM sales o WHERE tenant_id = 'a' ORDER BY id");
      assertThat(replication.fleet.status(a).copy().rows()).isZero();
      assertThat(target.value("SELECT count(*) FROM helios.guard")).isEqualTo("1");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "ALTER TABLE orders RENAME COLUMN note TO remark",
    "ALTER TABLE orders ALTER COLUMN small TYPE text USING small::text",
    "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
    "ALTER TABLE orders ALTER COLUMN note TYPE varchar(3)"
  })
  void whatIsNotCarriedOutStopsByNameAndTheHintMendsIt(String change) throws Exception {
    source.execute(ORDERS);
    try (Replication replication = replicate(DdlPolicy.APPLY)) {
      UUID a = replication.start("a");
      source.execute(change, "UPDATE orders SET amount = 2, feels = feels WHERE id = 1",
          "INSERT INTO orders (tenant_id, id) VALUES ('a', 33)", "UPDATE orders SET amount = 3");
      Problem problem = Objects.requireNonNull(replication.becomes(a, TenantState.FAILED).error());
      assertThat(problem.code().id()).startsWith("HR-33");
      mend(problem);
      goOn(replication, a);
      replication.equal("SELECT o::text FROM orders o WHERE tenant_id = 'a' ORDER BY id");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid()",
    "ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY"
  })
  void aColumnWhoseEarlierRowsDifferNeedsAResync(String change) throws Exception {
    source.execute(ORDERS);
    try (Replication replication = replicate(null)) {
      UUID a = replication.start("a");
      source.execute(change, "UPDATE orders SET amount = 2 WHERE id = 1");
      failed(replication, a, ErrorCode.COLUMN_NOT_ADDABLE);
      target.execute(change);
      replication.fleet.resyncTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      source.execute("UPDATE orders SET amount = 3 WHERE id = 2");
      replication.catchUp(a);
      replication.equal("SELECT o::text FROM orders o WHERE tenant_id = 'a' ORDER BY id");
    }
  }

  /** PostgreSQL 14 alone: old rows of a partition come with NULL where the catalog has the default. */
  @Test
  void anOldRowThatComesWithoutItsDefaultIsNeverTakenForAnother() throws Exception {
    Database from = Database.create(Postgres.shared(14, "source"));
    from.execute(
        "CREATE TABLE bare (tenant_id text NOT NULL, v int) PARTITION BY LIST (tenant_id)",
        "CREATE TABLE bare_1 PARTITION OF bare DEFAULT",
        "ALTER TABLE bare REPLICA IDENTITY FULL",
        "ALTER TABLE bare_1 REPLICA IDENTITY FULL",
        "INSERT INTO bare SELECT 'a', i FROM generate_series(1, 5) i");
    try (Replication replication = new Replication(directory, from, target, BY_COLUMN, null)) {
      UUID a = replication.start("a");
      from.execute(
          "ALTER TABLE bare ADD COLUMN extra int DEFAULT 7",
          "DELETE FROM bare WHERE v = 1",
          "UPDATE bare SET v = 20 WHERE v = 2");
      Problem problem = failed(replication, a, ErrorCode.EARLIER_VALUES_LOST);
      assertThat(replication.fleet.checkSource("shop")).filteredOn(Finding::isError).singleElement()
          .satisfies(f -> assertThat(f.code()).isEqualTo(ErrorCode.EARLIER_VALUES_LOST));
      String[] hint = problem.hint().split(";\n");
      from.execute(hint[0].replaceFirst("^at the source: ", ""));
      target.execute(hint[1].replaceFirst("^at the target: ", ""));
      assertThat(replication.fleet.checkSource("shop")).noneMatch(Finding::isError);
      replication.fleet.resyncTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      from.execute("DELETE FROM bare WHERE v = 3", "UPDATE bare SET v = 40 WHERE v = 4");
      replication.catchUp(a);
      replication.equal("SELECT b::text FROM bare b ORDER BY 1");
      assertThat(replication.fleet.status(a).conflicts()).isZero();
    }
  }

  @Test
  void aValueThatWasAddedToATypeArrivesAlsoWhenItsColumnIsGoneSince() throws Exception {
    source.execute(ORDERS);
    try (Replication replication = replicate(null)) {
      UUID a = replication.start("a");
      replication.fleet.pauseTenant(a);
      replication.becomes(a, TenantState.PAUSED);
      source.execute(
          "ALTER TYPE mood ADD VALUE 'bored'",
          "UPDATE orders SET feels = 'bored' WHERE tenant_id = 'a'",
          "ALTER TABLE orders DROP COLUMN feels",
          "INSERT INTO orders VALUES ('a', 6, 'y')");
      replication.fleet.resumeTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      replication.catchUp(a);
      replication.equal("SELECT id, note FROM orders WHERE tenant_id = 'a' ORDER BY id");
      assertThat(target.query("SELECT feels FROM orders WHERE id = 1")).containsExactly("bored");
    }
  }

  @Test
  void aDroppedColumnStaysAtTheTargetUnlessItInsists() throws Exception {
    source.execute("CREATE TABLE orders (tenant_id text, id bigint, note text, must int NOT NULL, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO orders VALUES ('a', 1, 'x', 1)");
    try (Replication replication = replicate(null)) {
      UUID a = replication.start("a");
      source.execute("ALTER TABLE orders DROP COLUMN note", "INSERT INTO orders VALUES ('a', 2, 2)");
      replication.catchUp(a);
      source.execute("ALTER TABLE orders DROP COLUMN must", "INSERT INTO orders VALUES ('a', 3)");
      failed(replication, a, ErrorCode.COLUMN_DROPPED);
      target.execute("ALTER TABLE orders ALTER COLUMN must DROP NOT NULL");
      goOn(replication, a);
      replication.equal("SELECT tenant_id, id FROM orders ORDER BY id");
      assertThat(target.query("SELECT note, must FROM orders ORDER BY id"))
          .containsExactly("x|1", "null|2", "null|null");
    }
  }

  @Test
  void aTableThatWasMadeAgainNeedsAResync() throws Exception {
    source.execute(ORDERS);
    try (Replication replication = replicate(null)) {
      UUID a = replication.start("a");
      source.transaction(
          "CREATE TABLE next (LIKE orders INCLUDING ALL)",
          "INSERT INTO next SELECT * FROM orders WHERE id > 3",
          "DROP TABLE orders",
          "ALTER TABLE next RENAME TO orders",
          "ALTER PUBLICATION helios_" + source.name() + " ADD TABLE orders");
      source.execute("INSERT INTO orders (tenant_id, id) VALUES ('a', 50)");
      failed(replication, a, ErrorCode.TABLE_RECREATED);
      replication.fleet.resyncTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      source.execute("UPDATE orders SET amount = 3 WHERE id = 4");
      replication.catchUp(a);
      replication.equal("SELECT o::text FROM orders o WHERE tenant_id = 'a' ORDER BY id");
    }
  }

  @Test
  void anAlterThatWouldWaitLetsReadersPassAndIsTriedAgain() throws Exception {
    source.execute(ORDERS);
    try (Replication replication = replicate(null);
        var reader = target.connect()) {
      UUID a = replication.start("a");
      reader.setAutoCommit(false);
      reader.createStatement().execute("SELECT count(*) FROM orders");
      source.execute("ALTER TABLE orders ADD COLUMN extra int", "UPDATE orders SET extra = 1");
      await().atMost(Replication.PATIENCE).until(() -> {
        Problem error = replication.fleet.status(a).error();
        return error != null && error.code() == ErrorCode.SCHEMA_CHANGE_WAITS;
      });
      assertThat(replication.fleet.status(a).state()).isEqualTo(TenantState.STREAMING);
      reader.rollback();
      replication.catchUp(a);
      replication.equal("SELECT o::text FROM orders o WHERE tenant_id = 'a' ORDER BY id");
    }
  }

  @Test
  @Tag("long")
  void aTableThatIsNotPublishedIsSaidAndTakenUpByTheNextStart() throws Exception {
    source.execute(ORDERS);
    try (Replication replication = replicate(null)) {
      UUID a = replication.start("a");
      source.execute("CREATE TABLE late (tenant_id text, id int, PRIMARY KEY (tenant_id, id))",
          "INSERT INTO late VALUES ('a', 1)");
      await().atMost(Replication.PATIENCE).until(() -> replication.events.stream()
          .anyMatch(e -> {
            Problem problem = e.problem();
            return problem != null && problem.code() == ErrorCode.TABLES_NOT_PUBLISHED
                && problem.message().contains("public.late");
          }));
      replication.fleet.stopTenant(a);
      replication.becomes(a, TenantState.STOPPED);
      goOn(replication, a);
      source.execute("INSERT INTO late VALUES ('a', 2)");
      replication.catchUp(a);
      replication.equal("SELECT * FROM late ORDER BY id");
    }
  }

  private static Problem failed(Replication replication, UUID tenant, ErrorCode code) {
    Problem problem = Objects.requireNonNull(replication.becomes(tenant, TenantState.FAILED).error());
    assertThat(problem.code()).as(problem.toString()).isEqualTo(code);
    assertThat(problem.table()).isNotNull();
    assertThat(problem.lsn()).isNotNull();
    return problem;
  }

  /** Runs the hint's SQL at the target, as its reader would. */
  private void mend(Problem problem) {
    String sql = problem.hint().replaceAll("(?s)(^|;)\\s*(then: |\\(or).*", "$1").replaceAll(" \\(as the source did it\\)", "");
    target.execute(sql.split(";\\s*"));
  }

  private static void goOn(Replication replication, UUID tenant) throws InterruptedException {
    replication.fleet.startTenant(tenant);
    replication.becomes(tenant, TenantState.STREAMING);
    replication.catchUp(tenant);
  }
}
