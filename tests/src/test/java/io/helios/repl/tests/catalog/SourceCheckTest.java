package io.helios.repl.tests.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.capture.SourceCheck;
import io.helios.repl.capture.SourceScope;
import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each finding appears for its cause, to a plain role, and is gone once its hint has been run. */
class SourceCheckTest {

  private static final Tenancy BY_COLUMN = new Tenancy.ByColumn("tenant_id");
  private static final String GOOD = "CREATE TABLE good (tenant_id int, id int, PRIMARY KEY (tenant_id, id));";

  static Stream<Arguments> mendedByTheirHints() {
    return Stream.of(
        table(ErrorCode.NO_REPLICA_IDENTITY, Severity.ERROR, "CREATE TABLE t (tenant_id int NOT NULL, id int)"),
        table(
            ErrorCode.NO_REPLICA_IDENTITY,
            Severity.ERROR,
            "CREATE TABLE t (tenant_id int, id int, PRIMARY KEY (tenant_id, id) DEFERRABLE)"),
        table(
            ErrorCode.NO_REPLICA_IDENTITY,
            Severity.ERROR,
            "CREATE TABLE t (tenant_id int, id int, PRIMARY KEY (tenant_id, id));"
                + "ALTER TABLE t REPLICA IDENTITY NOTHING"),
        table(
            ErrorCode.NO_REPLICA_IDENTITY,
            Severity.ERROR,
            "CREATE TABLE t (tenant_id int NOT NULL, id int NOT NULL); CREATE UNIQUE INDEX gone ON t (id);"
                + "ALTER TABLE t REPLICA IDENTITY USING INDEX gone; DROP INDEX gone"),
        table(
            ErrorCode.IDENTITY_WITHOUT_TENANT,
            Severity.ERROR,
            "CREATE TABLE t (id int PRIMARY KEY, tenant_id int NOT NULL)"),
        table(
            ErrorCode.IDENTITY_WITHOUT_TENANT,
            Severity.ERROR,
            "CREATE TABLE t (id int PRIMARY KEY, tenant_id int NOT NULL, UNIQUE (tenant_id, id))"),
        table(ErrorCode.IDENTITY_WITHOUT_TENANT, Severity.ERROR, "CREATE TABLE t (id int PRIMARY KEY, tenant_id int)"),
        table(
            ErrorCode.IDENTITY_WITHOUT_TENANT,
            Severity.ERROR,
            "CREATE TABLE t (id int PRIMARY KEY, tenant_id int NOT NULL) PARTITION BY RANGE (id);"
                + "CREATE TABLE t_1 PARTITION OF t DEFAULT PARTITION BY HASH (id);"
                + "CREATE TABLE t_1_0 PARTITION OF t_1 FOR VALUES WITH (MODULUS 1, REMAINDER 0)"),
        table(
            ErrorCode.PARTITION_IDENTITY,
            Severity.ERROR,
            "CREATE TABLE t (tenant_id int, id int, PRIMARY KEY (tenant_id, id)) PARTITION BY LIST (tenant_id);"
                + "CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1); CREATE TABLE t_2 PARTITION OF t DEFAULT;"
                + "ALTER TABLE t_2 REPLICA IDENTITY NOTHING"),
        table(
            ErrorCode.PARTITION_IDENTITY,
            Severity.ERROR,
            "CREATE TABLE t (tenant_id int, id int) PARTITION BY LIST (tenant_id);"
                + "CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1); ALTER TABLE t REPLICA IDENTITY FULL"),
        table(
            ErrorCode.TENANT_COLUMN_NULLABLE,
            Severity.WARN,
            "CREATE TABLE t (tenant_id int, id int); ALTER TABLE t REPLICA IDENTITY FULL"),
        table(
            ErrorCode.TENANT_COLUMN_GENERATED,
            Severity.ERROR,
            "CREATE TABLE t (id int PRIMARY KEY, tenant_id int GENERATED ALWAYS AS (id) STORED)"),
        table(ErrorCode.TENANT_KEY_TYPE, Severity.ERROR, "CREATE TABLE t (tenant_id numeric PRIMARY KEY)"),
        table(
            ErrorCode.TENANT_COLUMN_NOT_INDEXED,
            Severity.WARN,
            "CREATE TABLE t (id int, tenant_id int, PRIMARY KEY (id, tenant_id))"),
        table(
            ErrorCode.TENANT_COLUMN_NOT_INDEXED,
            Severity.WARN,
            "CREATE TABLE t (id int, tenant_id int, PRIMARY KEY (id, tenant_id)) PARTITION BY LIST (id);"
                + "CREATE TABLE t_1 PARTITION OF t DEFAULT"),
        table(
            ErrorCode.TABLE_WITHOUT_KEY,
            Severity.WARN,
            "CREATE TABLE t (tenant_id int); ALTER TABLE t REPLICA IDENTITY FULL"),
        table(ErrorCode.TABLE_UNLOGGED, Severity.ERROR, "CREATE UNLOGGED TABLE t (tenant_id int PRIMARY KEY)"),
        table(
            ErrorCode.TABLE_UNLOGGED,
            Severity.ERROR,
            "CREATE TABLE t (tenant_id int PRIMARY KEY) PARTITION BY LIST (tenant_id);"
                + "CREATE UNLOGGED TABLE t_1 PARTITION OF t DEFAULT"),
        table(
            ErrorCode.SEQUENCE_NOT_READABLE,
            Severity.WARN,
            "CREATE SEQUENCE \"Loose one\"; CREATE TABLE t (tenant_id int PRIMARY KEY, id int DEFAULT nextval('\"Loose one\"'))"),
        table(
            ErrorCode.ROWS_HIDDEN,
            Severity.ERROR,
            "CREATE TABLE t (tenant_id int PRIMARY KEY); ALTER TABLE t ENABLE ROW LEVEL SECURITY"));
  }

