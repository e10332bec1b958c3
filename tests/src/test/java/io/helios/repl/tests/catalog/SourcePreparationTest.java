package io.helios.repl.tests.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.helios.repl.capture.SourcePreparation;
import io.helios.repl.capture.SourceScope;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.postgres.Publication;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SourcePreparationTest {

  private static final Tenancy BY_COLUMN = new Tenancy.ByColumn("tenant_id");

  private static final String SHOP =
      "CREATE TABLE orders (id int PRIMARY KEY, tenant_id int NOT NULL, note text);"
          + "CREATE TABLE \"Odd \"\"Name\" (tenant_id text NOT NULL, note text);"
          + "CREATE TABLE events (id int, tenant_id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);"
          + "CREATE TABLE events_1 PARTITION OF events DEFAULT;"
          + "CREATE TABLE lone (id int); CREATE UNLOGGED TABLE passing (tenant_id int PRIMARY KEY);"
          + "INSERT INTO orders VALUES (1, 1); INSERT INTO \"Odd \"\"Name\" VALUES ('1');"
          + "INSERT INTO events VALUES (1, 1, '2026-01-01')";

  @ParameterizedTest
  @ValueSource(ints = {14, 17, 18})
  void anOwnerWithoutSuperuserPreparesAllByItselfAndTwiceIsOnce(int major) throws Exception {
    try (Source source = new Source(Postgres.shared(major, "source"), SHOP)) {
      source.run("GRANT CREATE ON DATABASE " + source.database + " TO " + source.role + ";\nGRANT CREATE ON SCHEMA public TO "
          + source.role + ";\nALTER TABLE orders OWNER TO " + source.role + ";\nALTER TABLE \"Odd \"\"Name\" OWNER TO "
          + source.role + ";\nALTER TABLE events OWNER TO " + source.role + ";\nALTER TABLE events_1 OWNER TO "
          + source.role);
      SourceScope scope = source.scope(BY_COLUMN, "*.*");
      try (Connection connection = source.connect()) {
        List<String> planned = SourcePreparation.plan(connection, scope);
        assertThat(planned).hasSize(7);
        assertThat(planned.getLast())
            .isEqualTo(
                "SELECT pg_catalog.pg_create_logical_replication_slot('" + source.slot + "', 'pgoutput'"
                    + (major >= 17 ? ", failover => true)" : ")"));

        assertThat(SourcePreparation.run(connection, scope)).isEqualTo(planned);

        assertThat(SourcePreparation.plan(connection, scope)).isEmpty();
        assertThat(SourcePreparation.run(connection, scope)).isEmpty();
        assertThat(Publication.find(connection, source.slot).orElseThrow().tables())
            .containsExactlyInAnyOrder(
                "\"public\".\"orders\"", "\"public\".\"Odd \"\"Name\"", "\"public\".\"events\"");
      }
      assertThat(source.check(scope)).filteredOn(Finding::isError).extracting(Finding::code)
          .containsExactlyInAnyOrder(ErrorCode.TABLE_WITHOUT_TENANT, ErrorCode.TABLE_UNLOGGED);
      source.run("UPDATE orders SET note = 'x';\nUPDATE \"Odd \"\"Name\" SET note = 'x';\nUPDATE events SET tenant_id = 2;"
          + "\nUPDATE passing SET tenant_id = 2;\nDELETE FROM lone");
    }
  }

  @Test
  void aRoleThatOnlyReadsIsGivenTheSqlThatIsMissing() throws Exception {
    try (Source source = new Source(Postgres.shared(17, "source"), SHOP)) {
      SourceScope scope = source.scope(BY_COLUMN, "*.*", "!*.lone", "!*.passing");
      try (Connection connection = source.connect()) {
        OperatorException refused =
            catchThrowableOfType(OperatorException.class, () -> SourcePreparation.run(connection, scope));
        assertThat(refused.problem().code()).isEqualTo(ErrorCode.SOURCE_NOT_PREPARABLE);
        assertThat(refused.problem().message())
            .isEqualTo("source \"shop\" cannot be prepared by role " + source.role);

        source.run(refused.problem().hint());

        assertThat(SourcePreparation.run(connection, scope)).isEmpty();
      }
      assertThat(source.check(scope)).noneMatch(Finding::isError);
    }
  }

  @Test
  void publishingChangesNoTableAndTakesOnlyThoseThatFit() throws Exception {
    try (Source source = new Source(
            Postgres.shared(17, "source"),
            "CREATE TABLE fit (tenant_id int PRIMARY KEY); CREATE TABLE unfit (id int PRIMARY KEY, tenant_id int)");
        Connection connection = source.server.connect(source.database)) {
      SourceScope scope = source.scope(BY_COLUMN, "*.*");
      assertThat(SourcePreparation.publish(connection, scope)).hasSize(2);
      assertThat(Publication.find(connection, source.slot).orElseThrow().tables())
          .containsExactly("\"public\".\"fit\"");
      assertThat(SourcePreparation.publishPlan(connection, scope)).isEmpty();
      assertThat(SourcePreparation.plan(connection, scope))
          .containsExactly(
              "ALTER TABLE \"public\".\"unfit\" REPLICA IDENTITY FULL",
              "ALTER PUBLICATION \"" + source.slot + "\" ADD TABLE \"public\".\"unfit\"");
    }
  }

  @Test
  void aTableThatComesLaterIsAddedAndOthersStay() throws Exception {
    try (Source source = new Source(Postgres.shared(17, "source"), SHOP + "; CREATE TABLE theirs (id int)")) {
      SourceScope scope = source.scope(BY_COLUMN, "public.orders", "public.later");
      source.run("CREATE PUBLICATION " + source.slot + " FOR TABLE theirs WITH (publish_via_partition_root = true)");
      try (Connection connection = source.server.connect(source.database)) {
        SourcePreparation.run(connection, scope);
        source.run("CREATE TABLE later (tenant_id int PRIMARY KEY)");
        assertThat(SourcePreparation.run(connection, scope))
            .containsExactly("ALTER PUBLICATION \"" + source.slot + "\" ADD TABLE \"public\".\"later\"");
        assertThat(Publication.find(connection, source.slot).orElseThrow().tables())
            .containsExactlyInAnyOrder("\"public\".\"theirs\"", "\"public\".\"orders\"", "\"public\".\"later\"");
      }
    }
  }

  @Test
  void anIndexThatWasLeftHalfBuiltIsBuiltAgain() throws Exception {
    try (Source source = new Source(
        Postgres.shared(17, "source"), "CREATE TABLE t (id int PRIMARY KEY, tenant_id int NOT NULL)")) {
      SourceScope scope = source.scope(BY_COLUMN, "*.*");
      try (Connection connection = source.server.connect(source.database)) {
        String create = SourcePreparation.plan(connection, scope).getFirst();
        assertThat(create).startsWith("CREATE UNIQUE INDEX CONCURRENTLY \"helios_identity_");
        source.run(create + ";\nUPDATE pg_index SET indisvalid = false WHERE indexrelid IN"
            + " (SELECT oid FROM pg_class WHERE relname ~ '^helios_identity_')");

        assertThat(SourcePreparation.run(connection, scope).getFirst())
            .startsWith("DROP INDEX CONCURRENTLY \"public\".\"helios_identity_");
        assertThat(SourcePreparation.plan(connection, scope)).isEmpty();
      }
    }
  }

  @Test
  void anExistingIndexIsTakenOnPartitionsToo() throws Exception {
    try (Source source = new Source(
        Postgres.shared(17, "source"),
        "CREATE TABLE t (id int NOT NULL, tenant_id int NOT NULL, UNIQUE (id, tenant_id)) PARTITION BY LIST (tenant_id);"
            + "CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1); CREATE TABLE t_2 PARTITION OF t DEFAULT")) {
      SourceScope scope = source.scope(BY_COLUMN, "*.*");
      try (Connection connection = source.server.connect(source.database)) {
        assertThat(SourcePreparation.run(connection, scope))
            .startsWith(
                "ALTER TABLE \"public\".\"t\" REPLICA IDENTITY USING INDEX \"t_id_tenant_id_key\"",
                "ALTER TABLE \"public\".\"t_1\" REPLICA IDENTITY USING INDEX \"t_1_id_tenant_id_key\"",
                "ALTER TABLE \"public\".\"t_2\" REPLICA IDENTITY USING INDEX \"t_2_id_tenant_id_key\"");
      }
      assertThat(source.check(scope)).allMatch(f -> f.severity() != Severity.ERROR);
      source.run("INSERT INTO t VALUES (1, 1), (2, 2);\nUPDATE t SET id = id + 1");
    }
  }

  @Test
  void aServerThatCannotBeCapturedIsLeftAlone() throws Exception {
    try (var server = Postgres.start(17, Map.of("wal_level", "replica", "fsync", "off"));
        Source source = new Source(server, SHOP);
        Connection connection = server.connect(source.database)) {
      SourceScope scope = source.scope(BY_COLUMN, "*.*");
      OperatorException refused =
          catchThrowableOfType(OperatorException.class, () -> SourcePreparation.run(connection, scope));
      assertThat(refused.problem().code()).isEqualTo(ErrorCode.WAL_LEVEL_NOT_LOGICAL);
      assertThat(Publication.find(connection, source.slot)).isEmpty();
    }
  }
}
