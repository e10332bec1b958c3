package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.cli.Main;
import io.helios.repl.cli.Shell;
import io.helios.repl.tests.cli.TestServer.Ran;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What has happened, asked of a real server. */
class EventCommandsTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path directory;

  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(directory);
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "create", "globex", "--source", "shop", "--target", "shop-eu");
    await().atMost(PATIENCE).until(() -> server.done("events", "list", "-o", "json").json().path("items").size() >= 2);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void eventsAreListedTheNewestLastAndByTenantAndSeverity() {
    Ran all = server.done("events", "list");
    assertThat(all.out()).startsWith("AT ");
    assertThat(all.out().indexOf("acme")).isLessThan(all.out().indexOf("globex"));
    JsonNode mine = server.done("events", "list", "--tenant", "globex", "-o", "json").json();
    assertThat(mine.path("kind").asString()).isEqualTo("EventList");
    assertThat(mine.path("items").valueStream().map(e -> e.path("tenant").asString())).containsOnly("globex");
    assertThat(server.done("events", "list", "--tenant", "globex", "--severity", "error", "-o", "jsonl").out()).isEmpty();
    assertThat(server.done("events", "list", "--limit", "1", "-o", "jsonl").out().lines()).hasSize(1).first().asString().contains("globex");
    assertThat(server.done("events", "list", "--since", "1h", "-o", "jsonl").out().lines()).hasSizeGreaterThanOrEqualTo(2);
    assertThat(server.run("events", "list", "--since", "yesterday").code()).isEqualTo(2);
  }

  @Test
  void whoFollowsSeesWhatComesOnceAlsoOverARestartOfTheServer() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Map<String, String> environment = new HashMap<>(server.environment());
    int port = server.server().address().getPort();
    environment.put("HELIOS_SERVER", server.server().address().toString());
    Shell shell =
        new Shell(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
            new BufferedReader(new StringReader("")),
            environment,
            false,
            false);
    try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
      CompletableFuture<Integer> code = new CompletableFuture<>();
      Future<?> following = threads.submit(() -> code.complete(Main.run(shell, "events", "list", "-f", "-o", "jsonl")));
      await().atMost(PATIENCE).until(() -> said(out).contains("globex"));
      server.done("tenant", "create", "initech", "--source", "shop", "--target", "shop-eu");
      await().atMost(PATIENCE).until(() -> said(out).contains("initech"));
      server.restart(server.yaml().replace("127.0.0.1:0", "127.0.0.1:" + port));
      server.done("tenant", "create", "hooli", "--source", "shop", "--target", "shop-eu");
      await().atMost(PATIENCE).until(() -> said(out).contains("hooli"));
      following.cancel(true);
      assertThat(code.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(130);
    }
    for (String tenant : new String[] {"acme", "globex", "initech", "hooli"}) {
      assertThat(said(out).lines().filter(l -> l.contains("tenant-created") && l.contains("\"" + tenant + "\""))).as(tenant).hasSize(1);
    }
  }

  private static String said(ByteArrayOutputStream out) {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void whoChangedWhatIsListedAndTheLogIsCheckedAgainstAHeadThatWasNotedDown() throws Exception {
    Ran audit = server.done("events", "list", "--audit");
    assertThat(audit.out()).startsWith("AT ").contains("POST /api/v1/tenants", "admin", "done");
    JsonNode list = server.done("events", "list", "--audit", "-o", "json").json();
    assertThat(list.path("kind").asString()).isEqualTo("AuditList");
    assertThat(list.path("items").path(0).path("detail").asString()).as("the newest last").isEqualTo("acme");

    Ran whole = server.done("audit", "verify");
    assertThat(whole.out()).startsWith("the audit log is whole: ");
    String head = server.done("audit", "verify", "-o", "json").json().path("head").asString();
    server.done("audit", "verify", "--head", head);
    assertThat(server.run("audit", "verify", "--head", "0123456789abcdef".repeat(4)).code()).isEqualTo(7);
    try (Connection store =
        DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("data").resolve("control.db"))) {
      store.createStatement().execute("UPDATE audit SET who = 'somebody else' WHERE seq = 2");
    }
    Ran broken = server.run("audit", "verify");
    assertThat(broken.code()).isEqualTo(7);
    assertThat(broken.err()).startsWith("error HR-9025: the audit log is broken at line 2").contains("\n  hint: ");
  }

  @Test
  void theErrorsOfATenantAreThatOfNowAndThoseBefore() {
    assertThat(server.done("tenant", "errors", "acme").out()).startsWith("tenant acme has no error now");
    server.target.execute("CREATE TABLE orders (tenant_id text, id text, note text, PRIMARY KEY (tenant_id, id))");
    assertThat(server.run("tenant", "start", "acme", "--wait", "--timeout", "60s").code()).isEqualTo(1);
    await()
        .atMost(PATIENCE)
        .until(() -> !server.done("tenant", "errors", "acme", "-o", "json").json().path("events").isEmpty());
    Ran errors = server.done("tenant", "errors", "acme");
    assertThat(errors.out()).startsWith("error HR-").contains("\n  hint: ").containsPattern("AT +SEVERITY +CODE");
    JsonNode document = server.done("tenant", "errors", "acme", "-o", "json").json();
    assertThat(document.path("kind").asString()).isEqualTo("TenantErrors");
    assertThat(document.path("error").path("code").asString()).startsWith("HR-");
    assertThat(server.run("tenant", "errors", "nobody").code()).isEqualTo(5);
  }
}