  private static Arguments table(ErrorCode code, Severity severity, String setup) {
    return Arguments.of(code, severity, setup);
  }

  @ParameterizedTest
  @MethodSource("mendedByTheirHints")
  void aFindingIsGoneOnceItsHintIsRun(ErrorCode code, Severity severity, String setup) throws Exception {
    try (Source source = new Source(Postgres.shared(17, "source"), setup)) {
      SourceScope scope = source.scope(BY_COLUMN, "*.*");
      Finding finding = the(source.check(scope), code);
      assertThat(finding.severity()).isEqualTo(severity);
      assertThat(finding.table()).isEqualTo("public.t");
      assertThat(finding.message()).startsWith("source \"shop\": public.t");

      source.run(finding.hint());

      assertThat(source.check(scope))
          .filteredOn(f -> f.severity() != Severity.INFO)
          .extracting(Finding::code)
          .doesNotContain(code);
    }
  }

  @Test
  void aSourceThatIsReadyHasOnlyNotes() throws Exception {
    try (Source source = new Source(
        Postgres.shared(17, "source"),
        GOOD + "CREATE TABLE plans (id int PRIMARY KEY); CREATE TYPE kind AS ENUM ('a');"
            + "CREATE TABLE by_enum (tenant_id kind, id uuid, PRIMARY KEY (tenant_id, id));"
            + "CREATE TABLE other (id int)")) {
      SourceScope scope = new SourceScope(
          "shop", BY_COLUMN, new TableFilter(List.of("public.*", "!public.other")),
          new TableFilter(List.of("plans")), source.slot, source.slot);
      assertThat(source.check(scope)).filteredOn(Finding::isError).extracting(Finding::code)
          .containsExactly(ErrorCode.PUBLICATION_NOT_PERMITTED);
      assertThat(source.check(scope)).extracting(Finding::code)
          .contains(ErrorCode.SOURCE_IDENTITY, ErrorCode.WAL_KEEP_LIMITED, ErrorCode.TABLES_NOT_TAKEN,
              ErrorCode.SOURCE_NOT_PREPARED)
          .doesNotContain(ErrorCode.GLOB_WITHOUT_TABLE);

      source.run(the(source.check(scope), ErrorCode.PUBLICATION_NOT_PERMITTED).hint());
      source.run(the(source.check(scope), ErrorCode.SOURCE_NOT_PREPARED).hint());

      assertThat(source.check(scope)).allMatch(f -> f.severity() == Severity.INFO);
      assertThat(source.check(scope)).extracting(Finding::code).doesNotContain(ErrorCode.SOURCE_NOT_PREPARED);
    }
  }

