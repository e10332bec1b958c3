package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.cli.Main;
import io.helios.repl.cli.Shell;
import io.helios.repl.server.ServerLife;
import io.helios.repl.tests.cli.TestServer.Ran;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Ports;
import io.helios.repl.tests.fixture.Postgres;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Two servers, each with a disk of its own, on one control store: one has the work, the other takes it over. */
class ServersOfOneStoreTest {

  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));
  private final Database store = Database.create(Postgres.shared(17, "target"));
  private final int[] ports = {Ports.free(), Ports.free()};

  @BeforeEach
  void fill() {
    source.execute(
        "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO orders SELECT t, i, 'n' || i FROM unnest(ARRAY['acme', 'globex']) t, generate_series(1, 100) i");
  }

  private static String name(int which) {
    return which == 0 ? "left" : "right";
  }

  private String yaml(int which) {
    return """
    name: %s
    listen: 127.0.0.1:%d
    data-dir: %s
    store: %s
    sources:
      shop: { url: "%s", slot: helios_%s, tenancy: { column: tenant_id }, tables: ["public.*"] }
    targets:
      shop-eu: { url: "%s" }
    """
        .formatted(name(which), ports[which], directory.resolve(name(which)), store.uri(), source.uri(), source.name(), target.uri());
  }

  private ServerLife begin(int which) throws IOException {
    return begin(which, yaml(which));
  }

  private ServerLife begin(int which, String yaml) throws IOException {
    Path own = Files.createDirectories(directory.resolve(name(which) + "-config"));
    return ServerLife.start(
        TestServer.configuration(own, yaml), Map.of("XDG_STATE_HOME", directory.resolve("state").toString()));
  }

  private HeliosProcess launch(int which) throws IOException {
    Path file = Files.writeString(directory.resolve(name(which) + ".yaml"), yaml(which));
    return HeliosProcess.start(Files.createDirectories(directory), "server", "run", "--config", file.toString());
  }

  private Ran run(int at, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Map<String, String> environment =
        Map.of("XDG_STATE_HOME", directory.resolve("state").toString(), "HELIOS_SERVER", "http://127.0.0.1:" + ports[at]);
    int code =
        Main.run(
            new Shell(
                new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8),
                new BufferedReader(new StringReader("")), environment, false, false),
            arguments);
    return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private Ran done(int at, String... arguments) {
    Ran ran = run(at, arguments);
    assertThat(ran.code()).as(ran.out() + ran.err()).isZero();
    return ran;
  }

  /** What the server there says of one, or of itself; empty when it does not answer. */
  private String state(int at, int of) {
    Ran ran = run(at, "server", "list", "-o", "json");
    if (ran.code() != 0) {
      return "";
    }
    return ran.json().path("items").valueStream()
        .filter(s -> s.path("name").asString().equals(name(of)))
        .map(s -> s.path("state").asString() + " " + s.path("sources").valueStream().map(JsonNode::asString).toList())
        .findFirst()
        .orElse("");
  }

  private void becomes(int at, int of, String state) {
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(state(at, of)).isEqualTo(state));
  }

  private void declare(int at) {
    done(at, "tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
    done(at, "tenant", "start", "acme", "--wait", "--timeout", "60s");
  }

  private void hasAll(int at) {
    await().atMost(PATIENCE).until(() -> run(at, "tenant", "wait", "acme", "--for", "caught-up", "--timeout", "30s").code() == 0);
    String rows = "SELECT count(*), sum(id), min(id), max(id) FROM orders WHERE tenant_id = 'acme'";
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(target.query(rows)).isEqualTo(source.query(rows)));
    assertThat(done(at, "events", "list", "-o", "json").out()).doesNotContain("NEEDS_RESYNC");
  }

  @Test
  void oneStandsByAndTakesOverWhenTheOtherEnds() throws Exception {
    try (ServerLife left = begin(0)) {
      assertThat(left.greeting()).contains("is ready at");
      declare(0);
      try (ServerLife right = begin(1)) {
        assertThat(right.isActive()).isFalse();
        assertThat(right.greeting()).contains("is standing by at http://127.0.0.1:" + ports[1] + ", active is left");
        becomes(1, 0, "active [shop]");
        becomes(1, 1, "standby []");
        becomes(0, 1, "standby []");
        Ran refused = run(1, "tenant", "list");
        assertThat(refused.code()).isNotZero();
        assertThat(refused.err()).contains("HR-9032", "left at http://127.0.0.1:" + ports[0]);
        assertThat(run(1, "server", "status").err()).contains("HR-9032");

        left.close();
        source.execute("INSERT INTO orders SELECT 'acme', i, 'later' FROM generate_series(1000, 1100) i");
        await().atMost(PATIENCE).until(right::isActive);
        becomes(1, 1, "active [shop]");
        hasAll(1);
        assertThat(done(1, "server", "list").out()).doesNotContain("left");
      }
    }
    source.execute("INSERT INTO orders SELECT 'acme', i, 'later still' FROM generate_series(2000, 2100) i");
    try (ServerLife left = begin(0)) {
      assertThat(left.isActive()).isTrue();
      hasAll(0);
      assertThat(done(0, "events", "list", "-o", "json").out()).contains("left is the active server from now on; before it was right");
    }
  }

  private String polling(int which) {
    return yaml(which)
        .replaceAll("slot: \\w+, ", "")
        .replace("tenancy:", "capture: checkpoint, checkpoint: { column: id, interval: 100ms }, tenancy:");
  }

  /** What has changed while nobody polled is not behind what the next one begins with: only both sides tell. */
  @Test
  void whoTakesOverAPolledSourceComparesBothSides() throws Exception {
    try (ServerLife left = begin(0, polling(0))) {
      declare(0);
      try (ServerLife right = begin(1, polling(1))) {
        left.close();
        source.execute("DELETE FROM orders WHERE id < 10", "UPDATE orders SET note = 'unseen' WHERE id = 50");
        await().atMost(PATIENCE).until(right::isActive);
        equal();
      }
    }
    source.execute("UPDATE orders SET note = 'unseen too' WHERE id = 51");
    try (ServerLife left = begin(0, polling(0))) {
      await().atMost(PATIENCE).until(left::isActive);
      equal();
      source.execute("INSERT INTO orders VALUES ('acme', 500, 'seen')");
      equal();
    }
  }

  private void equal() {
    String rows = "SELECT * FROM orders WHERE tenant_id = 'acme' ORDER BY id";
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(target.query(rows)).isEqualTo(source.query(rows)));
  }

  /** What is listening comes and goes in one process: nobody may be left with a connection that nobody has. */
  @Test
  @Tag("long")
  void whoeverAsksAsTheyTakeTurnsIsAnsweredOrHungUpOn() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger answered = new AtomicInteger();
    Queue<String> forgotten = new ConcurrentLinkedQueue<>();
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      URI servers = URI.create("http://127.0.0.1:" + ports[i % 2] + "/api/v1/servers");
      clients.add(Thread.ofPlatform().start(() -> ask(servers, stop, answered, forgotten)));
    }
    try {
      for (int turn = 0; turn < 6; turn++) {
        try (ServerLife left = begin(0);
            ServerLife right = begin(1)) {
          left.close();
          await().atMost(PATIENCE).until(right::isActive);
        }
      }
    } finally {
      stop.set(true);
      for (Thread client : clients) {
        client.join();
      }
    }
    assertThat(answered.get()).isPositive();
    assertThat(forgotten).isEmpty();
  }

  /** Each time over a connection of its own, until it is told to stop. */
  private static void ask(URI uri, AtomicBoolean stop, AtomicInteger answered, Queue<String> forgotten) {
    while (!stop.get()) {
      try (HttpClient client = HttpClient.newHttpClient()) {
        client.send(HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(20)).build(), HttpResponse.BodyHandlers.ofString());
        answered.incrementAndGet();
      } catch (HttpTimeoutException e) {
        forgotten.add(uri.toString());
      } catch (IOException e) {
        // Nobody listens there at the moment, or hung up.
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** The slot is read, and rows are locked, by a process that does nothing and has not ended. */
  @Test
  @Tag("long")
  void oneThatIsStoppedIsReplacedAndStandsByWhenItWakesUp() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    Thread writer = Thread.ofPlatform().unstarted(() -> {
      for (int id = 1_000; !stop.get(); id++) {
        source.execute("INSERT INTO orders VALUES ('acme', " + id + ", 'x')");
      }
    });
    try (HeliosProcess left = launch(0)) {
      left.greeting();
      declare(0);
      try (HeliosProcess right = launch(1)) {
        assertThat(right.greeting()).contains("is standing by");
        writer.start();
        left.signal("STOP");
        becomes(1, 1, "active [shop]");
        becomes(1, 0, "gone []");
        long seen = Long.parseLong(target.value("SELECT count(*) FROM orders"));
        await().atMost(PATIENCE).until(() -> Long.parseLong(target.value("SELECT count(*) FROM orders")) > seen + 50);

        left.signal("CONT");
        becomes(0, 0, "standby []");
        becomes(1, 0, "standby []");
        becomes(0, 1, "active [shop]");
        assertThat(run(0, "tenant", "list").err()).contains("HR-9032");

        right.signal("KILL");
        right.ends();
        becomes(0, 0, "active [shop]");
        stop.set(true);
        writer.join();
        hasAll(0);
        assertThat(done(0, "verify", "run", "acme", "--timeout", "60s").code()).isZero();
      }
    } finally {
      stop.set(true);
      writer.join();
    }
  }
}
