package io.helios.repl.tests.cli;

import static io.helios.repl.tests.cli.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A server that is going to be stopped, against real databases. */
class DrainTest {

  private static final String COUNT = "SELECT count(*) FROM orders WHERE tenant_id = 'acme'";

  @TempDir Path directory;

  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(directory);
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "create", "globex", "--source", "shop", "--target", "shop-eu");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void insert(int from, int to) {
    server.source.execute(
        "INSERT INTO orders SELECT t, i, 'late' FROM unnest(ARRAY['acme', 'globex']) t, generate_series(" + from + ", " + to + ") i");
  }

  private int ready() throws Exception {
    return server.http("GET", "/readyz", null, null).statusCode();
  }

  @Test
  void whatWasCommittedBeforeIsAtTheTargetAndWhatComesLaterWaitsAtTheSourceForTheNextStart() throws Exception {
    server.done("tenant", "start", "acme", "--wait");
    insert(1000, 5999);
    JsonNode drained = server.done("server", "drain", "--wait", "--timeout", "60s", "-o", "json").json();
    assertThat(drained.path("state").asString()).isEqualTo("drained");
    assertThat(drained.path("waitsFor")).isEmpty();
    assertThat(drained.path("left")).isEmpty();
    assertThat(drained.path("nextSteps").toString()).contains("kill " + ProcessHandle.current().pid(), "server drain --undo");
    assertThat(server.target.query(COUNT)).containsExactly("5100");
    assertThat(server.source.query("SELECT active FROM pg_replication_slots WHERE slot_name = 'helios_" + server.source.name() + "'"))
        .as("nobody reads the slot any more").containsExactly("f");

    HttpResponse<String> readiness = server.http("GET", "/readyz", null, null);
    assertThat(readiness.statusCode()).isEqualTo(503);
    assertThat(json(readiness).path("status").asString()).isEqualTo("drained");
    assertThat(server.http("GET", "/livez", null, null).statusCode()).isEqualTo(200);
    assertThat(server.done("server", "status").out()).containsPattern("state: +drained");

    insert(10_000, 10_000);
    server.restart(server.yaml());
    assertThat(ready()).isEqualTo(200);
    server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
    assertThat(server.target.query(COUNT)).containsExactly("5101");
  }

  @Test
  void newWorkIsRefusedByNameAndLessWorkIsNot() throws Exception {
    server.done("tenant", "start", "acme", "--wait");
    assertThat(server.done("server", "drain").out()).contains("the server is dra");
    for (String[] more :
        new String[][] {
          {"tenant", "start", "globex"},
          {"tenant", "create", "third", "--source", "shop", "--target", "shop-eu", "--key", "3"},
          {"tenant", "resync", "acme", "--yes"},
          {"verify", "run", "acme"},
          {"target", "prepare", "shop-eu"},
          {"tenant", "delete", "acme", "--confirm=acme"}
        }) {
      TestServer.Ran refused = server.run(more);
      assertThat(refused.code()).as(refused.err()).isEqualTo(6);
      assertThat(refused.err()).contains("HR-9029", "helios-repl server drain --undo");
    }
    server.done("tenant", "start", "globex", "--dry-run");
    server.done("tenant", "pause", "acme");
    server.done("server", "drain", "--wait", "--timeout", "60s");
    assertThat(server.done("events", "list", "--audit").out()).contains("POST /api/v1/server/drain").contains("HR-9029");
    assertThat(server.done("events", "list").out()).contains("the server can be stopped");
  }

  @Test
  void undoneItGoesOnWhereItStood() throws Exception {
    server.done("tenant", "start", "acme", "--wait");
    server.done("server", "drain", "--wait", "--timeout", "60s");
    insert(1000, 1009);
    assertThat(server.run("server", "drain", "--undo", "--wait").code()).isEqualTo(2);
    assertThat(server.done("server", "drain", "--undo").out()).contains("the server is running");
    assertThat(ready()).isEqualTo(200);
    server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
    assertThat(server.target.query(COUNT)).containsExactly("110");
    server.done("tenant", "start", "globex", "--wait");
  }

  @Test
  void aCopyThatRunsComesToItsEnd() throws Exception {
    server.done("target", "prepare", "shop-eu");
    server.target.execute("CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))");
    try (Connection holder = server.target.connect();
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute("INSERT INTO orders VALUES ('acme', 1, 'in the way of the copy until this ends')");
      server.done("tenant", "start", "acme");
      server.done("server", "drain");
      TestServer.Ran waited = server.run("server", "drain", "--wait", "--timeout", "1s");
      assertThat(waited.code()).as(waited.err()).isEqualTo(8);
      assertThat(waited.err()).contains("copy of acme", "helios-repl server drain --wait --timeout 2s");
      holder.rollback();
    }
    server.done("server", "drain", "--wait", "--timeout", "60s");
    assertThat(server.target.query(COUNT)).containsExactly("100");
  }

  @Test
  void whoIsPausedIsNotWaitedForAndIsNamed() throws Exception {
    server.done("tenant", "start", "acme", "globex", "--wait");
    server.done("tenant", "pause", "globex", "--wait");
    insert(1000, 1009);
    TestServer.Ran drained = server.done("server", "drain", "--wait", "--timeout", "60s");
    assertThat(drained.err()).contains("keep its data directory").contains("globex");
    assertThat(server.target.query(COUNT)).containsExactly("110");
  }

  @Test
  void aDryRunTellsThePlanAndDoesNothing() throws Exception {
    server.done("tenant", "start", "acme", "--wait");
    TestServer.Ran plan = server.done("server", "drain", "--dry-run");
    assertThat(plan.out()).contains("bring 1 streaming tenants", "slot holds back WAL until the server runs again");
    assertThat(ready()).isEqualTo(200);
    assertThat(server.done("server", "status").out()).containsPattern("state: +running");
  }
}
