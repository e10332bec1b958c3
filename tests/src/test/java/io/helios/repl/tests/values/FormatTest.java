package io.helios.repl.tests.values;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.postgres.CopyFormat;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SessionSettings;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Binary where it is safe, text where it is not, and nobody need say which. */
class FormatTest {

  private static final String ORDERS = "CREATE TABLE orders (id int PRIMARY KEY, note text)";
  private static final String MOOD = "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')";
  private static final String DIARY = "CREATE TABLE diary (id int PRIMARY KEY, how mood, hows mood[])";

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private Replication replicate() {
    return new Replication(directory, source, target, new Tenancy.ByDatabase(), null);
  }

  private boolean streamsBinary() throws Exception {
    try (Connection connection = source.connect()) {
      SessionSettings.apply(connection);
      return CopyFormat.isPortable(connection, "helios_" + source.name());
    }
  }

  @Test
  void aTableWithAnotherTypeJoinsABinaryStreamAndNothingIsLostOrComesTwice() throws Exception {
    source.execute(ORDERS, "INSERT INTO orders SELECT i, 'copied' FROM generate_series(1, 100) i");
    try (Replication replication = replicate()) {
      UUID all = replication.start("all");
      assertThat(streamsBinary()).isTrue();
      target.execute(MOOD, DIARY);
      source.execute(MOOD, DIARY, publish("diary"), "INSERT INTO orders SELECT i, 'before' FROM generate_series(101, 200) i");
      source.transaction(
          "INSERT INTO orders SELECT i, 'same transaction' FROM generate_series(201, 300) i",
          "INSERT INTO diary SELECT i, 'ok', '{sad,NULL,happy}' FROM generate_series(1, 700) i",
          "UPDATE orders SET note = note || '!' WHERE id % 2 = 0",
          "UPDATE diary SET how = 'happy' WHERE id % 3 = 0");
      source.execute("DELETE FROM orders WHERE id < 50", "DELETE FROM diary WHERE id % 7 = 0");
      replication.catchUp(all);
      replication.equal("SELECT * FROM orders ORDER BY id");
      replication.equal("SELECT * FROM diary ORDER BY id");
      assertThat(replication.fleet.status(all).conflicts()).isZero();
      assertThat(replication.events).extracting(FleetEvent::severity).doesNotContain(FleetEvent.Severity.ERROR);
    }
  }

  /** The catalog that is asked when the stream is opened again no longer has what the WAL has. */
  @Test
  void aColumnOfAnotherTypeThatIsGoneAgainStopsTheTenantByNameAndDoesNotHoldUpTheStream() throws Exception {
    source.execute(ORDERS);
    try (Replication replication = replicate()) {
      UUID all = replication.start("all");
      source.transaction(
          MOOD,
          "ALTER TABLE orders ADD COLUMN how mood",
          "INSERT INTO orders VALUES (1, 'with', 'sad')",
          "ALTER TABLE orders DROP COLUMN how",
          "INSERT INTO orders VALUES (2, 'without')");
      assertThat(streamsBinary()).isTrue();
      assertThat(Objects.requireNonNull(replication.becomes(all, TenantState.FAILED).error()).code())
          .isEqualTo(ErrorCode.SCHEMA_MOVED_ON);
      Lsn written = Lsn.parse(source.value("SELECT pg_current_wal_lsn()"));
      await()
          .atMost(Replication.PATIENCE)
          .until(() -> !Objects.requireNonNull(replication.fleet.sources().getFirst().position()).isBefore(written));
      replication.fleet.resyncTenant(all);
      replication.becomes(all, TenantState.STREAMING);
      source.execute("INSERT INTO orders VALUES (3, 'later')");
      replication.catchUp(all);
      replication.equal("SELECT id, note FROM orders ORDER BY id");
    }
  }

  /** Frames of one format wait in the journal while the stream changes to the other. */
  @Test
  void changesThatWaitInBinaryAndThoseThatFollowInTextBothArrive() throws Exception {
    source.execute(ORDERS, "INSERT INTO orders SELECT i, 'copied' FROM generate_series(1, 100) i");
    try (Replication replication = replicate()) {
      UUID all = replication.start("all");
      replication.fleet.pauseTenant(all);
      source.execute("INSERT INTO orders SELECT i, 'binary' FROM generate_series(101, 800) i", "UPDATE orders SET note = 'b' WHERE id < 50");
      target.execute(MOOD, DIARY);
      source.execute(MOOD, DIARY, publish("diary"), "INSERT INTO diary VALUES (1, 'ok', NULL)");
      source.execute("UPDATE orders SET note = note || ' text' WHERE id % 2 = 0", "DELETE FROM orders WHERE id % 5 = 0",
          "INSERT INTO orders SELECT i, 'text' FROM generate_series(801, 1500) i");
      replication.fleet.resumeTenant(all);
      replication.becomes(all, TenantState.STREAMING);
      replication.catchUp(all);
      replication.equal("SELECT * FROM orders ORDER BY id");
      replication.equal("SELECT * FROM diary ORDER BY id");
    }
  }

  @Test
  @Tag("long")
  void aTextOfAHundredMegabytesArrives() throws Exception {
    source.execute("CREATE TABLE books (id int PRIMARY KEY, body text, scan bytea)");
    String book = "string_agg(md5(i::text) || E'\\\\\\t\\n', '') FROM generate_series(1, 2900000) i";
    source.execute("INSERT INTO books SELECT 1, " + book);
    try (Replication replication = replicate()) {
      UUID all = replication.start("all");
      source.execute("INSERT INTO books SELECT 2, " + book);
      replication.catchUp(all);
      String digest = "SELECT id, length(body), md5(body) FROM books ORDER BY id";
      replication.equal(digest);
      assertThat(source.query("SELECT length(body) > 100000000 FROM books")).containsExactly("t", "t");
      // And in text, where the walsender and COPY escape it.
      target.execute(MOOD, DIARY);
      source.execute(MOOD, DIARY, publish("diary"), "INSERT INTO diary VALUES (1, 'ok', NULL)", "INSERT INTO books SELECT 3, body FROM books WHERE id = 1");
      replication.catchUp(all);
      replication.equal(digest);
    }
  }

  /** A {@code "char"} of PostgreSQL 14 is any byte, and is sent as it is. */
  @Test
  void whatIsNoUtf8StopsTheTenantAndIsNeverChanged() throws Exception {
    Database from = Database.create(Postgres.shared(14, "source"));
    Database to = Database.create(Postgres.shared(14, "target"));
    from.execute("CREATE TABLE codes (id int PRIMARY KEY, code \"char\", span interval)");
    try (Replication replication = new Replication(directory, from, to, new Tenancy.ByDatabase(), null)) {
      UUID all = replication.start("all");
      from.execute("INSERT INTO codes VALUES (1, 'a')");
      replication.catchUp(all);
      from.execute("INSERT INTO codes VALUES (2, (-61)::\"char\")");
      assertThat(Objects.requireNonNull(replication.becomes(all, TenantState.FAILED).error()).code())
          .isEqualTo(ErrorCode.TEXT_NOT_UTF8);
      assertThat(to.query("SELECT id FROM codes")).containsExactly("1");
    }
  }

  private String publish(String table) {
    return "ALTER PUBLICATION helios_" + source.name() + " ADD TABLE " + table;
  }
}