  @Test
  void rightsThatAreMissingComeWithTheirGrants() throws Exception {
    try (Source source = new Source(
        Postgres.shared(17, "source"),
        "CREATE SCHEMA \"Odd\"; CREATE TABLE \"Odd\".\"T\" (tenant_id int PRIMARY KEY)")) {
      SourceScope scope = source.scope(BY_COLUMN, "Odd.*");
      source.run("REVOKE ALL ON SCHEMA \"Odd\" FROM PUBLIC, " + source.role + ";\nREVOKE ALL ON \"Odd\".\"T\" FROM "
          + source.role + ";\nALTER ROLE " + source.role + " NOREPLICATION");

      List<Finding> findings = source.check(scope);
      assertThat(findings).filteredOn(Finding::isError).extracting(Finding::code)
          .containsExactlyInAnyOrder(
              ErrorCode.NO_REPLICATION_RIGHT, ErrorCode.TABLE_NOT_READABLE, ErrorCode.PUBLICATION_NOT_PERMITTED);
      assertThat(the(findings, ErrorCode.PUBLICATION_NOT_PERMITTED).message())
          .contains("it has no CREATE on the database, it does not own Odd.T");
      for (Finding finding : findings) {
        if (finding.isError()) {
          source.run(finding.hint());
        }
      }
      assertThat(source.check(scope)).noneMatch(Finding::isError);
    }
  }

  @Test
  void theRdsRoleStandsForTheReplicationAttribute() throws Exception {
    try (LocalPostgres server = Postgres.start(17, Map.of("fsync", "off"));
        Source source = new Source(server, GOOD)) {
      source.run("ALTER ROLE " + source.role + " NOREPLICATION;\nCREATE ROLE rds_replication;\nGRANT rds_replication TO "
          + source.role);
      assertThat(source.check(source.scope(BY_COLUMN, "*.*"))).extracting(Finding::code)
          .doesNotContain(ErrorCode.NO_REPLICATION_RIGHT);
    }
  }

  @Test
  void walLevelReplicaIsSaidInTheAgreedWords() throws Exception {
    try (LocalPostgres server = Postgres.start(17, Map.of("wal_level", "replica", "fsync", "off"));
        Source source = new Source(server, GOOD)) {
      Finding finding = the(source.check(source.scope(BY_COLUMN, "*.*")), ErrorCode.WAL_LEVEL_NOT_LOGICAL);
      assertThat(finding.code().id()).isEqualTo("HR-2103");
      assertThat(finding.message()).isEqualTo("source \"shop\" has wal_level=replica, needs logical");
      assertThat(finding.why()).isEqualTo("row changes cannot be decoded from its WAL");
      assertThat(finding.hint())
          .isEqualTo("ALTER SYSTEM SET wal_level = logical; restart; then: helios-repl source check shop");
    }
  }

  @Test
  void whatTheServerIsShortOfOrSetOddlyIsFound() throws Exception {
    try (LocalPostgres server = Postgres.start(
            18,
            Map.of(
                "max_replication_slots", "2", "max_wal_senders", "1", "wal_sender_timeout", "5s", "max_slot_wal_keep_size",
                "1GB", "idle_replication_slot_timeout", "1h", "fsync", "off"));
        Source source = new Source(server, GOOD + "SELECT lo_create(0)")) {
      SourceScope scope = source.scope(BY_COLUMN, "*.*");
      source.run("SELECT pg_create_physical_replication_slot('other')");

      List<Finding> findings = source.check(scope);

      assertThat(the(findings, ErrorCode.SLOTS_USED_UP).message())
          .isEqualTo("source \"shop\" has 1 of 2 replication slots in use, needs 2 more");
      assertThat(the(findings, ErrorCode.WALSENDERS_USED_UP).message())
          .isEqualTo("source \"shop\" has 0 of 1 walsenders in use, needs 2 more");
      assertThat(the(findings, ErrorCode.WAL_KEEP_LIMITED).message()).endsWith("max_slot_wal_keep_size=1024MB");
      source.run(the(findings, ErrorCode.WAL_SENDER_TIMEOUT).hint());
      source.run(the(findings, ErrorCode.SLOT_IDLE_TIMEOUT).hint());
      source.run("SELECT lo_unlink(oid) FROM pg_largeobject_metadata;\nSELECT pg_drop_replication_slot('other')");
      assertThat(findings).extracting(Finding::code).contains(ErrorCode.LARGE_OBJECTS);
      assertThat(source.check(scope)).extracting(Finding::code)
          .doesNotContain(ErrorCode.LARGE_OBJECTS, ErrorCode.SLOTS_USED_UP);
    }
  }

