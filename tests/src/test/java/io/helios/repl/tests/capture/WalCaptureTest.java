package io.helios.repl.tests.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.capture.CaptureSettings;
import io.helios.repl.capture.CatalogColumnTypes;
import io.helios.repl.capture.Routes;
import io.helios.repl.capture.SourceContinuity;
import io.helios.repl.capture.TenantRoute;
import io.helios.repl.capture.WalCapture;
import io.helios.repl.change.Change;
import io.helios.repl.change.ChangeReader;
import io.helios.repl.change.FrameEntry;
import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.JdbcWalStream;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.ReplicationSlot;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.Tuple;
import io.helios.repl.postgres.WalBarrier;
import io.helios.repl.relay.DirectorySegmentFiles;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.Provenance;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.relay.RelayLimits;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.seal.FrameSealer;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Postgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Capture end to end: real PostgreSQL, real stream, real journal, frames opened again. */
class WalCaptureTest {

  private static final UUID A = new UUID(0, 1);
  private static final UUID B = new UUID(0, 2);
  private static final UUID C = new UUID(0, 3);
  private static final UUID REFERENCE = new UUID(0, 9);

  @TempDir Path directory;
  private final MemoryKeyring keyring = new MemoryKeyring(new byte[32]);
  private final FrameSealer sealer = new FrameSealer(keyring, 1);
  private final FrameOpener opener = new FrameOpener(keyring);
  private LocalPostgres server;
  private String database;
  private String slot;
  private RelayJournal journal;
  private @Nullable JdbcWalStream stream;

  @BeforeEach
  void prepare() throws IOException {
    server = Postgres.shared(17, "source");
    database = Postgres.createDatabase(server);
    slot = "slot_" + database;
    journal = RelayJournal.open(new DirectorySegmentFiles(directory), new RelayLimits(1L << 30, 1L << 30));
  }

