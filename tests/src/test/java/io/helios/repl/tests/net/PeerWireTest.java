package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.apply.Applier;
import io.helios.repl.apply.ApplySchedule;
import io.helios.repl.apply.ApplySettings;
import io.helios.repl.apply.JdbcTarget;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.apply.Replicated;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.peer.HttpFrameSource;
import io.helios.repl.relay.DirectorySegmentFiles;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.relay.RelayLimits;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.server.FrameRoutes;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.net.FaultProxy.CutAfter;
import io.helios.repl.tests.net.FaultProxy.Delay;
import io.helios.repl.tests.net.FaultProxy.Direction;
import io.helios.repl.tests.net.FaultProxy.Throttle;
import io.helios.repl.tests.pipeline.Replication;
import io.javalin.Javalin;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A source's journal here and an applier there, with a bad network between them. It is in clear on purpose: what the frames'
 * own seal does is seen here, and TLS only comes on top of it.
 */
class PeerWireTest {

  private static final Tenancy TENANCY = new Tenancy.ByColumn("tenant_id");
  private static final Duration BOUND = Duration.ofSeconds(90);
  private static final String SECRET = "nobody-on-the-way-may-read-this";
  private static final int TRANSACTIONS = 20;
  private static final String ROWS = "SELECT * FROM orders WHERE tenant_id = 'a' ORDER BY 2";

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));
  private final ByteArrayOutputStream onTheWire = new ByteArrayOutputStream();
  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private volatile UnaryOperator<byte[]> hands = UnaryOperator.identity();
  private UUID a;
  private UUID b;
  private long system;
  private RelayJournal journal;
  private FrameRoutes routes;
  private Javalin server;
  private FaultProxy proxy;
  private HttpFrameSource frames;

  @BeforeEach
  void framesWaitAtTheSource() throws IOException {
    source.execute(
        "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO orders VALUES ('a', 1, 'copied'), ('b', 1, 'copied')");
    try (Replication replication = new Replication(directory, source, target, TENANCY, null)) {
      a = replication.start("a");
      b = replication.start("b");
      for (UUID tenant : List.of(a, b)) {
        replication.fleet.pauseTenant(tenant);
        replication.becomes(tenant, TenantState.PAUSED);
      }
      source.execute("INSERT INTO orders VALUES ('b', 2, 'streamed')");
      for (int i = 2; i < 2 + TRANSACTIONS; i++) {
        long before = replication.fleet.status(a).sealedBytes();
        source.execute(
            // Random text, for what does not compress is what has to cross the wire.
            "INSERT INTO orders SELECT 'a', " + i + " * 1000 + g, '" + SECRET + "' || (SELECT string_agg(md5(random()::text || x || g), '')"
                + " FROM generate_series(1, 120) x) FROM generate_series(1, 20) g");
        await().atMost(Replication.PATIENCE).until(() -> replication.fleet.status(a).sealedBytes() > before);
      }
    }
    system = Long.parseLong(target.value("SELECT DISTINCT source_system FROM helios.replica"));
    serve(0);
    proxy = new FaultProxy(server.port());
    frames = HttpFrameSource.open(client, URI.create("http://127.0.0.1:" + proxy.port()), "shop");
  }

  @AfterEach
  void stop() {
    frames.close();
    client.shutdownNow();
    proxy.close();
    unserve();
  }

  /** Only tenant a is given to the region that asks. */
  private void serve(int port) throws IOException {
    journal =
        RelayJournal.open(
            new DirectorySegmentFiles(directory.resolve("journal").resolve("shop")), new RelayLimits(1 << 30, 1 << 28));
    Map<String, FrameSource> journals = Map.of("shop", journal);
    routes =
        new FrameRoutes(journals::get, (name, tenant, region) -> tenant.equals(a) && region.equals("eu"), request -> "eu");
    server =
        Javalin.create(
            c -> {
              c.startup.showJavalinBanner = false;
              c.concurrency.useVirtualThreads = true;
              c.jetty.modifyServer(jetty -> jetty.setStopTimeout(5_000));
              routes.install(c.routes);
              c.routes.after(
                  request -> {
                    InputStream body = request.resultInputStream();
                    if (body != null) {
                      byte[] sent = hands.apply(body.readAllBytes());
                      synchronized (onTheWire) {
                        onTheWire.write(sent);
                      }
                      request.result(sent);
                    }
                  });
              c.routes.exception(InterruptedException.class, (e, request) -> request.status(503)); // it is being stopped
              c.routes.exception(
                  HeliosException.class,
                  (e, request) ->
                      request
                          .status(e instanceof OperatorException ? 409 : 503)
                          .contentType("application/problem+json")
                          .result("{\"code\":\"" + e.problem().code().id() + "\",\"detail\":\"refused\"}"));
            });
    server.start("127.0.0.1", port);
  }

  private void unserve() {
    routes.close();
    server.stop();
    journal.close();
  }

  /** An applier with tenant a, on the other side of the wire. */
  private final class Stage implements AutoCloseable {
    final ApplySchedule schedule = new ApplySchedule(System::nanoTime, 1);
    final ReplicaTenant replica;
    final Applier applier;

    Stage() {
      Tenant tenant =
          new Tenant(
              a, "a", "a", "shop", "copy", TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5),
              ConflictPolicy.SOURCE_WINS, 1);
      replica = new ReplicaTenant(tenant, new Replicated(TENANCY, false, "shop", system, "here"), frames);
      ApplySettings d = ApplySettings.DEFAULTS;
      // Small fetches and turns: much of what comes is left over for the next one.
      ApplySettings settings =
          new ApplySettings(1, d.tenants(), 100, 64 << 10, 32 << 10, d.commitAfter(), Duration.ofMillis(20), Duration.ofMillis(200), true);
      applier =
          Applier.open(
              schedule, new FrameOpener(new MemoryKeyring(new byte[32])), new JdbcTarget("copy", target.settings(), settings), settings,
              System::nanoTime);
      schedule.add(replica);
    }

    /** What there is to do, without waiting. */
    void turn() {
      schedule.signal(a);
      while (applier.runOnce() > 0) {
        // until nothing is left
      }
    }

    void endsEqual() {
      await()
          .atMost(BOUND)
          .until(
              () -> {
                turn();
                return target.query(ROWS).size() == source.query(ROWS).size();
              });
      assertThat(target.query(ROWS)).isEqualTo(source.query(ROWS));
      assertThat(replica.status().stopped()).isFalse();
      assertThat(replica.status().conflictCounts()).isEmpty();
    }

    @Override
    public void close() {
      applier.close();
    }
  }

  @Test
  void everythingArrivesOnceOverALineThatBreaksWaitsAndIsNarrow() {
    try (Stage stage = new Stage()) {
      proxy.set(Direction.TO_CLIENT, new CutAfter(60_000));
      stage.turn();
      proxy.set(new Delay(Duration.ofMillis(20)));
      stage.turn();
      proxy.cut(true);
      stage.turn();
      proxy.set(Direction.TO_CLIENT, new CutAfter(500_000));
      stage.turn();
      proxy.set(Direction.TO_CLIENT, new Throttle(2_000_000));
      stage.turn();
      proxy.heal();
      stage.endsEqual();
    }
    await().atMost(BOUND).untilAsserted(() -> assertThat(journal.backlog(a).frames()).as("what is applied is trimmed").isZero());
    assertThat(journal.backlog(b).frames()).isPositive();
  }

  @Test
  void aServerThatIsRestartedInTheMiddleIsGoneOnWith() throws IOException {
    try (Stage stage = new Stage()) {
      proxy.set(Direction.TO_CLIENT, new CutAfter(200_000));
      stage.turn();
      int port = server.port();
      unserve();
      proxy.heal();
      stage.turn();
      assertThat(stage.replica.status().stopped()).as("a peer that is away stops nothing").isFalse();
      serve(port);
      stage.endsEqual();
    }
  }

  @Test
  void nobodyOnTheWayReadsARow() {
    try (Stage stage = new Stage()) {
      stage.endsEqual();
    }
    String wire;
    synchronized (onTheWire) {
      wire = onTheWire.toString(StandardCharsets.ISO_8859_1);
    }
    assertThat(wire.length()).as("the frames crossed it").isGreaterThan(200_000);
    assertThat(target.query(ROWS).toString()).contains(SECRET);
    assertThat(wire).doesNotContain(SECRET).doesNotContain("orders").doesNotContain("tenant_id");
  }

  @Test
  void aFrameThatWasAlteredOnTheWayIsRefusedAndNothingOfItWritten() {
    List<String> before = target.query(ROWS);
    hands =
        body -> {
          byte[] altered = body.clone();
          if (body.length > 1_000) {
            altered[300] ^= 1; // within what is sealed of the first frame
          }
          return altered;
        };
    try (Stage stage = new Stage()) {
      stage.turn();
      assertThat(Objects.requireNonNull(stage.replica.status().error()).code()).isEqualTo(ErrorCode.FRAME_NOT_AUTHENTIC);
      assertThat(stage.replica.status().stopped()).isTrue();
      assertThat(target.query(ROWS)).isEqualTo(before);
    }
  }

  @Test
  void whatWasNotGivenToTheRegionIsNotServedNorNews() throws Exception {
    for (UUID tenant : List.of(b, UUID.randomUUID())) {
      assertThatThrownBy(() -> frames.fetch(tenant, 0, 0, 1 << 20))
          .isInstanceOfSatisfying(
              OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.TENANT_NOT_GIVEN));
    }
    long waiting = journal.backlog(b).frames();
    frames.acknowledge(b, Long.MAX_VALUE);
    FrameSource.Arrivals news = frames.arrivals(0, BOUND);
    assertThat(news.tenants()).containsExactly(a);
    assertThat(frames.arrivals(news.mark(), Duration.ofMillis(50)).tenants()).isEmpty();
    assertThat(frames.capturedUpTo()).isEqualTo(journal.capturedUpTo());
    long last = frames.fetch(a, 0, 0, 1).getFirst().header().lastPosition();
    frames.acknowledge(a, last);
    long frame = journal.backlog(a).frames();
    await().atMost(BOUND).until(() -> journal.backlog(a).frames() < frame || frame < TRANSACTIONS);
    assertThat(journal.backlog(b).frames()).as("told to be applied by who was not given it").isEqualTo(waiting);
  }

  @Test
  void whatTheJournalHasLetGoOfIsAGapHereToo() {
    long last = journal.fetch(a, 0, 0, 1).getFirst().header().lastPosition();
    journal.acknowledge(a, last);
    assertThatThrownBy(() -> frames.fetch(a, 0, 1, 1 << 20))
        .isInstanceOfSatisfying(OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.JOURNAL_GAP));
  }

  @Test
  void aPeerThatIsAwayIsAMatterOfTimeAndItsWaitsEnd() {
    proxy.refuse();
    proxy.cut(true);
    assertThatThrownBy(() -> frames.fetch(a, 0, 0, 1 << 20))
        .isInstanceOfSatisfying(
            TransientException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.PEER_UNREACHABLE));
    proxy.heal();
    assertThat(frames.fetch(a, 0, 0, 1 << 20)).isNotEmpty();
  }
}
