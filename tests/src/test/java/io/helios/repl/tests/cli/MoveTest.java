package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.fixture.Database;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A tenant's move as an operator does it, with everything real: commands, server, both databases. */
class MoveTest {

  @TempDir Path directory;

  private static void write(Database home, int id) {
    home.execute("INSERT INTO orders VALUES ('acme', " + id + ", 'written at " + home.name() + "')");
  }

  private static void closed(Database home) {
    assertThatThrownBy(() -> home.execute("UPDATE orders SET note = 'x' WHERE tenant_id = 'acme'"))
        .rootCause()
        .hasMessageContaining("acme");
  }

  private static String state(TestServer server) {
    return server.done("tenant", "status", "acme", "-o", "json").json().path("state").asString();
  }

  @Test
  void aTenantIsMovedAndComesBackAndIsMovedForGood() {
    try (TestServer server = new TestServer(directory)) {
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
      server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
      JsonNode ready =
          server.done("migrate", "start", "acme", "--max-pause", "5s", "--wait", "--timeout", "90s", "-o", "json").json();
      assertThat(ready.path("state").asString()).isEqualTo("READY");
      assertThat(ready.path("predicted").path("p99Millis").asDouble()).isPositive();
      write(server.source, 1000);

      JsonNode over = server.done("migrate", "cutover", "acme", "--confirm=acme", "--timeout", "60s", "-o", "json").json();
      assertThat(over.path("kind").asString()).isEqualTo("Cutover");
      assertThat(over.path("epoch").asLong()).isEqualTo(2);
      assertThat(over.path("pauseMillis").asDouble()).isPositive();
      assertThat(over.path("rollback").asString()).isEqualTo("open");
      assertThat(over.path("drainedLsn").asString()).contains("/");
      closed(server.source);
      write(server.target, 2000);
      JsonNode status = server.done("tenant", "status", "acme", "-o", "json").json();
      assertThat(status.path("source").asString()).isEqualTo("shop-eu");
      assertThat(status.path("target").asString()).isEqualTo("shop");
      assertThat(status.path("epoch").asLong()).isEqualTo(2);
      server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      assertThat(server.source.value("SELECT count(*) FROM orders WHERE tenant_id = 'acme' AND id >= 1000")).isEqualTo("2");

      server.restart(server.yaml());
      write(server.target, 3000);
      server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      assertThat(server.done("verify", "run", "acme", "-o", "json").json().path("equal").asBoolean()).isTrue();

      JsonNode back = server.done("migrate", "rollback", "acme", "--confirm=acme", "--timeout", "90s", "-o", "json").json();
      assertThat(back.path("direction").asString()).isEqualTo("back");
      assertThat(back.path("epoch").asLong()).isEqualTo(3);
      closed(server.target);
      write(server.source, 4000);
      server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      for (Database home : List.of(server.source, server.target)) {
        assertThat(home.value("SELECT string_agg(id::text, ' ' ORDER BY id) FROM orders WHERE tenant_id = 'acme' AND id >= 1000"))
            .isEqualTo("1000 2000 3000 4000");
      }
      await()
          .until(() -> server.done("migrate", "status", "acme", "-o", "json").json().path("state").asString().equals("ROLLED_BACK"));

      nothingIsLeftAtHome(server);

      server.done("migrate", "start", "acme", "--max-pause", "5s", "--wait", "--timeout", "90s");
      server.done("migrate", "cutover", "acme", "--confirm=acme", "--timeout", "60s");
      server.done("migrate", "complete", "acme", "--purge", "--confirm=acme", "--wait", "--timeout", "60s");
      assertThat(state(server)).isEqualTo("MOVED");
      assertThat(server.source.value("SELECT count(*) FROM orders WHERE tenant_id = 'acme'")).isEqualTo("0");
      write(server.target, 5000);
      closedFor(server.source, 6000);
      server.restart(server.yaml());
      assertThat(state(server)).isEqualTo("MOVED");
      write(server.target, 7000);
      assertThat(server.target.value("SELECT count(*) FROM orders WHERE tenant_id = 'acme'")).isEqualTo("106");
    }
  }

  /** No guard at the source, and no slot at the target that nobody reads. */
  private static void nothingIsLeftAtHome(TestServer server) {
    assertThat(server.source.query("SELECT tgname FROM pg_trigger WHERE tgname LIKE '!helios%'")).isEmpty();
    assertThat(server.source.query("SELECT * FROM helios.replica")).isEmpty();
    await()
        .untilAsserted(
            () ->
                assertThat(
                        server.target.query(
                            "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()"))
                    .isEmpty());
  }

  private static void closedFor(Database home, int id) {
    assertThatThrownBy(() -> write(home, id)).rootCause().hasMessageContaining("has moved");
  }

  @Test
  void aMoveThatIsCancelledLeavesNoGuardBehind() {
    try (TestServer server = new TestServer(directory)) {
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
      server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
      server.done("migrate", "start", "acme", "--wait", "--timeout", "90s");
      server.done("migrate", "cancel", "acme", "--yes", "--wait", "--timeout", "60s");
      nothingIsLeftAtHome(server);
      assertThat(state(server)).isEqualTo("STREAMING");
      write(server.source, 1000);
      server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
    }
  }
}
