package io.helios.repl.tests.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.helios.repl.apply.ReadOnlyGuard;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.apply.TargetHealth;
import io.helios.repl.apply.TargetSchema;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.status.Finding;
import io.helios.repl.tenant.Tenancy;
import java.io.IOException;
import java.io.StringReader;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;

class ReadOnlyGuardTest {

  private static final String SHARED = "CREATE TABLE t (tenant_id int, id int, v text, PRIMARY KEY (tenant_id, id))";

  /** As it is at a tenant's old home: it was armed there, and follows now. */
  private static void arm(ApplyFixture fixture, ReplicaTenant tenant, String table) throws SQLException {
    fixture.onTarget("UPDATE helios.replica SET role = 'primary' WHERE tenant = '" + tenant.id() + "'");
    ReadOnlyGuard.arm(fixture.target, tenant.id(), "public", table, "tenant_id", "1");
    fixture.onTarget("UPDATE helios.replica SET role = 'replica' WHERE tenant = '" + tenant.id() + "'");
  }

  private static List<String> triggers(ApplyFixture fixture) throws SQLException {
    return fixture.target(
        "SELECT tgrelid::regclass || ' ' || tgname || CASE WHEN tgqual IS NULL THEN '' ELSE ' never' END FROM pg_trigger"
            + " WHERE tgname LIKE '!helios%' ORDER BY tgrelid::regclass::text, tgname");
  }

  private static void lift(ApplyFixture fixture, ReplicaTenant tenant) throws SQLException {
    ReadOnlyGuard.lift(fixture.target, tenant.id());
    ReadOnlyGuard.sweep(fixture.target);
  }

  private static void refused(ThrowingCallable write) {
    assertThatThrownBy(write).isInstanceOfSatisfying(SQLException.class, e -> {
      assertThat(e.getSQLState()).isEqualTo(SqlStates.READ_ONLY);
      assertThat(e.getMessage())
          .contains("tenant \"tenant-1\" is read-only here: its primary is in region us-east-1")
          .contains("Hint: Write at the primary.");
    });
  }

  @Test
  void aReplicasRowsOfASharedTableAreReadOnlyAndOthersStayWritable() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a')");
      fixture.apply();
      for (int twice = 0; twice < 2; twice++) {
        ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      }
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (1, 2, 'x')"));
      refused(() -> fixture.onTarget("UPDATE t SET v = 'x'"));
      refused(() -> fixture.onTarget("DELETE FROM t WHERE id = 1"));
      refused(() -> fixture.onTarget("TRUNCATE t"));
      refused(() -> fixture.onTarget("MERGE INTO t USING (SELECT 1) s ON t.id = 1 WHEN MATCHED THEN DELETE"));
      fixture.onTarget("INSERT INTO t VALUES (2, 1, 'theirs')", "UPDATE t SET v = 'x' WHERE tenant_id = 2");
      refused(() -> fixture.onTarget("UPDATE t SET tenant_id = 1, id = 9 WHERE tenant_id = 2"));
      fixture.onTarget("DELETE FROM t WHERE tenant_id = 2");

