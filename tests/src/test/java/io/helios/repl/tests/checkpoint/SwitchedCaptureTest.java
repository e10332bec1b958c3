package io.helios.repl.tests.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A source whose capture is changed keeps what its tenants have: both sides are compared once, and what differs is moved. */
class SwitchedCaptureTest {

  private static final CaptureMode WAL = new CaptureMode.Wal();
  private static final CaptureMode POLLED =
      new CaptureMode.Checkpoint(
          "updated_at", Duration.ofMillis(100), null, null, null, CaptureMode.Checkpoint.LONGEST_TRANSACTION);
  private static final CaptureMode RECONCILED =
      new CaptureMode.Checkpoint(
          "updated_at", Duration.ofMillis(100), null, Duration.ofSeconds(1), null,
          CaptureMode.Checkpoint.LONGEST_TRANSACTION);
  private static final String ALL = "SELECT * FROM orders ORDER BY tenant_id, id";

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private Replication replicate(CaptureMode capture) {
    return new Replication(capture, directory, source, target, new Tenancy.ByColumn("tenant_id"));
  }

  private void createOrders() {
    source.execute(
        "CREATE TABLE orders (tenant_id text, id bigint, note text, updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),"
            + " PRIMARY KEY (tenant_id, id))",
        "CREATE INDEX ON orders (updated_at)",
        "INSERT INTO orders SELECT t, i, 'note ' || i FROM generate_series(1, 5000) i, unnest(ARRAY['a', 'b']) t");
  }

  /** Thirty rows of each tenant differ after it. */
  private void change(int round) {
    int from = round * 100;
    source.execute(
        "DELETE FROM orders WHERE id BETWEEN " + from + " AND " + (from + 9),
        "UPDATE orders SET note = 'changed', updated_at = clock_timestamp() WHERE id BETWEEN " + (from + 10) + " AND "
            + (from + 19),
        "INSERT INTO orders SELECT t, i, 'new' FROM generate_series(" + (10_000 + from) + ", " + (10_009 + from)
            + ") i, unnest(ARRAY['a', 'b']) t");
  }

  private static List<String> told(Replication replication, String kind) {
    return replication.events.stream().filter(event -> event.kind().equals(kind)).map(FleetEvent::message).toList();
  }

  private void awaitEqual() {
    await().atMost(Replication.PATIENCE).untilAsserted(() -> assertThat(target.query(ALL)).isEqualTo(source.query(ALL)).isNotEmpty());
  }

