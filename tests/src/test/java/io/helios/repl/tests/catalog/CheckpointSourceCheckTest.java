package io.helios.repl.tests.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.capture.SourcePreparation;
import io.helios.repl.capture.SourceScope;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code source check} says of a source that is polled, to a role that may only read. */
class CheckpointSourceCheckTest {

  private static final Tenancy BY_COLUMN = new Tenancy.ByColumn("tenant_id");
  private static final String GOOD =
      "CREATE TABLE good (tenant_id int NOT NULL, id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now());"
          + "CREATE INDEX ON good (tenant_id); CREATE INDEX ON good (updated_at, id);";

  private static CaptureMode.Checkpoint checkpoint(
      @Nullable String soft, @Nullable Duration reconcile, @Nullable Duration refresh) {
    return new CaptureMode.Checkpoint(
        "updated_at", Duration.ofSeconds(1), soft, reconcile, refresh, CaptureMode.Checkpoint.LONGEST_TRANSACTION);
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 18})
  void aRoleThatMayOnlyReadHasNotesOnlyOnASourceThatIsReady(int major) throws Exception {
    try (Source source = new Source(Postgres.shared(major, "source"), GOOD)) {
      SourceScope scope = source.polled(checkpoint(null, Duration.ofMinutes(10), null), BY_COLUMN, "*.*");
      assertThat(source.check(scope))
          .allSatisfy(finding -> assertThat(finding.severity()).as("%s", finding).isEqualTo(Severity.INFO))
          .extracting(Finding::code)
          .containsExactly(ErrorCode.SOURCE_IDENTITY);
      try (Connection connection = source.connect()) {
        assertThat(SourcePreparation.plan(connection, scope)).isEmpty();
        assertThat(SourcePreparation.run(connection, scope)).isEmpty();
        assertThat(SourcePreparation.unpublished(connection, scope)).isEmpty();
      }
    }
  }

  static Stream<Arguments> mendedByTheirHints() {
    String table = "CREATE TABLE t (tenant_id int NOT NULL, id int PRIMARY KEY, updated_at ";
    return Stream.of(
        Arguments.of(ErrorCode.CHECKPOINT_COLUMN_NOT_INDEXED, Severity.WARN, table + "bigint NOT NULL)"),
        Arguments.of(ErrorCode.CHECKPOINT_COLUMN_NOT_INDEXED, Severity.WARN,
            table + "bigint NOT NULL); CREATE INDEX ON t USING hash (updated_at); CREATE INDEX ON t (id, updated_at);"
                + " CREATE INDEX ON t (updated_at) WHERE id > 0"),
        Arguments.of(ErrorCode.CHECKPOINT_COLUMN_NOT_INDEXED, Severity.WARN,
            table + "date NOT NULL) PARTITION BY RANGE (id); CREATE TABLE t_1 PARTITION OF t DEFAULT"),
        Arguments.of(ErrorCode.POLLED_TABLE_WITHOUT_KEY, Severity.ERROR,
            "CREATE TABLE t (tenant_id int NOT NULL, updated_at timestamp)"),
        Arguments.of(ErrorCode.TABLE_NOT_READABLE, Severity.ERROR, table + "int); REVOKE ALL ON t FROM PUBLIC"));
  }

  @ParameterizedTest
  @MethodSource("mendedByTheirHints")
  void aFindingIsGoneOnceItsHintIsRun(ErrorCode code, Severity severity, String setup) throws Exception {
    try (Source source = new Source(Postgres.shared(17, "source"), setup)) {
      SourceScope scope = source.polled(checkpoint(null, Duration.ofMinutes(10), null), BY_COLUMN, "*.*");
      if (code == ErrorCode.TABLE_NOT_READABLE) {
        source.run("REVOKE ALL ON t FROM " + source.role);
      }
      Finding finding = the(source.check(scope), code);
      assertThat(finding.severity()).isEqualTo(severity);
      assertThat(finding.table()).isEqualTo("public.t");
      source.run(finding.hint());
      assertThat(source.check(scope)).extracting(Finding::code).doesNotContain(code);
    }
  }

  private static final List<String> ORDERED = List.of("smallint", "bigint", "numeric", "date", "timestamp", "timestamptz",
      "text", "varchar(9)", "uuid", "kind", "stamp", "inet", "int4range");
  private static final List<String> UNORDERED = List.of("json", "point", "xml");

  @Test
  void anyOrderedTypeCanBePolledAndOthersAreRefusedByNameOrComparedAsAWhole() throws Exception {
    StringBuilder setup = new StringBuilder("CREATE TYPE kind AS ENUM ('a', 'b');"
        + "CREATE DOMAIN stamp AS timestamptz CHECK (VALUE > '2000-01-01');");
    for (String type : Stream.concat(ORDERED.stream(), UNORDERED.stream()).toList()) {
      setup.append("CREATE TABLE t_").append(type.replaceAll("\\W", "")).append(
          " (tenant_id int NOT NULL, id int PRIMARY KEY, updated_at ").append(type).append(" NOT NULL);");
    }
    try (Source source = new Source(Postgres.shared(17, "source"), setup.toString())) {
      List<Finding> refused = source.check(source.polled(checkpoint(null, Duration.ofMinutes(10), null), BY_COLUMN, "*.*"));
      assertThat(refused).filteredOn(Finding::isError).extracting(f -> f.code() + " " + f.table()).containsExactlyInAnyOrder(
          "CHECKPOINT_COLUMN_UNORDERED public.t_json", "CHECKPOINT_COLUMN_UNORDERED public.t_point",
          "CHECKPOINT_COLUMN_UNORDERED public.t_xml");
      List<Finding> refreshed = source.check(
          source.polled(checkpoint(null, Duration.ofMinutes(10), Duration.ofHours(1)), BY_COLUMN, "*.*"));
      assertThat(refreshed).filteredOn(Finding::isError).isEmpty();
      assertThat(refreshed).filteredOn(f -> f.code() == ErrorCode.TABLE_REFRESHED).hasSize(UNORDERED.size());
    }
  }

  @Test
  void aTableWithoutTheColumnIsRefusedOrComparedAsAWhole() throws Exception {
    try (Source source = new Source(Postgres.shared(17, "source"), GOOD + "CREATE TABLE t (tenant_id int, id int PRIMARY KEY)")) {
      Finding refused = the(source.check(source.polled(checkpoint(null, null, null), BY_COLUMN, "*.*")),
          ErrorCode.CHECKPOINT_COLUMN_MISSING);
      assertThat(refused.isError()).isTrue();
      assertThat(refused.hint()).contains("!public.t", "full-refresh");
      List<Finding> refreshed =
          source.check(source.polled(checkpoint(null, null, Duration.ofHours(1)), BY_COLUMN, "*.*"));
      assertThat(the(refreshed, ErrorCode.TABLE_REFRESHED).table()).isEqualTo("public.t");
      assertThat(refreshed).filteredOn(Finding::isError).isEmpty();
    }
  }

  @Test
  void aTableWithoutAKeyIsComparedAsAWhole() throws Exception {
    try (Source source = new Source(Postgres.shared(17, "source"), "CREATE TABLE t (tenant_id int, updated_at int)")) {
      List<Finding> refreshed =
          source.check(source.polled(checkpoint(null, null, Duration.ofHours(1)), BY_COLUMN, "*.*"));
      assertThat(the(refreshed, ErrorCode.TABLE_REFRESHED).message()).contains("no primary key");
      assertThat(refreshed).filteredOn(Finding::isError).isEmpty();
    }
  }

  @Test
  void howDeletesAreSeenIsSaidPlainly() throws Exception {
    try (Source source = new Source(Postgres.shared(17, "source"), GOOD)) {
      assertThat(the(source.check(source.polled(checkpoint(null, null, null), BY_COLUMN, "*.*")), ErrorCode.DELETES_NOT_SEEN))
          .satisfies(finding -> assertThat(finding.severity()).isEqualTo(Severity.WARN))
          .satisfies(finding -> assertThat(finding.message()).contains("deletes are not seen"));
      List<Finding> soft = source.check(source.polled(checkpoint("deleted_at", null, null), BY_COLUMN, "*.*"));
      assertThat(soft).filteredOn(f -> f.code() == ErrorCode.DELETES_NOT_SEEN)
          .extracting(f -> f.severity() + " " + f.table())
          .containsExactly("WARN public.good", "INFO null");
      source.run("ALTER TABLE good ADD deleted_at timestamptz");
      assertThat(source.check(source.polled(checkpoint("deleted_at", null, null), BY_COLUMN, "*.*")))
          .filteredOn(f -> f.code() == ErrorCode.DELETES_NOT_SEEN)
          .extracting(Finding::severity)
          .containsExactly(Severity.INFO);
      assertThat(source.check(source.polled(checkpoint("gone", Duration.ofMinutes(1), null), BY_COLUMN, "*.*")))
          .extracting(Finding::code)
          .doesNotContain(ErrorCode.DELETES_NOT_SEEN);
    }
  }

  @Test
  void aColumnThatMayBeNullIsWarnedOf() throws Exception {
    try (Source source = new Source(Postgres.shared(17, "source"), GOOD + "ALTER TABLE good ALTER updated_at DROP NOT NULL")) {
      Finding finding = the(source.check(source.polled(checkpoint(null, null, null), BY_COLUMN, "*.*")),
          ErrorCode.CHECKPOINT_COLUMN_NULLABLE);
      assertThat(finding.severity()).isEqualTo(Severity.WARN);
    }
  }

  @Test
  void preparingMakesNothingAndTheDryRunPrintsTheIndexes() throws Exception {
    try (Source source = new Source(Postgres.shared(17, "source"),
        GOOD + "CREATE TABLE \"T\" (tenant_id int NOT NULL, id int, updated_at int NOT NULL, PRIMARY KEY (tenant_id, id));"
            + "CREATE TABLE other (tenant_id int PRIMARY KEY)")) {
      SourceScope scope = source.polled(checkpoint(null, null, null), BY_COLUMN, "*.*");
      try (Connection connection = source.connect()) {
        assertThat(SourcePreparation.run(connection, scope)).isEmpty();
        assertThat(SourcePreparation.publish(connection, scope)).isEmpty();
        List<String> plan = SourcePreparation.plan(connection, scope);
        assertThat(plan).containsExactly(
            "CREATE INDEX CONCURRENTLY ON \"public\".\"T\" (\"updated_at\", \"tenant_id\", \"id\")");
        source.run(plan.getFirst());
        assertThat(SourcePreparation.plan(connection, scope)).isEmpty();
      }
    }
  }

  @Test
  void aRoleThatMayNotAskWhichServerItIsIsToldWhatToGrant() throws Exception {
    try (Source source = new Source(Postgres.shared(17, "source"), GOOD)) {
      SourceScope scope = source.polled(checkpoint(null, null, null), BY_COLUMN, "*.*");
      source.run("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
      Finding finding = the(source.check(scope), ErrorCode.SOURCE_IDENTITY_HIDDEN);
      assertThat(finding.isError()).isTrue();
      source.run(finding.hint());
      assertThat(source.check(scope)).filteredOn(Finding::isError).isEmpty();
    }
  }

  private static Finding the(List<Finding> findings, ErrorCode code) {
    return findings.stream().filter(f -> f.code() == code).findFirst()
        .orElseThrow(() -> new AssertionError(code + " is not among " + findings));
  }
}
