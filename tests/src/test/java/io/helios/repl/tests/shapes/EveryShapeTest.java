package io.helios.repl.tests.shapes;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.fixture.VersionPairs;
import io.helios.repl.tests.fixture.VersionPairs.VersionPair;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables of every shape through the whole engine, copied and then streamed: the target equals the source. */
class EveryShapeTest {

  private static final String KEY = " tenant_id text NOT NULL, id int NOT NULL, v text, PRIMARY KEY (tenant_id, id)";

  /** 63 bytes, of which some are of letters that take two and three. */
  private static final String LONGEST = "größte_€_" + "x".repeat(50);

  /** Names that are made alike on both sides: by us at the source, by helios-repl at the target. */
  private static final List<String> NAMES = List.of(
      "public.plain",
      "a.same",
      "b.same",
      "\"MiXed Case\".\"Ta.ble\"",
      "\"select\".\"order\"",
      "public.\"x\"\"; DROP TABLE plain; --\"",
      "\"it's $$ \\ ?\".\"%s :p {0} ?\"",
      "public.\"" + LONGEST + "\"");

  @TempDir Path directory;

  @ParameterizedTest
  @MethodSource(VersionPairs.DIAGONAL)
  void copiedAndStreamedBothSidesAreEqual(VersionPair pair) throws Exception {
    shapes(pair);
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource(VersionPairs.ALL)
  void copiedAndStreamedBothSidesAreEqualInEveryPair(VersionPair pair) throws Exception {
    shapes(pair);
  }

  private void shapes(VersionPair pair) throws Exception {
    Database source = pair.createSource();
    Database target = pair.createTarget();
    List<String> tables = new ArrayList<>(NAMES);
    for (String schema : List.of("a", "b", "\"MiXed Case\"", "\"select\"", "\"it's $$ \\ ?\"")) {
      source.execute("CREATE SCHEMA " + schema);
    }
    for (String name : NAMES) {
      source.execute("CREATE TABLE " + name + " (" + KEY + ")");
    }
    List<String> more = List.of("both_parts", "source_parts", "target_parts", "parent", "child", "always", "by_default",
        "stored", "ordered", "keyless", "late", "\"columns\"");
    tables.addAll(more);
    create(source, target, pair);
    for (String table : tables) {
      rows(source, table, 0, 40);
    }
    if (pair.source() == pair.target()) {
      wide(source);
      tables.add("wide");
    }

    try (Replication replication = new Replication(directory, source, target, new Tenancy.ByColumn("tenant_id"), null)) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      for (String table : tables) {
        rows(source, table, 1_000, table.equals("wide") ? 20 : table.equals("plain") || table.startsWith("public") ? 1_400 : 60);
        String from = (table.equals("parent") ? "ONLY " : "") + table;
        source.transaction(
            "UPDATE " + from + " SET v = 'updated' WHERE id % 5 = 0",
            "DELETE FROM " + from + " WHERE id % 7 = 0",
            "INSERT INTO " + table + " (tenant_id, id, v) " + overriding(table) + " SELECT t, 7, 'again' FROM unnest('{a,b,c}'::text[]) t");
      }
      for (String table : List.of("source_parts", "target_parts", "both_parts", "plain", "ordered")) {
        source.execute("UPDATE " + table + " SET id = id + 5000 WHERE id % 3 = 0");
      }
      source.execute("UPDATE always SET id = DEFAULT WHERE id = 11", "UPDATE late SET place = -place",
          "UPDATE \"columns\" SET \"SELECT\" = 2, \"a\"\"b\" = 'y', \"" + LONGEST + "\" = 3 WHERE id % 2 = 0");
      replication.catchUp(a);
      replication.catchUp(b);
      for (String table : tables) {
        String columns = source.query("SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = '"
                + table.replace("'", "''") + "'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum").stream()
            .collect(Collectors.joining(", "));
        String kind = target.value("SELECT relkind FROM pg_class WHERE oid = '" + table.replace("'", "''") + "'::regclass");
        String fromSource = "SELECT ROW(" + columns + ")::text FROM " + table + " WHERE tenant_id IN ('a', 'b') ORDER BY 1";
        String only = "SELECT ROW(" + columns + ")::text FROM ONLY " + table + " WHERE tenant_id IN ('a', 'b') ORDER BY 1";
        boolean inherits = table.equals("parent");
        assertThat(target.query(inherits && kind.equals("r") ? only : fromSource)).as(table)
            .isEqualTo(source.query(inherits ? only : fromSource)).isNotEmpty();
      }
      assertThat(target.value("SELECT count(*) FROM plain WHERE tenant_id = 'c'")).isEqualTo("0");
      assertThat(target.query("SELECT kind, table_name FROM helios.conflict")).isEmpty();
      for (UUID tenant : List.of(a, b)) {
        assertThat(Fleet.await(replication.fleet.verify(tenant, Replication.PATIENCE), Replication.PATIENCE).equal()).isTrue();
      }
    }
  }