  @Test
  void aDatabaseWithoutAnEncodingIsWarnedOf() throws Exception {
    LocalPostgres server = Postgres.shared(17, "source");
    Postgres.execute(
        server, "postgres", "CREATE DATABASE no_encoding ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0");
    SourceScope scope = new SourceScope("shop", BY_COLUMN, new TableFilter(List.of("*.*")), null, "any", "any");
    try (Connection connection = PgConnections.open(server.settings("no_encoding"), "check", null)) {
      assertThat(the(SourceCheck.run(connection, scope, false), ErrorCode.SOURCE_ENCODING).severity())
          .isEqualTo(Severity.WARN);
    }
  }

  @Test
  void aSlotOfSomebodyElseIsFoundAndNamed() throws Exception {
    LocalPostgres server = Postgres.shared(17, "source");
    try (Source source = new Source(server, GOOD);
        Source other = new Source(server, GOOD)) {
      SourceScope scope = source.scope(BY_COLUMN, "*.*");
      String create = "SELECT pg_create_logical_replication_slot('" + source.slot + "', '";
      source.run(create + "test_decoding')");
      Finding plugin = the(source.check(scope), ErrorCode.SLOT_UNFIT);
      assertThat(plugin.message()).endsWith("uses output plugin test_decoding, needs pgoutput");
      source.run(plugin.hint());
      source.run("SELECT pg_create_physical_replication_slot('" + source.slot + "')");
      Finding physical = the(source.check(scope), ErrorCode.SLOT_UNFIT);
      assertThat(physical.message()).contains("is a physical one");
      source.run(physical.hint());
      other.run(create + "pgoutput')");
      Finding elsewhere = the(source.check(scope), ErrorCode.SLOT_UNFIT);
      assertThat(elsewhere.message()).endsWith("is one of database " + other.database);
      other.run(elsewhere.hint());
      assertThat(source.check(scope)).extracting(Finding::code).doesNotContain(ErrorCode.SLOT_UNFIT);
    }
  }