      fixture.transaction("UPDATE t SET v = 'from the source'", "INSERT INTO t VALUES (1, 3, 'c')");
      fixture.apply();
      assertThat(one.status().error()).isNull();
      assertThat(fixture.target("SELECT id, v FROM t ORDER BY 1")).containsExactly("1|from the source", "3|c");
    }
  }

  @Test
  void aTriggerThatTurnsAForeignRowIntoAReplicasIsRefused() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.onTarget(
          "CREATE FUNCTION sneak() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.tenant_id := 1; RETURN NEW; END'",
          "CREATE TRIGGER zzz BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION sneak()");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (2, 2, 'x')"));
    }
  }

  @Test
  void namesPlantedInPublicDoNotOpenIt() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      fixture.onTarget(
          "CREATE FUNCTION public.never(text, text) RETURNS bool LANGUAGE sql AS 'SELECT false'",
          "CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.never)",
          "CREATE ROLE intruder" + fixture.targetDatabase,
          "GRANT ALL ON ALL TABLES IN SCHEMA public TO intruder" + fixture.targetDatabase,
          "SET search_path = public, pg_catalog",
          "SET ROLE intruder" + fixture.targetDatabase);
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (1, 2, 'x')"));
      assertThatThrownBy(() -> fixture.onTarget("DELETE FROM helios.guarded")).isInstanceOf(SQLException.class);
      fixture.onTarget("INSERT INTO t VALUES (2, 2, 'x')", "RESET ROLE", "RESET search_path");
    }
  }

  @Test
  void theGuardGoesWithTheLastReplicaInTheTable() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      ReadOnlyGuard.install(fixture.target, two.id(), "public", "t", "tenant_id", "2");
      String triggers = "SELECT count(*) FROM pg_trigger WHERE tgname LIKE '!helios%'";
      lift(fixture, two);
      fixture.onTarget("INSERT INTO t VALUES (2, 1, 'mine now')");
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (1, 1, 'x')"));
      assertThat(fixture.target(triggers)).containsExactly("2");
      lift(fixture, one);
      lift(fixture, one);
      fixture.onTarget("INSERT INTO t VALUES (1, 1, 'x')", "TRUNCATE t");
      assertThat(fixture.target(triggers)).containsExactly("0");
    }
  }

  @Test
  void aTableOfOnesOwnIsGuardedAsAWholeWithItsPartitions() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.whole(
        "CREATE TABLE \"p \"\"q\" (id int PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF \"p \"\"q\" FOR VALUES FROM (0) TO (10)")) {
      ReplicaTenant one = fixture.tenant("1");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "p \"q", null, "1");
      refused(() -> fixture.onTarget("INSERT INTO p1 VALUES (1)"));
      refused(() -> fixture.onTarget("INSERT INTO \"p \"\"q\" VALUES (1)"));
      refused(() -> fixture.onTarget("TRUNCATE p1"));
      fixture.transaction("INSERT INTO \"p \"\"q\" VALUES (1)");
      fixture.apply();
      assertThat(fixture.target("SELECT * FROM p1")).containsExactly("1");
      lift(fixture, one);
      fixture.onTarget("INSERT INTO p1 VALUES (2)");
    }
  }

  @Test
  void partitionsOfASharedTableAreGuardedDirectlyToo() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int) PARTITION BY RANGE (id)",
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)")) {
      ReplicaTenant one = fixture.tenant("1");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      refused(() -> fixture.onTarget("INSERT INTO t1 VALUES (1, 1)"));
      refused(() -> fixture.onTarget("TRUNCATE t1"));
      fixture.onTarget("CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20)", "INSERT INTO t2 VALUES (2, 11)");
      refused(() -> fixture.onTarget("INSERT INTO t2 VALUES (1, 12)"));
    }
  }

  @Test
  void theDoctorFindsPartitionsWhoseGuardIsLostAndPreparingBringsItBack() throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE t (tenant_id int, id int) PARTITION BY RANGE (id)",
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE \"Whole\" (id int)")) {
      ReplicaTenant one = fixture.tenant("1");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "Whole", null, "1");
      for (String table : List.of("t", "Whole")) {
        fixture.onTarget(
            "INSERT INTO helios.copied_table (tenant, schema_name, table_name, finished) VALUES ('" + one.id() + "', 'public', '" + table
                + "', true) ON CONFLICT (tenant, schema_name, table_name) DO UPDATE SET finished = true");
      }
      assertThat(TargetHealth.run(fixture.target, "eu")).isEmpty();

      fixture.onTarget("CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20)", "ALTER TABLE \"Whole\" DISABLE TRIGGER ALL");
      assertThat(TargetHealth.run(fixture.target, "eu")).extracting(Finding::table, Finding::hint)
          .containsExactly(
              tuple("public.Whole", "ALTER TABLE public.\"Whole\" ENABLE TRIGGER \"!helios_guard_table\";"),
              tuple("public.t", "helios-repl target prepare eu"));

      fixture.onTarget("ALTER TABLE public.\"Whole\" ENABLE TRIGGER \"!helios_guard_table\"");
      fixture.onTarget(ReadOnlyGuard.missing(fixture.target).toArray(String[]::new));
      assertThat(TargetHealth.run(fixture.target, "eu")).isEmpty();
      assertThat(ReadOnlyGuard.missing(fixture.target)).isEmpty();
      refused(() -> fixture.onTarget("TRUNCATE t2"));
      refused(() -> fixture.onTarget("INSERT INTO \"Whole\" VALUES (1)"));
    }
  }

  /** Every way to write, of which none may touch what is the replica's: row 1 of tenant 1, or a new row 2. */
  private static List<String> writes(int major) {
    return Stream.of(
        "INSERT INTO t VALUES (1, 2, 'x')",
        "INSERT INTO t SELECT 1, 2, 'x'",
        "INSERT INTO t VALUES (1, 2, 'x') ON CONFLICT DO NOTHING",
        "INSERT INTO t VALUES (1, 1, 'x') ON CONFLICT (tenant_id, id) DO UPDATE SET v = 'x'",
        "UPDATE t SET v = 'x' WHERE id = 1",
        "UPDATE t SET v = v",
        "UPDATE ONLY t SET tenant_id = 3",
        "DELETE FROM t",
        "WITH gone AS (DELETE FROM t RETURNING *) SELECT count(*) FROM gone",
        "TRUNCATE t",
        "TRUNCATE parent CASCADE",
        "MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = 'x'",
        "MERGE INTO t USING (SELECT 2 AS id) s ON t.id = s.id WHEN NOT MATCHED THEN INSERT VALUES (1, 2, 'x')",
        "INSERT INTO simple VALUES (1, 2, 'x')",
        "UPDATE simple SET v = 'x'",
        "DELETE FROM simple",
        "INSERT INTO ruled VALUES (1, 2)",
        "INSERT INTO triggered VALUES (1, 2)",
        "SELECT definer()",
        "DELETE FROM parent WHERE id = 1",
        "UPDATE parent SET id = 7 WHERE id = 1")
        .filter(write -> major >= 15 || !write.startsWith("MERGE"))
        .toList();
  }

  private static void surround(ApplyFixture fixture) throws SQLException {
    fixture.onTarget(
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "INSERT INTO parent VALUES (1), (2), (8)",
        "ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE",
        "CREATE VIEW simple AS SELECT * FROM t",
        "CREATE VIEW ruled AS SELECT tenant_id, id FROM t",
        "CREATE RULE there AS ON INSERT TO ruled DO INSTEAD INSERT INTO t VALUES (NEW.tenant_id, NEW.id, 'x')",
        "CREATE VIEW triggered AS SELECT tenant_id, id FROM t",
        "CREATE FUNCTION there() RETURNS trigger LANGUAGE plpgsql AS"
            + " 'BEGIN INSERT INTO t VALUES (NEW.tenant_id, NEW.id, ''x''); RETURN NEW; END'",
        "CREATE TRIGGER there INSTEAD OF INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION there()",
        "CREATE FUNCTION definer() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'UPDATE t SET v = ''x'''");
  }

  private static void copy(ApplyFixture fixture, String rows) throws SQLException, IOException {
    fixture.target.unwrap(PGConnection.class).getCopyAPI()
        .copyIn("COPY t FROM STDIN (FORMAT csv)", new StringReader(rows + "\n"));
  }

  private static void everyWriteIsRefused(ApplyFixture fixture) throws SQLException {
    String owner = "owner_" + fixture.targetDatabase;
    fixture.onTarget(
        "CREATE ROLE " + owner,
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO " + owner,
        "ALTER TABLE t OWNER TO " + owner,
        "ALTER TABLE parent OWNER TO " + owner);
    List<String> before = fixture.target("SELECT * FROM t ORDER BY 1, 2");
    for (String role : List.of("postgres", owner)) {
      fixture.onTarget("SET ROLE " + role);
      for (String write : writes(fixture.target.getMetaData().getDatabaseMajorVersion())) {
        refused(() -> fixture.onTarget(write));
      }
      refused(() -> copy(fixture, "1,2,x"));
      fixture.onTarget("RESET ROLE");
    }
    assertThat(fixture.target("SELECT * FROM t ORDER BY 1, 2")).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({"14, false", "14, true", "17, false", "17, true", "18, true"})
  void whicheverWayAReplicasRowsOfASharedTableAreWrittenItIsRefusedAndOthersAreWritable(int major, boolean armed)
      throws Exception {
    try (ApplyFixture fixture = new ApplyFixture(major, new Tenancy.ByColumn("tenant_id"), SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a')");
      fixture.apply();
      surround(fixture);
      if (armed) {
        arm(fixture, one, "t");
      } else {
        ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      }
      everyWriteIsRefused(fixture);

      copy(fixture, "2,1,theirs");
      fixture.onTarget(
          "INSERT INTO t VALUES (2, 1, 'x') ON CONFLICT (tenant_id, id) DO UPDATE SET v = 'updated'",
          "INSERT INTO t VALUES (2, 1, 'x') ON CONFLICT DO NOTHING",
          "INSERT INTO simple VALUES (2, 2, 'x')",
          major < 15
              ? "DELETE FROM t WHERE tenant_id = 2 AND id = 2"
              : "MERGE INTO t USING (SELECT 2 AS id) s ON t.id = s.id AND t.tenant_id = 2 WHEN MATCHED THEN DELETE");
      assertThat(fixture.target("SELECT * FROM t WHERE tenant_id = 2")).containsExactly("2|1|updated");
      refused(() -> copy(fixture, "2,8,theirs\n1,2,not theirs"));

      fixture.onTarget("INSERT INTO t VALUES (1, 1, 'x') ON CONFLICT DO NOTHING");
      assertThatThrownBy(() -> fixture.onTarget("INSERT INTO t VALUES (1, 1, 'x')"))
          .as("the key is found taken before the guard is asked")
          .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("23505"));
      assertThat(fixture.target("SELECT * FROM t WHERE tenant_id = 1")).containsExactly("1|1|a");
    }
  }

  @Test
  void aTableThatNobodyReachesButByItsNameIsGuardedOnceForAStatementUntilAReplicaComes() throws Exception {
    try (ApplyFixture fixture = ApplyFixture.shared(
        SHARED,
        "CREATE TABLE base (tenant_id int)",
        "CREATE TABLE child (id int) INHERITS (base)",
        "CREATE TABLE p (tenant_id int, id int) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)")) {
      ReplicaTenant one = fixture.tenant("1");
      for (String table : List.of("t", "base", "child", "p")) {
        arm(fixture, one, table);
      }
      assertThat(triggers(fixture))
          .containsExactly(
              "base !helios_guard", "base !helios_guard_table", "child !helios_guard", "child !helios_guard_table",
              "p !helios_guard", "p !helios_guard_table", "p1 !helios_guard", "p1 !helios_guard_table",
              "t !helios_guard never", "t !helios_guard_delete", "t !helios_guard_insert", "t !helios_guard_table",
              "t !helios_guard_update");
      for (String reach : List.of(
          "ALTER TABLE t INHERIT base",
          "ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (10) TO (20)")) {
        fixture.onTarget("ALTER TABLE t DROP COLUMN IF EXISTS v");
        assertThatThrownBy(() -> fixture.onTarget(reach)).hasMessageContaining("\"!helios_guard\" prevents table \"t\"");
      }
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (2, 1), (1, 2), (3, 1)"));
      refused(() -> fixture.onTarget("INSERT INTO p VALUES (1, 2)"));
      fixture.onTarget("INSERT INTO t VALUES (2, 1), (3, 1)");
      refused(() -> fixture.onTarget("UPDATE t SET tenant_id = 1 WHERE tenant_id = 2"));

      ReplicaTenant two = fixture.tenant("2");
      ReadOnlyGuard.install(fixture.target, two.id(), "public", "t", "tenant_id", "2");
      arm(fixture, one, "t");
      assertThat(triggers(fixture)).as("its copy would be written to disk twice").endsWith("t !helios_guard", "t !helios_guard_table");
      refused(() -> fixture.onTarget("UPDATE t SET tenant_id = 1 WHERE tenant_id = 3"));
      lift(fixture, two);
      arm(fixture, one, "t");
      assertThat(triggers(fixture)).endsWith("t !helios_guard_update");
      lift(fixture, one);
      assertThat(triggers(fixture)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TRUNCATE t", "DELETE FROM t"})
  void whoWritesRowsOfThousandsOfReplicasIsRefusedWithoutALockForEach(String write) throws Exception {
    try (ApplyFixture fixture = ApplyFixture.shared(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.onTarget("INSERT INTO t SELECT n, 1, 'x' FROM generate_series(1, 40000) n");
      arm(fixture, one, "t");
      fixture.onTarget(
          "INSERT INTO helios.guarded SELECT g.id, n::text, gen_random_uuid() FROM helios.guard g, generate_series(2, 40000) n",
          "INSERT INTO helios.replica (tenant, name, tenant_key, epoch, source, source_system, source_region)"
              + " SELECT tenant, 'tenant-1', tenant_key, 1, 's', 1, 'us-east-1' FROM helios.guarded WHERE tenant_key <> '1'");
      refused(() -> fixture.onTarget(write));
    }
  }

  @Test
  void rowsOfTwoTenantsAreRefusedWhicheverOfThemIsAReplica() throws Exception {
    try (ApplyFixture fixture = ApplyFixture.shared(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      arm(fixture, one, "t");
      fixture.onTarget(
          "INSERT INTO helios.replica (tenant, name, tenant_key, epoch, source, source_system, source_region, role)"
              + " SELECT (repeat(n, 8) || '-0000-0000-0000-000000000000')::uuid, 'twin', '1', 1, 's', 1, 'r', 'primary'"
              + " FROM unnest(ARRAY['0', 'f']) n",
          "INSERT INTO helios.guarded SELECT g.id, '1', r.tenant FROM helios.guard g, helios.replica r WHERE r.name = 'twin'");
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (1, 2, 'x')"));
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (1, 2, 'x')"));
      fixture.onTarget("UPDATE helios.replica SET role = 'primary'", "INSERT INTO t VALUES (1, 2, 'x')");
    }
  }

  @Test
  void guardsOfAnOlderVersionGoOnWithTheFunctionsOfThisOne() throws Exception {
    try (ApplyFixture fixture = ApplyFixture.shared(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      String function = fixture.target("SELECT tgfoid::regproc FROM pg_trigger WHERE tgname = '!helios_guard'").getFirst();
      fixture.onTarget(
          "CREATE OR REPLACE FUNCTION " + function + "() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
          "INSERT INTO t VALUES (1, 1, 'x')",
          "UPDATE helios.version SET version = 3");
      TargetSchema.install(fixture.target);
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (1, 2, 'x')"));
      arm(fixture, one, "t");
      assertThat(triggers(fixture)).hasSize(5);
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (1, 2, 'x')"));
      assertThat(fixture.target("SELECT proname FROM pg_proc WHERE pronamespace = 'helios'::regnamespace AND proacl IS NULL"))
          .isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"!helios_guard", "!helios_guard_insert", "!helios_guard_update", "!helios_guard_delete"})
  void theDoctorMissesEachTriggerOfAGuardForStatements(String trigger) throws Exception {
    try (ApplyFixture fixture = ApplyFixture.shared(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      arm(fixture, one, "t");
      fixture.onTarget("UPDATE helios.copied_table SET finished = true");
      fixture.onTarget("INSERT INTO helios.copied_table (tenant, schema_name, table_name, finished) VALUES ('" + one.id()
          + "', 'public', 't', true) ON CONFLICT DO NOTHING");
      assertThat(TargetHealth.run(fixture.target, "eu")).isEmpty();
      fixture.onTarget("DROP TRIGGER \"" + trigger + "\" ON t");
      assertThat(TargetHealth.run(fixture.target, "eu")).hasSize(1);
      fixture.onTarget(ReadOnlyGuard.missing(fixture.target).toArray(String[]::new));
      assertThat(TargetHealth.run(fixture.target, "eu")).isEmpty();
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (1, 2, 'x')"));
    }
  }

  @Test
  void whicheverWayATableOfOnesOwnIsWrittenItIsRefusedAlsoThroughAParent() throws Exception {
    try (ApplyFixture fixture = ApplyFixture.whole(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      fixture.transaction("INSERT INTO t VALUES (1, 1, 'a')");
      fixture.apply();
      surround(fixture);
      fixture.onTarget("CREATE TABLE base (v text)", "ALTER TABLE t INHERIT base", "INSERT INTO base VALUES ('its own')");
      for (int twice = 0; twice < 2; twice++) {
        ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", null, "");
      }
      everyWriteIsRefused(fixture);
      for (String write : List.of("UPDATE base SET v = 'x'", "DELETE FROM base", "TRUNCATE base")) {
        refused(() -> fixture.onTarget(write));
      }
      refused(() -> fixture.onTarget("INSERT INTO t VALUES (1, 1, 'x') ON CONFLICT DO NOTHING"));
      fixture.onTarget("UPDATE ONLY base SET v = 'x'", "INSERT INTO base VALUES ('more')");

      fixture.transaction("UPDATE t SET v = 'from the source'", "INSERT INTO t VALUES (1, 2, 'b')");
      fixture.apply();
      assertThat(fixture.target("SELECT v FROM t ORDER BY id")).containsExactly("from the source", "b");
      lift(fixture, one);
      assertThat(fixture.target("SELECT count(*) FROM pg_trigger WHERE tgname LIKE '!helios%'")).containsExactly("0");
      fixture.onTarget("DELETE FROM base");
    }
  }

  @Test
  void foreignKeysAndTriggersOfTheApplicationStayQuietForReplicatedRows() throws Exception {
    try (ApplyFixture fixture = ApplyFixture.shared(SHARED)) {
      ReplicaTenant one = fixture.tenant("1");
      surround(fixture);
      fixture.onTarget(
          "CREATE TABLE seen (what text)",
          "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS"
              + " 'BEGIN INSERT INTO public.seen VALUES (TG_NAME); RETURN NULL; END'",
          "CREATE TRIGGER ordinary AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION see()",
          "CREATE TRIGGER always AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION see()",
          "ALTER TABLE t ENABLE ALWAYS TRIGGER always");
      ReadOnlyGuard.install(fixture.target, one.id(), "public", "t", "tenant_id", "1");
      fixture.transaction("INSERT INTO t VALUES (1, 99, 'its parent is not here')", "INSERT INTO t VALUES (1, 98, 'a')");
      fixture.apply();
      fixture.transaction("UPDATE t SET v = 'b' WHERE id = 99", "DELETE FROM t WHERE id = 98");
      fixture.apply();
      assertThat(one.status().error()).isNull();
      assertThat(fixture.target("SELECT * FROM t")).containsExactly("1|99|b");
      assertThat(fixture.target("SELECT what FROM seen")).as("target check warns of it").containsExactly("always", "always");
    }
  }
}