  private static void create(Database source, Database target, VersionPair pair) {
    String parts = " PARTITION BY RANGE (id)";
    for (String table : List.of("both_parts", "source_parts")) {
      source.execute("CREATE TABLE " + table + " (" + KEY + ")" + parts,
          "CREATE TABLE " + table + "_low PARTITION OF " + table + " FOR VALUES FROM (MINVALUE) TO (1010)",
          "CREATE TABLE " + table + "_rest PARTITION OF " + table + " DEFAULT PARTITION BY LIST (tenant_id)",
          "CREATE TABLE " + table + "_a PARTITION OF " + table + "_rest FOR VALUES IN ('a')",
          "CREATE TABLE " + table + "_others PARTITION OF " + table + "_rest DEFAULT");
    }
    target.execute("CREATE TABLE source_parts (" + KEY + ")");
    source.execute("CREATE TABLE target_parts (" + KEY + ")");
    target.execute("CREATE TABLE target_parts (" + KEY + ")" + parts,
        "CREATE TABLE target_parts_1 PARTITION OF target_parts FOR VALUES FROM (0) TO (1020)",
        "CREATE TABLE target_parts_2 PARTITION OF target_parts DEFAULT");
    source.execute("CREATE TABLE parent (" + KEY + ")",
        "CREATE TABLE child (PRIMARY KEY (tenant_id, id)) INHERITS (parent)",
        "CREATE TABLE always (" + KEY.replace("id int NOT NULL", "id int GENERATED ALWAYS AS IDENTITY") + ")",
        "CREATE TABLE by_default (" + KEY.replace("id int NOT NULL", "id int GENERATED BY DEFAULT AS IDENTITY") + ")",
        "CREATE TABLE stored (" + KEY + ", twice int GENERATED ALWAYS AS (id * 2) STORED)",
        "CREATE TABLE ordered (" + KEY + ", n numeric DEFAULT 1.50, j jsonb DEFAULT '{\"a\": 1}')",
        "CREATE TABLE keyless (tenant_id text NOT NULL, id int, v text, j json DEFAULT '{\"a\":  1}')",
        "ALTER TABLE keyless REPLICA IDENTITY FULL",
        "CREATE TABLE late (" + KEY + ", place int GENERATED BY DEFAULT AS IDENTITY, UNIQUE (place) DEFERRABLE,"
            + " EXCLUDE USING btree (place WITH =) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE \"columns\" (" + KEY + ", \"SELECT\" int, \"a\"\"b\" text, \"" + LONGEST + "\" int, \"ctid?\" text)");
    if (pair.source() >= 18 && pair.target() >= 18) {
      source.execute("ALTER TABLE stored ADD later int GENERATED ALWAYS AS (id + 1) VIRTUAL");
    }
    target.execute("CREATE TABLE ordered (j jsonb, mine text NOT NULL DEFAULT 'here', v text, dropped int, id int,"
        + " n numeric, tenant_id text, nothing text, PRIMARY KEY (tenant_id, id))", "ALTER TABLE ordered DROP COLUMN dropped");
  }

  /** As many columns as there can be. */
  private static void wide(Database source) {
    source.execute("CREATE TABLE wide (" + KEY + ", "
        + IntStream.range(0, 1597).mapToObj(i -> "c" + i + " \"char\" DEFAULT 'x'").collect(Collectors.joining(", ")) + ")");
    rows(source, "wide", 0, 5);
  }

  private static void rows(Database source, String table, int from, int count) {
    source.execute("INSERT INTO " + table + " (tenant_id, id, v) " + overriding(table)
        + " SELECT (ARRAY['a','b','c'])[1 + g % 3], g, 'v' || g FROM generate_series(" + (from + 1) + ", " + (from + count) + ") g");
  }

  private static String overriding(String table) {
    return table.equals("always") ? "OVERRIDING SYSTEM VALUE" : "";
  }

  @Test
  void aTableWithNothingToTellItsRowsByIsRefusedByNameBeforeAnythingStarts() throws Exception {
    Database source = Database.create(Postgres.shared(17, "source"));
    Database target = Database.create(Postgres.shared(17, "target"));
    source.execute("CREATE TABLE plain (" + KEY.replace("tenant_id text NOT NULL,", "").replace("tenant_id, ", "") + ")",
        "CREATE TABLE nothing ()", "ALTER TABLE nothing REPLICA IDENTITY FULL");
    try (Replication replication = new Replication(directory, source, target, new Tenancy.ByDatabase(), null)) {
      UUID all = replication.add("all", DesiredState.CREATED);
      replication.fleet.startTenant(all);
      var error = Objects.requireNonNull(replication.becomes(all, TenantState.FAILED).error());
      assertThat(error.table()).isEqualTo("public.nothing");
      assertThat(error.hint()).contains("!public.nothing");
      source.execute("DROP TABLE nothing");
      replication.fleet.startTenant(all);
      replication.becomes(all, TenantState.STREAMING);
    }
  }

  @Test
  void aKeyThatIsCheckedLaterAtTheSourceAndAtOnceAtTheTargetIsRefused() throws Exception {
    Database source = Database.create(Postgres.shared(17, "source"));
    Database target = Database.create(Postgres.shared(17, "target"));
    source.execute("CREATE TABLE t (" + KEY + ", place int UNIQUE DEFERRABLE)");
    target.execute("CREATE TABLE t (" + KEY + ", place int UNIQUE)");
    try (Replication replication =
        new Replication(directory, source, target, new Tenancy.ByColumn("tenant_id"), null)) {
      UUID a = replication.add("a", DesiredState.CREATED);
      replication.fleet.startTenant(a);
      var error = Objects.requireNonNull(replication.becomes(a, TenantState.FAILED).error());
      assertThat(error.toString()).contains("public.t").contains("DEFERRABLE");
    }
  }
}