  @Test
  void aSlotInUseSaysWhoHoldsIt() throws Exception {
    LocalPostgres server = Postgres.shared(17, "source");
    try (Source source = new Source(server, GOOD)) {
      SourceScope scope = source.scope(BY_COLUMN, "*.*");
      source.run("SELECT pg_create_logical_replication_slot('" + source.slot + "', 'pgoutput');\nCREATE PUBLICATION "
          + source.slot + " FOR TABLE good");
      try (Connection reader = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + server.port() + "/"
              + source.database + "?user=postgres&replication=database&assumeMinServerVersion=9.4&preferQueryMode=simple&ApplicationName=holder");
          var stream = reader.unwrap(org.postgresql.PGConnection.class)
              .getReplicationAPI()
              .replicationStream()
              .logical()
              .withSlotName(source.slot)
              .withSlotOption("proto_version", "1")
              .withSlotOption("publication_names", source.slot)
              .start()) {
        Finding finding = the(source.check(scope), ErrorCode.SLOT_IN_USE);
        assertThat(finding.message()).contains("is held by process ").contains("holder, role postgres");
        try (Connection connection = source.connect()) {
          assertThat(SourceCheck.run(connection, scope, true)).extracting(Finding::code)
              .doesNotContain(ErrorCode.SLOT_IN_USE);
        }
        stream.forceUpdateStatus();
      }
    }
  }

  @Test
  void aPublicationThatLeavesThingsOutIsRefusedWithItsMending() throws Exception {
    for (int major : new int[] {14, 17, 18}) {
      try (Source source = new Source(
          Postgres.shared(major, "source"),
          GOOD + "CREATE TABLE part (tenant_id int PRIMARY KEY) PARTITION BY LIST (tenant_id)")) {
        SourceScope scope = source.scope(BY_COLUMN, "*.*");
        source.run("CREATE PUBLICATION " + source.slot + " FOR TABLE part, good" + (major >= 15 ? " WHERE (id > 0)" : "")
            + " WITH (publish = 'insert, update'" + (major >= 18 ? ", publish_generated_columns = stored" : "") + ")");
        Finding finding = the(source.check(scope), ErrorCode.PUBLICATION_UNFIT);
        assertThat(finding.hint().lines().count()).isEqualTo(major == 14 ? 2 : major == 17 ? 6 : 7);

        source.run(finding.hint());

        assertThat(source.check(scope)).noneMatch(Finding::isError);
      }
    }
  }

  @Test
  void tablesWithoutATenantAndThoseThatTakeNoPartAreTold() throws Exception {
    try (Source source = new Source(
        Postgres.shared(17, "source"),
        GOOD + "CREATE TABLE lone (id int PRIMARY KEY); CREATE TABLE aside (id int);"
            + "CREATE EXTENSION postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;"
            + "CREATE FOREIGN TABLE far (tenant_id int) SERVER s;"
            + "CREATE MATERIALIZED VIEW made AS SELECT 1 AS tenant_id;"
            + "CREATE TABLE split (tenant_id int PRIMARY KEY) PARTITION BY LIST (tenant_id);"
            + "CREATE TABLE split_1 PARTITION OF split FOR VALUES IN (1);"
            + "CREATE TABLE old (tenant_id int PRIMARY KEY, picture oid)")) {
      source.run("ALTER TABLE split DETACH PARTITION split_1\nALTER TABLE split DROP CONSTRAINT split_pkey\n"
          + "CREATE FOREIGN TABLE split_2 PARTITION OF split DEFAULT SERVER s\nSELECT lo_create(0)");
      List<Finding> findings = source.check(source.scope(BY_COLUMN, "*.*", "!*.aside", "gone", "!x.y"));
      assertThat(the(findings, ErrorCode.TABLE_WITHOUT_TENANT).hint())
          .isEqualTo("exclude it: tables: [\"!public.lone\"], or carry it whole: reference-tables: [\"public.lone\"]");
      assertThat(findings).filteredOn(f -> f.code() == ErrorCode.FOREIGN_TABLE).extracting(Finding::message)
          .containsExactly(
              "source \"shop\": public.split has partition public.split_2, which is a foreign table",
              "source \"shop\": public.far is a foreign table and not replicated");
      assertThat(the(findings, ErrorCode.MATERIALIZED_VIEW).table()).isEqualTo("public.made");
      assertThat(findings).filteredOn(f -> f.code() == ErrorCode.LARGE_OBJECTS).extracting(Finding::table)
          .containsExactly(null, "public.old");
      assertThat(the(findings, ErrorCode.TABLES_NOT_TAKEN).message()).endsWith("1 tables take no part: public.aside");
      assertThat(findings).filteredOn(f -> f.code() == ErrorCode.GLOB_WITHOUT_TABLE).extracting(Finding::message)
          .containsExactly(
              "source \"shop\": \"gone\" in tables fits no table", "source \"shop\": \"!x.y\" in tables fits no table");
    }
  }

  @Test
  void tenancyBySchemaAsksForSchemasAndForNoColumn() throws Exception {
    try (Source source = new Source(
        Postgres.shared(17, "source"),
        "CREATE SCHEMA tenant_a CREATE TABLE t (id int PRIMARY KEY); CREATE SCHEMA tenant_ CREATE TABLE u (id int);"
            + "CREATE TABLE common (id int PRIMARY KEY)")) {
      List<Finding> findings = source.check(source.scope(new Tenancy.BySchema("tenant_{key}"), "*.*"));
      assertThat(findings).filteredOn(Finding::isError).extracting(Finding::code)
          .containsExactly(ErrorCode.PUBLICATION_NOT_PERMITTED);
      assertThat(the(findings, ErrorCode.TABLES_NOT_TAKEN).message())
          .endsWith("2 tables take no part: public.common, tenant_.u");
      assertThat(source.check(source.scope(new Tenancy.ByDatabase(), "*.*")))
          .extracting(Finding::code)
          .contains(ErrorCode.NO_REPLICA_IDENTITY)
          .doesNotContain(ErrorCode.TABLES_NOT_TAKEN);
    }
  }

  private static Finding the(List<Finding> findings, ErrorCode code) {
    assertThat(findings).extracting(Finding::code).contains(code);
    return findings.stream().filter(f -> f.code() == code).findFirst().orElseThrow();
  }
}