  /** It was switched, while it was down: nothing but what differs is moved, and it goes on. */
  private void goesOnAfter(CaptureMode capture, int round) throws Exception {
    try (Replication replication = replicate(capture)) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      UUID b = replication.add("b", DesiredState.RUNNING);
      for (UUID tenant : List.of(a, b)) {
        replication.becomes(tenant, TenantState.STREAMING);
        assertThat(replication.fleet.status(tenant).copy().rows()).as("rows that were moved").isEqualTo(20);
      }
      assertThat(told(replication, "capture-switched")).hasSize(2);
      assertThat(told(replication, "tenant-resynced")).hasSize(2)
          .allSatisfy(message -> assertThat(message).startsWith("resynced: 20 of 5,0"));
      awaitEqual();
      source.execute(
          "UPDATE orders SET note = 'goes on " + round + "', updated_at = clock_timestamp() WHERE id = 4000",
          "INSERT INTO orders SELECT t, " + (20_000 + round) + ", 'goes on' FROM unnest(ARRAY['a', 'b']) t");
      replication.catchUp(a);
      replication.catchUp(b);
      replication.equal(ALL);
      assertThat(replication.fleet.status(a).conflicts()).isZero();
    }
    try (Replication replication = replicate(capture)) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      replication.becomes(a, TenantState.STREAMING);
      assertThat(told(replication, "capture-switched")).as("once").isEmpty();
      assertThat(told(replication, "tenant-resynced")).isEmpty();
    }
  }

  @Test
  void bothWaysOnlyWhatDiffersIsMovedAlsoWhatWasDeletedWhileNobodyLooked() throws Exception {
    createOrders();
    try (Replication replication = replicate(WAL)) {
      replication.start("a");
      replication.start("b");
    }
    change(1);
    goesOnAfter(POLLED, 1);
    change(2);
    goesOnAfter(WAL, 2);
    change(3);
    goesOnAfter(POLLED, 3);
  }

  @Test
  void nothingIsLostOfWhatIsWrittenAndDeletedAllTheTime() throws Exception {
    createOrders();
    AtomicBoolean stopping = new AtomicBoolean();
    AtomicInteger transactions = new AtomicInteger();
    Thread writer = Thread.ofPlatform().start(() -> write(stopping, transactions));
    try {
      try (Replication replication = replicate(WAL)) {
        replication.start("a");
      }
      for (CaptureMode capture : List.of(RECONCILED, WAL, RECONCILED)) {
        try (Replication replication = replicate(capture)) {
          UUID a = replication.add("a", DesiredState.RUNNING);
          replication.becomes(a, TenantState.STREAMING);
          assertThat(told(replication, "capture-switched")).hasSize(1);
          int from = transactions.get();
          await().atMost(Replication.PATIENCE).until(() -> transactions.get() > from + 20);
          if (capture == WAL) {
            continue;
          }
          assertThat(replication.fleet.status(a).copy().rows()).isLessThan(5000);
        }
      }
      stopping.set(true);
      writer.join();
      try (Replication replication = replicate(WAL)) {
        UUID a = replication.add("a", DesiredState.RUNNING);
        replication.becomes(a, TenantState.STREAMING);
        replication.catchUp(a);
        replication.equal("SELECT * FROM orders WHERE tenant_id = 'a' ORDER BY id");
        assertThat(replication.fleet.status(a).conflicts()).isZero();
      }
    } finally {
      stopping.set(true);
      writer.join();
    }
  }

  private void write(AtomicBoolean stopping, AtomicInteger transactions) {
    try (Connection connection = source.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int i = 1; !stopping.get(); i++) {
        statement.execute("INSERT INTO orders VALUES ('a', " + (100_000 + i) + ", 'live')");
        statement.execute(
            "UPDATE orders SET note = 'live " + i + "', updated_at = clock_timestamp() WHERE tenant_id = 'a' AND id = "
                + (100 + i % 50));
        statement.execute("DELETE FROM orders WHERE tenant_id = 'a' AND id = " + (100_000 + i - 5));
        connection.commit();
        transactions.set(i);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void oneThatRestsIsComparedWhenItIsStartedAgainAndTheSlotThatIsLeftIsToldOf() throws Exception {
    createOrders();
    try (Replication replication = replicate(WAL)) {
      UUID a = replication.start("a");
      replication.fleet.pauseTenant(a);
      replication.becomes(a, TenantState.PAUSED);
    }
    change(1);
    try (Replication replication = replicate(POLLED)) {
      UUID a = replication.add("a", DesiredState.PAUSED);
      replication.start("b");
      assertThat(told(replication, "tenant-resynced")).isEmpty();
      assertThat(replication.fleet.status(a).state()).isEqualTo(TenantState.PAUSED);
      replication.fleet.resumeTenant(a);
      replication.becomes(a, TenantState.STREAMING);
      assertThat(told(replication, "tenant-resynced")).singleElement().asString().startsWith("resynced: 20 of 5,0");
      awaitEqual();
      await().atMost(Replication.PATIENCE)
          .until(() -> told(replication, "source").stream().anyMatch(message -> message.contains("replication slot")));
    }
  }

  @Test
  void oneThatWasCutOffInBetweenIsComparedAfterAll() throws Exception {
    createOrders();
    try (Replication replication = replicate(WAL)) {
      replication.start("a");
      replication.start("b");
    }
    change(1);
    for (int i = 0; i < 3; i++) {
      try (Replication replication = replicate(POLLED)) {
        UUID a = replication.add("a", DesiredState.RUNNING);
        replication.add("b", DesiredState.RUNNING);
        if (i > 0) {
          await().pollInterval(Duration.ofMillis(1)).atMost(Replication.PATIENCE)
              .until(() -> replication.fleet.status(a).copy().tables() > 0
                  || replication.fleet.status(a).state() == TenantState.STREAMING);
        }
      }
    }
    try (Replication replication = replicate(POLLED)) {
      replication.becomes(replication.add("a", DesiredState.RUNNING), TenantState.STREAMING);
      replication.becomes(replication.add("b", DesiredState.RUNNING), TenantState.STREAMING);
      awaitEqual();
    }
  }
}
