package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.tests.cli.TestServer.Ran;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
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
  @Tag("long")
  void aRegionIsDrainedTenantByTenant() {
    server.done("tenant", "create", "globex", "--source", "shop", "--target", "shop-eu");
    Ran ran =
        server.run(
            "runbook", "run", "../runbooks/drain-a-region.yaml", "--set", "tenants=acme,globex", "--set", "target=shop-eu", "--set", "max-pause=5s", "--approve", "may-cut-over");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(state("acme")).isEqualTo("SWITCHED");
    assertThat(state("globex")).isEqualTo("SWITCHED");
  }

  @Test
  void aDrillSwitchesATenantMeasuresThatAndBringsItBack() {
    server.done("tenant", "start", "acme", "--wait");
    String[] drill = {"runbook", "run", "../runbooks/failover-drill.yaml", "--set", "tenant=acme", "--set", "target=shop-eu", "--set", "max-pause=5s"};
    assertThat(server.done(append(drill, "--dry-run")).out()).contains("switch: helios-repl migrate cutover acme", "return: helios-repl migrate rollback acme");
    Ran waits = server.run(append(append(drill, "--set"), "most-millis=0.001"));
    assertThat(waits.code()).as(waits.err()).isEqualTo(3);
    Ran there = server.run("runbook", "resume", run(waits), "--approve", "may-switch");
    assertThat(there.code()).as(there.err()).isEqualTo(3);
    assertThat(state("acme")).isEqualTo("SWITCHED");
    server.target.execute("INSERT INTO orders VALUES ('acme', 7000, 'written in the drill')");
    Ran measured = server.run("runbook", "resume", run(waits), "--approve", "may-return");
    assertThat(measured.code()).as("a pause that nobody can keep: " + measured.err()).isEqualTo(6);
    assertThat(measured.err()).contains("step 14/14 measured");
    assertThat(state("acme")).isEqualTo("ROLLED_BACK");
    assertThat(server.source.value("SELECT note FROM orders WHERE id = 7000")).isEqualTo("written in the drill");
    assertThat(server.done("tenant", "status", "acme", "-o", "json").json().path("source").asString()).isEqualTo("shop");
    Ran again = server.run(append(append(append(append(append(append(drill, "--set"), "most-millis=5000"), "--approve"), "may-switch"), "--approve"), "may-return"));
    assertThat(again.code()).as(again.err()).isZero();
  }

  /** Taken over by force while its source lives, which therefore is back at once. */
  @Test
  void aTenantThatWasTakenOverComesHomeOnceSomebodyHasSeenItsAccount() {
    server.done("tenant", "start", "acme", "--wait");
    server.done("failover", "run", "acme", "--force", "--confirm=acme");
    server.target.execute("INSERT INTO orders VALUES ('acme', 7000, 'written at its new home')");
    String[] failback = {"runbook", "run", "../runbooks/failback.yaml", "--set", "tenant=acme", "--set", "max-pause=5s"};
    assertThat(server.done(append(failback, "--dry-run")).out()).contains("go-back: helios-repl failover failback acme");
    Ran waits = server.run(failback);
    assertThat(waits.code()).as(waits.err()).isEqualTo(3);
    assertThat(waits.err()).contains("account-seen");
    Ran equal = server.run("runbook", "resume", run(waits), "--approve", "account-seen");
    assertThat(equal.code()).as(equal.err()).isEqualTo(3);
    assertThat(server.source.value("SELECT note FROM orders WHERE id = 7000")).isEqualTo("written at its new home");
    Ran done = server.run("runbook", "resume", run(waits), "--approve", "may-go-back");
    assertThat(done.code()).as(done.err()).isZero();
    assertThat(server.done("failover", "status", "acme", "-o", "json").json().path("state").asString()).isEqualTo("FAILED_BACK");
    server.source.execute("INSERT INTO orders VALUES ('acme', 8000, 'home again')");
  }

  private static String[] append(String[] words, String last) {
    String[] all = Arrays.copyOf(words, words.length + 1);
    all[words.length] = last;
    return all;
  }
}
