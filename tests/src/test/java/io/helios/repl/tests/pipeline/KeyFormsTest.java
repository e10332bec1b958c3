package io.helios.repl.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A tenant's key and how its column prints it: the copy, the stream and the guards have to mean the same rows. */
class KeyFormsTest {

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private Replication replicate() {
    return new Replication(directory, source, target, new Tenancy.ByColumn("tenant_id"), null);
  }

  @ParameterizedTest
  @CsvSource({
    "int, 7, 007", "bigint, 7, +7", "uuid, a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11, A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
    "char(6), ab, 'ab '"
  })
  void aKeyInAnotherFormIsRefusedBeforeAnythingIsMadeOrCaptured(String type, String stored, String key) {
    source.execute("CREATE TABLE t (tenant_id " + type + ", id int, PRIMARY KEY (tenant_id, id))", "INSERT INTO t VALUES ('" + stored + "', 1)");
    try (Replication replication = replicate()) {
      UUID tenant = replication.add(key, DesiredState.CREATED);
      assertThatThrownBy(() -> replication.fleet.planStart(tenant))
          .isInstanceOfSatisfying(OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.KEY_NOT_CANONICAL));
      replication.fleet.startTenant(tenant);
      Problem error = replication.becomes(tenant, TenantState.FAILED).error();
      assertThat(error).extracting(Problem::code).isEqualTo(ErrorCode.KEY_NOT_CANONICAL);
      assertThat(target.value("SELECT count(*) FROM pg_tables WHERE tablename = 't'")).isEqualTo("0");
      assertThat(source.value("SELECT count(*) FROM pg_publication")).isEqualTo("0");
    }
  }

  /** Blanks at the end are none of a char's value; in any other place, and in any other type, they are. */
  @ParameterizedTest
  @CsvSource({"char(6), ab, ' ab'", "text, ' ab', ab", "varchar(9), 'ab ', ab", "text, AB, ab", "name, ab, ' ab'"})
  void copyStreamAndGuardMeanTheSameRowsAndNoOthers(String type, String key, String other) throws Exception {
    source.execute(
        "CREATE TABLE t (tenant_id " + type + ", id int, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO t VALUES ('" + key + "', 1), ('" + other + "', 1)");
    try (Replication replication = replicate()) {
      UUID tenant = replication.start(key);
      source.execute("INSERT INTO t VALUES ('" + key + "', 2), ('" + other + "', 2)", "UPDATE t SET id = id + 10 WHERE id = 1");
      replication.catchUp(tenant);
      assertThat(target.value("SELECT string_agg(tenant_id || '|' || id, ' ' ORDER BY id) FROM t")).isEqualTo(key + "|2 " + key + "|11");
      assertThat(stateOf("INSERT INTO t VALUES ('" + key + "', 3)")).isEqualTo("25006");
      assertThat(stateOf("INSERT INTO t VALUES ('" + other + "', 3)")).as("another's row is its own").isNull();
    }
  }

  private @Nullable String stateOf(String sql) {
    try (var connection = target.connect();
        var statement = connection.createStatement()) {
      statement.execute(sql);
      return null;
    } catch (SQLException e) {
      return e.getSQLState();
    }
  }

  @Test
  void aTableWithAnotherTypeOfColumnThatComesLaterStopsWhoIsNoValueOfItAndGivesHimNobodysRows() throws Exception {
    source.execute("CREATE TABLE t (tenant_id text, id int, PRIMARY KEY (tenant_id, id))", "INSERT INTO t VALUES ('007', 1)");
    try (Replication replication = replicate()) {
      UUID tenant = replication.start("007");
      source.execute("CREATE TABLE n (tenant_id int, id int, PRIMARY KEY (tenant_id, id))", "ALTER PUBLICATION helios_" + source.name() + " ADD TABLE n");
      target.execute("CREATE TABLE n (tenant_id int, id int, PRIMARY KEY (tenant_id, id))");
      source.execute("INSERT INTO n VALUES (7, 1)");
      assertThat(replication.becomes(tenant, TenantState.NEEDS_RESYNC).error()).extracting(Problem::code).isEqualTo(ErrorCode.TENANT_KEY_TYPE);
      assertThat(target.value("SELECT count(*) FROM n")).isEqualTo("0");
    }
  }
}
