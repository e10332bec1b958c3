package io.helios.repl.tests.values;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.fixture.VersionPairs;
import io.helios.repl.tests.fixture.VersionPairs.VersionPair;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is at the source is at the target, byte for byte: every type, through the copy and the stream, in both formats. */
class ValuesTest {

  /** What a server, a database or a role may set, all of it as unlike our own as can be. */
  private static final Map<String, String> HOSTILE =
      Map.ofEntries(
          Map.entry("DateStyle", "'SQL, DMY'"),
          Map.entry("IntervalStyle", "'sql_standard'"),
          Map.entry("TimeZone", "'Asia/Kathmandu'"),
          Map.entry("timezone_abbreviations", "'India'"),
          Map.entry("extra_float_digits", "-15"),
          Map.entry("bytea_output", "'escape'"),
          Map.entry("xmloption", "'document'"),
          Map.entry("xmlbinary", "'hex'"),
          Map.entry("array_nulls", "off"),
          Map.entry("lc_monetary", "'C.utf8'"),
          Map.entry("lc_numeric", "'C.utf8'"),
          Map.entry("client_encoding", "'LATIN1'"),
          Map.entry("standard_conforming_strings", "off"),
          Map.entry("backslash_quote", "on"),
          Map.entry("escape_string_warning", "off"),
          Map.entry("transform_null_equals", "on"),
          Map.entry("quote_all_identifiers", "on"),
          Map.entry("search_path", "hostile, pg_catalog"),
          Map.entry("row_security", "on"),
          Map.entry("check_function_bodies", "off"),
          Map.entry("statement_timeout", "'20ms'"),
          Map.entry("lock_timeout", "'5ms'"),
          Map.entry("idle_in_transaction_session_timeout", "'20ms'"),
          Map.entry("default_transaction_read_only", "on"),
          Map.entry("default_transaction_isolation", "'serializable'"),
          Map.entry("default_transaction_deferrable", "on"),
          Map.entry("session_replication_role", "'replica'"),
          Map.entry("client_min_messages", "'debug1'"),
          Map.entry("gin_fuzzy_search_limit", "1"),
          Map.entry("plan_cache_mode", "'force_generic_plan'"),
          Map.entry("enable_seqscan", "off"),
          Map.entry("exit_on_error", "on"),
          Map.entry("default_toast_compression", "'pglz'"),
          Map.entry("logical_decoding_work_mem", "'64kB'"),
          Map.entry("work_mem", "'64kB'"));

  @TempDir Path directory;

  @ParameterizedTest
  @MethodSource(VersionPairs.DIAGONAL)
  void everyValueArrivesByteForByteInTextStreams(VersionPair versions) throws Exception {
    inText(versions);
  }

  @ParameterizedTest
  @MethodSource(VersionPairs.DIAGONAL)
  void everyValueArrivesByteForByteInBinaryStreams(VersionPair versions) throws Exception {
    inBinary(versions);
  }

  @ParameterizedTest
  @MethodSource(VersionPairs.ALL)
  @Tag("long")
  void everyValueArrivesBetweenAllVersionsInTextStreams(VersionPair versions) throws Exception {
    inText(versions);
  }

  @ParameterizedTest
  @MethodSource(VersionPairs.ALL)
  @Tag("long")
  void everyValueArrivesBetweenAllVersionsInBinaryStreams(VersionPair versions) throws Exception {
    inBinary(versions);
  }

  private void inText(VersionPair versions) throws Exception {
    Database source = versions.createSource();
    Database target = versions.createTarget();
    new ValueReplication(directory, source, target).run(ValueReplication.samples(versions, source, target), () -> {});
  }

  private void inBinary(VersionPair versions) throws Exception {
    Database source = versions.createSource();
    Database target = versions.createTarget();
    List<Samples> portable =
        ValueReplication.samples(versions, source, target).stream().filter(Samples::portable).toList();
    new ValueReplication(directory, source, target).run(portable, () -> {});
  }

  /** Set for the database, and for the role in it: the second outranks the first. */
  @Test
  void settingsOfDatabasesAndRolesChangeNothing() throws Exception {
    VersionPair versions = new VersionPair(17, 17);
    Database source = versions.createSource();
    Database target = versions.createTarget();
    List<Samples> samples = ValueReplication.samples(versions, source, target);
    new ValueReplication(directory, source, target).run(samples, () -> {
      spoil(source);
      spoil(target);
      assertThat(source.value("SHOW IntervalStyle") + " " + target.value("SHOW bytea_output")).isEqualTo("sql_standard escape");
    });
  }

  /** A function and operators of the same names as the system's stand first in the search path. */
  private static void spoil(Database database) {
    List<String> statements = new ArrayList<>(List.of(
        "CREATE SCHEMA hostile",
        "CREATE FUNCTION hostile.md5(text) RETURNS text LANGUAGE sql AS $$ SELECT 'spoilt' $$",
        "CREATE FUNCTION hostile.eq(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$",
        "CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.eq)"));
    HOSTILE.forEach((name, value) -> {
      statements.add("ALTER DATABASE " + database.name() + " SET " + name + " = " + value);
      statements.add("ALTER ROLE postgres IN DATABASE " + database.name() + " SET " + name + " = " + value);
    });
    database.execute(statements.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 17, 18})
  void noBuiltInTypeIsLeftOut(int major) {
    Database database = Database.create(Postgres.shared(major, "source"));
    Set<String> tried = Samples.all(18, true).stream()
        .map(s -> s.type().replaceAll("[(].*|\"", "").replaceAll(" .*", ""))
        .map(type -> type.equals("char") ? "bpchar" : type)
        .collect(Collectors.toSet());
    tried.add("char");
    // Kept by the system for itself: their input functions refuse every value.
    Set<String> unwritable = Set.of(
        "pg_node_tree", "pg_ndistinct", "pg_dependencies", "pg_mcv_list", "pg_brin_bloom_summary",
        "pg_brin_minmax_multi_summary", "gtsvector");
    assertThat(database.query(
            "SELECT typname FROM pg_type WHERE oid < 10000 AND typtype IN ('b', 'r', 'm') AND typcategory <> 'A'"
                + " UNION VALUES ('int2vector'), ('oidvector')"))
        .filteredOn(type -> !unwritable.contains(type))
        .isSubsetOf(tried);
  }
}
