package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.tests.cli.TestServer.Ran;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The slots of a real source. Other tests' slots stand there too. */
class SlotCommandsTest {

  @TempDir Path directory;

  @Test
  void slotsAreListedAndOnlyOneThatNobodyNeedsIsDroppedOnceItsNameIsSaidAgain() {
    try (TestServer server = new TestServer(directory)) {
      String orphan = "helios_old_" + server.source.name();
      String ours = "helios_" + server.source.name();
      server.source.execute("SELECT pg_create_logical_replication_slot('" + orphan + "', 'pgoutput')");
      server.done("source", "prepare", "shop");
      assertThat(server.done("slot", "list").out()).containsPattern("(?m)^shop +" + orphan + " +orphan +no ");
      JsonNode list = server.done("slot", "list", "-o", "json").json();
      assertThat(list.path("kind").asString()).isEqualTo("SlotList");
      assertThat(server.done("slot", "list", "-o", "name").out().lines()).contains(orphan, ours);

      assertThat(server.done("slot", "drop", "shop", orphan, "--dry-run").out()).contains("drop replication slot " + orphan);
      assertThat(server.run("slot", "drop", "shop", orphan).code()).as("not confirmed").isEqualTo(3);
      assertThat(server.done("slot", "drop", "shop", orphan, "--confirm=" + orphan).out())
          .isEqualTo("slot " + orphan + " of shop is dropped\n");
      assertThat(server.done("slot", "list", "-o", "name").out().lines()).doesNotContain(orphan).contains(ours);

      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
      server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
      Ran needed = server.run("slot", "drop", "shop", ours, "--confirm=" + ours);
      assertThat(needed.code()).isEqualTo(6);
      assertThat(needed.err()).startsWith("error HR-").contains("\n  hint: ");
      assertThat(server.run("slot", "drop", "nowhere", orphan, "--confirm=" + orphan).code()).isEqualTo(5);
    }
  }
}