  @AfterEach
  void cleanUp() throws SQLException {
    closeStream();
    journal.close();
    sealer.close();
    try (Connection connection = PgConnections.open(server.settings(database), "test", null)) {
      Awaitility.await().ignoreException(TransientException.class).untilAsserted(() -> ReplicationSlot.drop(connection, slot));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void byColumnEachTenantHasItsRowsAndReferenceTablesGoWhole(boolean binary) {
    run(
        "CREATE TYPE tier AS ENUM ('gold')",
        "CREATE DOMAIN tenant_key AS int",
        "CREATE TABLE orders (tenant_id int, id int, body text, PRIMARY KEY (tenant_id, id))",
        // A domain's binary form is not read everywhere: its table would end a binary stream.
        "CREATE TABLE notes (tenant_id " + (binary ? "int" : "tenant_key") + ", id int, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE plans (id int PRIMARY KEY, name text)",
        "CREATE PUBLICATION pub FOR TABLE orders, notes, plans");
    ReplicationSlot.create(server.settings(database), slot);
    WalCapture capture =
        capture(
            binary,
            new Routes(
                1,
                new Tenancy.ByColumn("tenant_id"),
                new TableFilter(List.of("public.*")),
                new TableFilter(List.of("public.plans")),
                List.of(
                    route(A, "1"),
                    route(B, "2"),
                    new TenantRoute(REFERENCE, 1, TenantRoute.Kind.REFERENCE, "", TableFilter.ALL))));
    run(
        "INSERT INTO orders SELECT t, t * 10 + i, 'x' FROM generate_series(1, 3) t, generate_series(1, 2) i",
        "UPDATE orders SET tenant_id = 2, body = 'moved' WHERE tenant_id = 1 AND id = 12",
        "DELETE FROM orders WHERE id IN (11, 21, 31)",
        "INSERT INTO notes VALUES (1, 7), (3, 8)",
        "INSERT INTO plans VALUES (1, 'basic')",
        "TRUNCATE orders");
    captureUpTo(capture, currentLsn());
    assertThat(capture.status().failures()).isEmpty();
    if (!binary) {
      assertThat(changes(A))
          .containsExactly(
              "insert orders 1,11,x", "insert orders 1,12,x", "delete orders 1,12,-", "delete orders 1,11,-",
              "insert notes 1,7", "truncate orders");
    }
    assertThat(changes(A)).hasSize(6);
    assertThat(changes(B)).hasSize(5);
    assertThat(changes(REFERENCE)).hasSize(1);
    assertThat(journal.tenants()).containsExactlyInAnyOrder(A, B, REFERENCE);
  }

  @Test
  void aMoveTakesToastedValuesFromTheOldRowAndFailsByNameWithoutIt() {
    run(
        "CREATE TABLE full_row (tenant_id int, id int, body text, PRIMARY KEY (tenant_id, id))",
        "ALTER TABLE full_row ALTER body SET STORAGE EXTERNAL",
        "ALTER TABLE full_row REPLICA IDENTITY FULL",
        "CREATE TABLE by_key (LIKE full_row INCLUDING ALL)",
        "CREATE PUBLICATION pub FOR TABLE full_row, by_key");
    ReplicationSlot.create(server.settings(database), slot);
    WalCapture capture = capture(false, byColumn());
    run(
        "INSERT INTO full_row VALUES (1, 1, repeat('x', 10000))",
        "UPDATE full_row SET tenant_id = 3",
        "INSERT INTO by_key VALUES (1, 1, repeat('x', 10000))",
        "UPDATE by_key SET tenant_id = 2",
        "INSERT INTO by_key VALUES (1, 2, 'y'), (2, 3, 'y')");
    captureUpTo(capture, currentLsn());
    assertThat(changes(A)).hasSize(5);
    assertThat(changes(C)).hasSize(1).first().asString().startsWith("insert full_row 3,1,xxx").hasSize(20 + 10000);
    Problem problem = capture.status().failures().get(B);
    assertThat(problem).isNotNull().extracting(Problem::code).isEqualTo(ErrorCode.MOVE_INCOMPLETE);
    assertThat(capture.status().failures()).containsOnlyKeys(B);
  }

  @Test
  void bySchemaEachSchemaIsItsTenant() {
    run(
        "CREATE SCHEMA tenant_a",
        "CREATE SCHEMA tenant_b",
        "CREATE SCHEMA tenant_c",
        "CREATE TABLE tenant_a.orders (id int PRIMARY KEY)",
        "CREATE TABLE tenant_b.orders (id int PRIMARY KEY)",
        "CREATE TABLE tenant_c.orders (id int PRIMARY KEY)",
        "CREATE PUBLICATION pub FOR ALL TABLES");
    ReplicationSlot.create(server.settings(database), slot);
    WalCapture capture =
        capture(
            true,
            new Routes(
                1, new Tenancy.BySchema("tenant_{key}"), TableFilter.ALL, null, List.of(route(A, "a"), route(B, "b"))));
    run(
        "INSERT INTO tenant_a.orders VALUES (1)",
        "INSERT INTO tenant_b.orders VALUES (1)",
        "INSERT INTO tenant_c.orders VALUES (1)",
        "DELETE FROM tenant_a.orders");
    captureUpTo(capture, currentLsn());
    assertThat(changes(A)).hasSize(2);
    assertThat(changes(B)).hasSize(1);
    assertThat(journal.tenants()).hasSize(2);
  }

  @Test
  void byDatabaseTheTenantHasEverything() {
    run("CREATE TABLE t (id int PRIMARY KEY)", "CREATE SCHEMA helios", "CREATE TABLE helios.own (id int PRIMARY KEY)",
        "CREATE PUBLICATION pub FOR ALL TABLES");
    ReplicationSlot.create(server.settings(database), slot);
    WalCapture capture =
        capture(false, new Routes(1, new Tenancy.ByDatabase(), TableFilter.ALL, null, List.of(route(A, "any"))));
    run("INSERT INTO t VALUES (1)", "INSERT INTO helios.own VALUES (1)", "CREATE TABLE later (x int PRIMARY KEY)",
        "INSERT INTO later VALUES (5)");
    captureUpTo(capture, currentLsn());
    assertThat(changes(A)).containsExactly("insert t 1", "insert later 5");
  }

  @Test
  void aTransactionOfManyRowsPassesInBoundedFrames() {
    run("CREATE TABLE orders (tenant_id int, id int, body text, PRIMARY KEY (tenant_id, id))",
        "CREATE PUBLICATION pub FOR TABLE orders");
    ReplicationSlot.create(server.settings(database), slot);
    WalCapture capture = capture(true, byColumn());
    run("INSERT INTO orders SELECT 1 + g % 2, g, repeat('b', 50) FROM generate_series(1, 300000) g");
    captureUpTo(capture, currentLsn());
    List<Frame> frames = journal.fetch(A, 0, 0, Integer.MAX_VALUE);
    assertThat(frames).hasSizeGreaterThan(20);
    assertThat(frames).allSatisfy(f -> assertThat(f.header().plainLength()).isLessThan(257 << 10));
    assertThat(frames.stream().mapToInt(f -> f.header().changes()).sum()).isEqualTo(150_000);
    assertThat(journal.fetch(B, 0, 0, Integer.MAX_VALUE).stream().mapToInt(f -> f.header().changes()).sum())
        .isEqualTo(150_000);
  }

  @Test
  void afterARestartNothingIsMissingAndNothingComesTwice() throws IOException {
    run("CREATE TABLE log (tenant_id int, id int)", "ALTER TABLE log REPLICA IDENTITY FULL",
        "CREATE PUBLICATION pub FOR TABLE log");
    ReplicationSlot.create(server.settings(database), slot);
    List<String> expected = new ArrayList<>();
    for (int round = 0; round < 5; round++) {
      WalCapture capture = capture(false, byColumn());
      int first = round * 10;
      run(
          "INSERT INTO log SELECT 1, g FROM generate_series(" + first + ", " + (first + 4) + ") g",
          "INSERT INTO log SELECT 1, g FROM generate_series(" + (first + 5) + ", " + (first + 9) + ") g");
      for (int i = first; i < first + 10; i++) {
        expected.add("insert log 1," + i);
      }
      if (round % 2 == 0) {
        captureUpTo(capture, currentLsn());
      } else {
        capture.runOnce();
      }
      closeStream();
      journal.close();
      journal = RelayJournal.open(new DirectorySegmentFiles(directory), new RelayLimits(1L << 30, 1L << 30));
      // The slot never goes ahead of what is durable, whatever was read.
      if (journal.capturedUpTo() != 0) {
        assertThat(confirmed()).isLessThanOrEqualTo(new Lsn(journal.capturedUpTo()));
      }
    }
    assertThat(changes(A)).isEqualTo(expected);
  }

  @Test
  void theSlotFollowsAcknowledgementsAndAnIdleSourceMovesItForward() {
    run("CREATE TABLE orders (tenant_id int, id int, PRIMARY KEY (tenant_id, id))",
        "CREATE PUBLICATION pub FOR TABLE orders");
    ReplicationSlot.create(server.settings(database), slot);
    WalCapture capture = capture(false, byColumn());
    run("INSERT INTO orders VALUES (1, 1)", "INSERT INTO orders VALUES (1, 2)");
    captureUpTo(capture, currentLsn());
    Lsn first = new Lsn(journal.fetch(A, 0, 0, 1).getFirst().header().firstPosition());
    runUntil(capture, () -> confirmed().equals(first));
    journal.acknowledge(A, journal.fetch(A, 0, 0, Integer.MAX_VALUE).getLast().header().lastPosition());
    String other = Postgres.createDatabase(server);
    Postgres.execute(server, other, "CREATE TABLE busy AS SELECT generate_series(1, 10000)");
    Lsn now = currentLsn();
    runUntil(capture, () -> !confirmed().isBefore(now));
    assertThat(capture.status().durableUpTo()).isGreaterThanOrEqualTo(now);
  }

  @Test
  void aTableWithoutTenantMidStreamFailsTheTenantsByName() {
    run("CREATE TABLE orders (tenant_id int, id int, PRIMARY KEY (tenant_id, id))",
        "CREATE PUBLICATION pub FOR ALL TABLES");
    ReplicationSlot.create(server.settings(database), slot);
    WalCapture capture = capture(false, byColumn());
    run("INSERT INTO orders VALUES (1, 1)", "CREATE TABLE surprise (id int PRIMARY KEY)", "INSERT INTO surprise VALUES (1)");
    captureUpTo(capture, currentLsn());
    assertThat(capture.status().failures()).containsOnlyKeys(A, B, C);
    assertThat(capture.status().failures().values())
        .allSatisfy(p -> {
          assertThat(p.code()).isEqualTo(ErrorCode.TABLE_WITHOUT_TENANT);
          assertThat(p.table()).isEqualTo("public.surprise");
          assertThat(p.lsn()).isNotNull();
        });
    assertThat(journal.overflowed()).containsExactlyInAnyOrder(A, B, C);
  }

  @Test
  void aSlotThatWasMadeAnewIsAGap() {
    run("CREATE TABLE orders (tenant_id int, id int, PRIMARY KEY (tenant_id, id))",
        "CREATE PUBLICATION pub FOR TABLE orders");
    ReplicationSlot.create(server.settings(database), slot);
    WalCapture capture = capture(false, byColumn());
    captureUpTo(capture, currentLsn());
    runUntil(capture, () -> capture.status().durableUpTo().isAfter(Lsn.INVALID));
    JdbcWalStream open = stream();
    closeStream();
    try (Connection connection = PgConnections.open(server.settings(database), "test", null)) {
      Lsn captured = new Lsn(journal.capturedUpTo());
      ReplicationSlot.SlotState found = ReplicationSlot.find(connection, slot).orElseThrow();
      SourceIdentity now = SourceIdentity.read(server.settings(database));
      // This capture is not told to stay behind the last transaction, as a fleet's is.
      Provenance known = Provenance.of(open.identity().systemIdentifier(), open.identity().timeline());
      assertThat(SourceContinuity.gap("shop", found, now, null, known, captured, 1L << 30)).isEmpty();
      Awaitility.await().ignoreException(TransientException.class).untilAsserted(() -> ReplicationSlot.drop(connection, slot));
      run("INSERT INTO orders VALUES (1, 1)");
      ReplicationSlot.SlotState anew = ReplicationSlot.create(server.settings(database), slot);
      now = SourceIdentity.read(server.settings(database));
      assertThat(SourceContinuity.gap("shop", anew, now, null, known, captured, 1L << 30))
          .hasValueSatisfying(gap -> assertThat(gap.problem().code()).isEqualTo(ErrorCode.SLOT_MOVED));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  // --- the stage

  private WalCapture capture(boolean binary, Routes routes) {
    JdbcWalStream opened =
        Awaitility.await()
            .pollInterval(Duration.ofMillis(20))
            .ignoreException(TransientException.class)
            .until(
                () -> JdbcWalStream.open(
                    server.settings(database), slot, "pub", new Lsn(journal.capturedUpTo()), binary),
                s -> true);
    stream = opened;
    return new WalCapture(
        opened,
        opened.identity(),
        sealer,
        journal,
        new CatalogColumnTypes(server.settings(database)),
        CaptureSettings.withWalBudget(1L << 30),
        System::nanoTime,
        () -> Lsn.MAX,
        routes);
  }

  private JdbcWalStream stream() {
    if (stream == null) {
      throw new AssertionError("no stream");
    }
    return stream;
  }

  private void closeStream() {
    if (stream != null) {
      stream.close();
      stream = null;
    }
  }

  private static void captureUpTo(WalCapture capture, Lsn lsn) {
    runUntil(capture, () -> !capture.status().receivedUpTo().isBefore(lsn));
  }

  private static void runUntil(WalCapture capture, BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
      capture.runOnce();
    }
  }

  private static Routes byColumn() {
    return new Routes(
        1, new Tenancy.ByColumn("tenant_id"), TableFilter.ALL, null, List.of(route(A, "1"), route(B, "2"), route(C, "3")));
  }

  private static TenantRoute route(UUID tenant, String key) {
    return new TenantRoute(tenant, 1, TenantRoute.Kind.KEYED, key, TableFilter.ALL);
  }

  private void run(String... statements) {
    Postgres.execute(server, database, statements);
  }

  private Lsn currentLsn() {
    try (Connection connection = PgConnections.open(server.settings(database), "test", null)) {
      return WalBarrier.mark(connection);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private Lsn confirmed() {
    try (Connection connection = PgConnections.open(server.settings(database), "test", null)) {
      return ReplicationSlot.find(connection, slot).orElseThrow().confirmedFlush();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<String> changes(UUID tenant) {
    List<String> changes = new ArrayList<>();
    for (Frame frame : journal.fetch(tenant, 0, 0, Integer.MAX_VALUE)) {
      byte[] plain = opener.open(frame);
      ChangeReader reader = new ChangeReader(plain, 0, plain.length);
      for (FrameEntry entry = reader.next(); entry != null; entry = reader.next()) {
        switch (entry) {
          case Change.Insert c -> changes.add("insert " + c.relation().name() + " " + values(c.row()));
          case Change.Update c -> changes.add("update " + c.relation().name() + " " + values(c.row()));
          case Change.Delete c -> changes.add("delete " + c.relation().name() + " " + values(c.old()));
          case Change.Upsert c -> changes.add("upsert " + c.relation().name() + " " + values(c.row()));
          case Change.Truncate c -> changes.add("truncate " + c.relation().name());
          case FrameEntry.Begin _, FrameEntry.Marker _, FrameEntry.End _ -> {
            // Boundaries.
          }
        }
      }
    }
    return changes;
  }

  private static String values(Tuple tuple) {
    List<String> values = new ArrayList<>();
    for (int i = 0; i < tuple.columnCount(); i++) {
      String text = tuple.text(i);
      values.add(text == null ? "-" : text);
    }
    return String.join(",", values);
  }
}
