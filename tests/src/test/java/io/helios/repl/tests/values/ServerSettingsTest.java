package io.helios.repl.tests.values;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.postgres.SessionSettings;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.fixture.VersionPairs.VersionPair;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the configuration files of both servers set, each something else, changes no value. */
class ServerSettingsTest {

  /** On both sides. The times are short for a connection that has nothing to do, and long enough to get to work. */
  private static final Map<String, String> BOTH =
      Map.ofEntries(
          Map.entry("array_nulls", "off"),
          Map.entry("search_path", "hostile, pg_catalog"),
          Map.entry("row_security", "on"),
          Map.entry("standard_conforming_strings", "off"),
          Map.entry("escape_string_warning", "off"),
          Map.entry("statement_timeout", "'700ms'"),
          Map.entry("lock_timeout", "'100ms'"),
          Map.entry("idle_in_transaction_session_timeout", "'700ms'"),
          Map.entry("idle_session_timeout", "'900ms'"),
          Map.entry("default_transaction_read_only", "on"),
          Map.entry("default_transaction_deferrable", "on"),
          Map.entry("session_replication_role", "'replica'"),
          Map.entry("transform_null_equals", "on"),
          Map.entry("quote_all_identifiers", "on"),
          Map.entry("gin_fuzzy_search_limit", "1"),
          Map.entry("exit_on_error", "on"),
          Map.entry("client_min_messages", "'debug1'"),
          Map.entry("logical_decoding_work_mem", "'64kB'"));

  private static final Map<String, String> SOURCE =
      Map.ofEntries(
          Map.entry("DateStyle", "'SQL, DMY'"),
          Map.entry("IntervalStyle", "'sql_standard'"),
          Map.entry("TimeZone", "'Asia/Kathmandu'"),
          Map.entry("timezone_abbreviations", "'India'"),
          Map.entry("extra_float_digits", "-15"),
          Map.entry("bytea_output", "'escape'"),
          Map.entry("xmloption", "'document'"),
          Map.entry("xmlbinary", "'hex'"),
          Map.entry("client_encoding", "'LATIN1'"),
          Map.entry("default_transaction_isolation", "'serializable'"));

  private static final Map<String, String> TARGET =
      Map.ofEntries(
          Map.entry("DateStyle", "'German, MDY'"),
          Map.entry("IntervalStyle", "'iso_8601'"),
          Map.entry("TimeZone", "'America/St_Johns'"),
          Map.entry("timezone_abbreviations", "'Australia'"),
          Map.entry("extra_float_digits", "0"),
          Map.entry("bytea_output", "'escape'"),
          Map.entry("xmloption", "'document'"),
          Map.entry("client_encoding", "'WIN1252'"),
          Map.entry("default_transaction_isolation", "'repeatable read'"));

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"17, 17", "14, 18", "18, 14"})
  @Tag("long")
  void configurationFilesOfBothServersChangeNothing(int from, int to) throws Exception {
    VersionPair versions = new VersionPair(from, to);
    Map<String, String> plain = Map.of("fsync", "off");
    try (LocalPostgres sourceServer = Postgres.start(versions.source(), plain);
        LocalPostgres targetServer = Postgres.start(versions.target(), plain)) {
      Database source = Database.create(sourceServer);
      Database target = Database.create(targetServer);
      List<Samples> samples = ValueReplication.samples(versions, source, target);
      new ValueReplication(directory, source, target).run(samples, () -> {
        spoil(source, versions.source(), SOURCE);
        spoil(target, versions.target(), TARGET);
      });
    }
  }

  /** As if it stood in postgresql.conf: ALTER SYSTEM writes the file that is read after it. */
  private static void spoil(Database database, int major, Map<String, String> own) {
    Map<String, String> settings = new LinkedHashMap<>(BOTH);
    settings.putAll(own);
    if (major >= 17) {
      settings.put("transaction_timeout", "'700ms'");
    }
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      SessionSettings.apply(connection);
      statement.execute("CREATE SCHEMA hostile");
      statement.execute("CREATE FUNCTION hostile.md5(text) RETURNS text LANGUAGE sql AS $$ SELECT 'spoilt' $$");
      statement.execute("CREATE FUNCTION hostile.eq(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$");
      statement.execute("CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.eq)");
      for (Map.Entry<String, String> setting : settings.entrySet()) {
        statement.execute("ALTER SYSTEM SET " + setting.getKey() + " = " + setting.getValue());
      }
      statement.execute("SELECT pg_catalog.pg_reload_conf()");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions()
        .untilAsserted(
            () ->
                assertThat(database.value("SHOW IntervalStyle") + database.value("SHOW default_transaction_read_only"))
                    .isEqualTo(own.get("IntervalStyle").replace("'", "") + "on"));
  }
}
