package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory is what -Xmx says, whatever comes: it passes, or it stops with an error that has a name. */
@Tag("long")
class BoundedMemoryTest {

  private static final String STATE = "SELECT tenant_id, id, octet_length(name), md5(name) FROM item ORDER BY 1, 2";

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  @AfterEach
  void makeRoom() {
    String slot = " FROM pg_replication_slots WHERE database = '" + source.name() + "'";
    await().atMost(Journey.BOUND).until(() -> source.query("SELECT" + slot + " AND active").isEmpty());
    source.query("SELECT pg_drop_replication_slot(slot_name)" + slot);
    target.execute("DROP TABLE IF EXISTS item");
    source.execute("DROP TABLE IF EXISTS item");
  }

  private void table() {
    source.execute(
        "CREATE TABLE item (tenant_id int, id int, name text, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO item VALUES (1, 0, 'first'), (2, 0, 'first')");
  }

  private void field(int tenant, int id, int mebibytes) {
    source.execute("INSERT INTO item VALUES (" + tenant + ", " + id + ", repeat('0123456789abcdef', " + mebibytes + " * 65536))");
  }

  private void awaitEqual() {
    String rows = "SELECT count(*) FROM item";
    await().atMost(Journey.BOUND).until(() -> target.value(rows).equals(source.value(rows)));
    assertThat(target.query(STATE)).isEqualTo(source.query(STATE));
  }

  @Test
  void aFieldOfHundredsOfMebibytesPassesWhereTheHeapIsMadeForIt() throws Exception {
    table();
    field(1, 1, 200);
    try (EngineChild engine = new EngineChild("2g", directory.resolve("log"))) {
      engine.open(source, target, directory.resolve("data"), 2);
      engine.ask("streaming");
      awaitEqual();
      field(2, 1, 200);
      awaitEqual();
      assertThat(engine.status()).isEqualTo("STREAMING STREAMING");
    }
  }

  @Test
  void aRowThatIsTooLargeStopsItsTenantByNameAndNobodyElse() throws Exception {
    table();
    try (EngineChild engine = new EngineChild("300m", directory.resolve("log"))) {
      engine.open(source, target, directory.resolve("data"), 2);
      engine.ask("streaming");
      field(1, 1, 60);
      await().atMost(Journey.BOUND).until(() -> engine.status().startsWith("NEEDS_RESYNC HR-2130"));
      field(2, 1, 4);
      await().atMost(Journey.BOUND).until(() -> target.value("SELECT count(*) FROM item WHERE tenant_id = 2").equals("2"));
      assertThat(engine.status()).isEqualTo("NEEDS_RESYNC HR-2130 STREAMING");
    }
  }

  @Test
  void aMessageThatDoesNotFitIntoTheHeapIsNamedAndGoesOnWithMore() throws Exception {
    table();
    try (EngineChild engine = new EngineChild("200m", directory.resolve("log"))) {
      engine.open(source, target, directory.resolve("data"), 2);
      engine.ask("streaming");
      field(1, 1, 300);
      field(2, 1, 1);
      await().atMost(Journey.BOUND).until(() -> engine.status().contains("HR-2130"));
      assertThat(engine.status()).isEqualTo("STREAMING HR-2130 STREAMING HR-2130");
    }
  }

  @Test
  void aTransactionManyTimesLargerThanTheHeapPasses() throws Exception {
    table();
    try (EngineChild engine = new EngineChild("128m", directory.resolve("log"))) {
      engine.open(source, target, directory.resolve("data"), 2);
      engine.ask("streaming");
      source.execute("INSERT INTO item SELECT 1, i, repeat(md5(i::text), 32) FROM generate_series(1, 300000) i");
      field(2, 1, 1);
      String count = "SELECT tenant_id, count(*), sum(octet_length(name)) FROM item GROUP BY 1 ORDER BY 1";
      await().atMost(Journey.BOUND).untilAsserted(() -> assertThat(target.query(count)).isEqualTo(source.query(count)));
      assertThat(engine.status()).isEqualTo("STREAMING STREAMING");
    }
  }
}
