package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.tests.cli.TestServer.Ran;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The runbooks that move tenants, as they are shipped, with everything real. */
class RunbookMoveTest {

  @TempDir Path directory;

  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(directory);
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private String state(String tenant) {
    return server.done("migrate", "status", tenant, "-o", "json").json().path("state").asString();
  }

  private static String run(Ran ran) {
    return ran.err().replaceAll("(?s).*?run (\\S+-\\d+) .*", "$1");
  }

  @Test
  void oneTenantIsMovedWithAnApprovalBeforeEachStepThatCounts() {
    String[] move = {"runbook", "run", "../runbooks/move-one-tenant.yaml", "--set", "tenant=acme", "--set", "target=shop-eu", "--set", "max-pause=5s"};
    assertThat(server.done(append(move, "--dry-run")).out()).contains("cut-over: helios-repl migrate cutover acme");
    Ran waits = server.run(move);
    assertThat(waits.code()).as(waits.err()).isEqualTo(3);
    assertThat(state("acme")).isEqualTo("READY");
    Ran cut = server.run("runbook", "resume", run(waits), "--approve", "may-cut-over");
    assertThat(cut.err()).contains("step 9/12 switched");
    assertThat(state("acme")).isEqualTo("SWITCHED");
    assertThat(cut.code()).as(cut.err()).isEqualTo(3);
    Ran done = server.run("runbook", "resume", run(waits), "--approve", "may-complete");
    assertThat(done.code()).as(done.err()).isZero();
    assertThat(state("acme")).isEqualTo("COMPLETED");
  }

  @Test
  void aRegionIsDrainedTenantByTenant() {
    server.done("tenant", "create", "globex", "--source", "shop", "--target", "shop-eu");
    Ran ran =
        server.run(
            "runbook", "run", "../runbooks/drain-a-region.yaml", "--set", "tenants=acme,globex", "--set", "target=shop-eu", "--set", "max-pause=5s", "--approve", "may-cut-over");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(state("acme")).isEqualTo("SWITCHED");
    assertThat(state("globex")).isEqualTo("SWITCHED");
  }

  private static String[] append(String[] words, String last) {
    String[] all = Arrays.copyOf(words, words.length + 1);
    all[words.length] = last;
    return all;
  }
}
