package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.cli.TestServer.Ran;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tenant's home fails while the tenant is moved; the arbiter's row of the move is on paper, that of the failover is not. */
class FailoverOfMovedTest {

  @TempDir Path directory;

  @Test
  void aMoveEndsWithItsHomeUnlessItIsBeingCutOver() {
    PaperEnds ends = new PaperEnds();
    try (TestServer server = new TestServer(directory, ends)) {
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
      server.done("migrate", "start", "acme", "--wait", "--timeout", "60s");
      ends.delivers = false;
      ends.answers = false;
      assertThat(server.run("migrate", "cutover", "acme", "--confirm=acme", "--timeout", "200ms").code()).isEqualTo(8);
      Ran cutting = server.run("failover", "run", "acme", "--force", "--confirm=acme");
      assertThat(cutting.code()).isEqualTo(6);
      assertThat(cutting.err()).contains("HR-8107", "migrate status acme");
      ends.answers = true;
      await().until(() -> server.done("migrate", "status", "acme").out().contains("ready since"));

      server.done("failover", "run", "acme", "--force", "--no-rejoin", "--confirm=acme");
      assertThat(server.done("migrate", "status", "acme").out()).contains("failed since", "HR-8108");
      Ran again = server.run("migrate", "start", "acme");
      assertThat(again.code()).isEqualTo(6);
      assertThat(again.err()).contains("HR-8102");
      assertThat(server.done("events", "list", "--audit", "-o", "json").out()).contains("force");
      server.done("failover", "run", "acme", "--rejoin");
      server.done("migrate", "cancel", "acme", "--yes", "--wait");
    } finally {
      ends.answers = true;
    }
  }
}
