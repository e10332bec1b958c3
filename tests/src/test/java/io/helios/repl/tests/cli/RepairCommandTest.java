package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.tests.cli.TestServer.Ran;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code verify repair} and {@code tenant resync} as an operator has them. */
class RepairCommandTest {

  @TempDir Path directory;
  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(directory);
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aTamperedTenantIsRepairedAndTheExitCodeTellsWhetherItIsEqual() {
    tamper("UPDATE orders SET note = 'x' WHERE id <= 3", "DELETE FROM orders WHERE id = 4", "INSERT INTO orders VALUES ('acme', 999)");
    assertThat(server.run("verify", "run", "acme").code()).isEqualTo(7);

    Ran planned = server.done("verify", "repair", "acme", "--dry-run");
    assertThat(planned.out()).contains("verify repair acme would:", "hold what is applied of acme at one point of the WAL");
    assertThat(server.run("verify", "run", "acme").code()).isEqualTo(7);

    Ran repaired = server.done("verify", "repair", "acme", "--yes");
    assertThat(repaired.out())
        .containsPattern("TABLE +ROWS +DIFFERING +BROUGHT +REMOVED")
        .containsPattern("public.orders +100 +4 +4 +4")
        .contains("tenant acme: 4 rows repaired; both sides are equal at ");
    assertThat(server.done("verify", "run", "acme").code()).isZero();
    assertThat(server.done("tenant", "describe", "acme").out()).contains("repaired: 4 rows differed in 1 tables");
    assertThat(server.done("verify", "repair", "acme", "--yes").out())
        .startsWith("tenant acme: nothing was to be repaired; both sides are equal at ");
  }

  @Test
  void whatStillDiffersAfterwardsEndsWithSeven() {
    server.target.execute(
        "CREATE FUNCTION mangle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := ''mangled''; RETURN NEW; END'",
        "CREATE TRIGGER mangle BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION mangle()",
        "ALTER TABLE orders ENABLE ALWAYS TRIGGER mangle");
    tamper("DELETE FROM orders WHERE id = 4");
    Ran repaired = server.run("verify", "repair", "acme", "--yes", "-o", "json");
    assertThat(repaired.code()).isEqualTo(7);
    assertThat(repaired.json().path("kind").asString()).isEqualTo("Repair");
    assertThat(repaired.json().path("equal").asBoolean()).isFalse();
    assertThat(repaired.json().path("tables").path(0).path("brought").asInt()).isEqualTo(1);
  }

  @Test
  @Tag("long")
  void whatDoesNotStreamIsToBeResyncedAndAResyncTellsWhatItMoved() {
    tamper("UPDATE orders SET note = 'x' WHERE id <= 3");
    server.done("tenant", "stop", "acme", "--wait");
    Ran refused = server.run("verify", "repair", "acme", "--yes");
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("HR-5003");

    assertThat(server.done("tenant", "resync", "acme", "--dry-run").out()).contains("move the rows that differ");
    assertThat(server.done("tenant", "resync", "acme", "--copy", "--dry-run").out()).contains("copy all its tables again");
    server.done("tenant", "resync", "acme", "--yes", "--wait", "--timeout", "60s");
    assertThat(server.done("tenant", "describe", "acme").out()).contains("resynced: 3 of 100 rows differed in 1 tables;");
    assertThat(server.done("verify", "run", "acme").code()).isZero();
    server.done("tenant", "resync", "acme", "--copy", "--yes", "--wait", "--timeout", "60s");
    assertThat(server.done("tenant", "describe", "acme").out()).contains("resynced: 1 tables were copied;");
  }

  private void tamper(String... statements) {
    for (String sql : statements) {
      server.target.transaction("SET LOCAL session_replication_role = replica", sql);
    }
  }
}
