package io.helios.repl.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.FailoverNews;
import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.Lease;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Observation;
import io.helios.repl.tui.model.News;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The dashboard's line to a server that breaks it off. */
class FleetStreamTest {

  private static final String FLEET =
      """
      {"kind":"Fleet","full":true,"at":"2026-11-21T14:03:27.123Z","server":{"region":"us-east-1","version":"0.1.0","node":"a","epoch":null},\
      "totals":{"tenants":1,"byState":{"STREAMING":1},"lagSeconds":{"p50":0.1,"p95":0.1,"p99":0.1,"max":0.1},"rowsPerSecond":12.5,\
      "rawBytesPerSecond":100.0,"sealedBytesPerSecond":25.0},\
      "sources":[{"kind":"Source","source":"shop","place":"h:5432/shop","reachable":true,"capturedLsn":"0/1","retainedWalBytes":7,\
      "relayBytes":9,"tenants":1,"error":null}],"targets":[{"kind":"Target","target":"eu","place":"h:5433/shop","reachable":false,\
      "tenants":1,"error":{"code":"HR-2001","message":"away","hint":"look","lsn":null,"table":null,"at":null}}],\
      "tenants":[{"tenant":"acme","state":"STREAMING","source":"shop","target":"eu","tier":"premium","epoch":3,"lagSeconds":0.1,\
      "lagBytes":41984,"lagTargetSeconds":5.0,"rowsPerSecond":12.5,"appliedLsn":"0/1","capturedLsn":"0/2",\
      "copy":{"tables":2,"done":2,"rows":10,"bytes":100},"conflicts":1,"sealedBytes":25,"rawBytes":100,"since":"2026-01-01T00:00:00Z",\
      "error":null,"nextSteps":[],"objective":{"windowSeconds":3600,"attained":0.9993,"goal":0.99,"budgetLeft":0.93,"burnRate":0.2}}],\
      "removed":["gone"],"migrations":[{"kind":"Migration","id":"7f","tenant":"acme","from":"shop","to":"eu","state":"SWITCHED","direction":"back",\
      "wish":"rollback","epoch":4,"attempts":2,"begunAt":"2026-01-01T00:00:00Z","since":"2026-01-01T00:10:00Z","notBefore":"2026-01-01T00:11:00Z",\
      "maxPauseMillis":100,"retries":5,"backoffSeconds":30.0,"cutover":"auto","window":"22:00-04:00","predicted":{"at":"2026-01-01T00:09:00Z",\
      "rehearsals":5,"p50Millis":13.5,"p99Millis":18.5,"lock":{"p50Millis":1.5,"p99Millis":2.5},"drain":{"p50Millis":12.0,"p99Millis":16.0},\
      "traffic":{"p50Millis":0.1,"p99Millis":0.2}},"there":{"epoch":4,"pauseMillis":21.5,"exact":true,"drainedLsn":"0/1",\
      "at":"2026-01-01T00:10:00Z","parts":{"trafficMillis":0.3,"lockMillis":2.1,"drainMillis":14.4,"switchMillis":4.2}},"back":null,\
      "error":{"code":"HR-7110","message":"undone","why":"slow","hint":"again"},"nextSteps":["helios-repl migrate complete acme"]}],\
      "migrationsRemoved":["left"],"failovers":[{"kind":"Failover","id":"8a","tenant":"acme","epoch":9,"rtoMillis":2410,"promotedLsn":"0/2",\
      "unreplicated":{"known":false,"transactions":14,"first":"2026-01-01T00:00:00Z","last":"2026-01-01T00:00:01Z","missing":"its slot was lost",\
      "tables":[{"table":"public.orders","inserts":9,"updates":2,"deletes":0,"truncates":1,"keys":11}]},"state":"ACCOUNTED",\
      "oldSource":"accounted","from":"shop","to":"eu","rejoin":"manual","place":3,"begunAt":"2026-01-01T00:00:00Z","since":"2026-01-01T00:10:00Z",\
      "switchedAt":"2026-01-01T00:00:02Z","error":null,"nextSteps":["helios-repl failover run acme --rejoin"]}],"failoversRemoved":["left"],\
      "observations":[{"kind":"Observation","endpoint":"us-east-1/shop","verdict":"dead","own":"suspect","since":"2026-01-01T00:00:00Z",\
      "lastAnswer":null,"lsn":null,"why":"nothing listens","deadVotes":2,"countedVotes":3,"neededVotes":2,\
      "votes":[{"observer":"a","verdict":"dead","fresh":true,"sighted":false}]}],\
      "leases":[{"kind":"Lease","database":"shop","given":false,"error":{"code":"HR-8301","message":"not renewed","why":"w","hint":"h"}}]}""";

  private static final FailoverNews FAILOVER =
      new FailoverNews(
          List.of(
              new Failover(
                  "8a", "acme", "shop", "eu", "ACCOUNTED", "accounted", 9, false, 3, Instant.parse("2026-01-01T00:00:00Z"),
                  Instant.parse("2026-01-01T00:10:00Z"), 2410L, "0/2", true,
                  new Failover.Account(
                      14, Instant.parse("2026-01-01T00:00:00Z"), Instant.parse("2026-01-01T00:00:01Z"), "its slot was lost",
                      List.of("public.orders: 9 inserted, 2 updated, 0 deleted, truncated")),
                  null, List.of("helios-repl failover run acme --rejoin"))),
          List.of("left"),
          List.of(
              new Observation(
                  "us-east-1/shop", "dead", "suspect", Instant.parse("2026-01-01T00:00:00Z"), null, null, "nothing listens", 2, 3, 2,
                  List.of(new Observation.Vote("a", "dead", true, false)))),
          List.of(new Lease("shop", false, Fault.of("HR-8301", "not renewed", "w", "h"))));

  private static final Migration MOVE =
      new Migration(
          "7f", "acme", "shop", "eu", "SWITCHED", "rollback", 4, 2, Instant.parse("2026-01-01T00:00:00Z"), Instant.parse("2026-01-01T00:10:00Z"),
          new Migration.Terms(100, 5, Instant.parse("2026-01-01T00:11:00Z"), true, "22:00-04:00"),
          new Migration.Prediction(
              Instant.parse("2026-01-01T00:09:00Z"), 5, new Migration.Share(13.5, 18.5), new Migration.Share(1.5, 2.5),
              new Migration.Share(12, 16), new Migration.Share(0.1, 0.2)),
          new Migration.Pause(Instant.parse("2026-01-01T00:10:00Z"), 4, 21.5, true, 2.1, 14.4, 0.3, 4.2),
          null,
          Fault.of("HR-7110", "undone", "slow", "again"),
          List.of("helios-repl migrate complete acme"));

  private final List<String> lastIds = new CopyOnWriteArrayList<>();
  private final BlockingQueue<News> news = new LinkedBlockingQueue<>();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/api/v1/events", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  /** Each connection tells a little and ends. */
  private void answer(HttpExchange exchange) throws IOException {
    String seen = exchange.getRequestHeaders().getFirst("Last-Event-ID");
    lastIds.add(seen == null ? "" : seen);
    if (lastIds.size() == 2) {
      exchange.getResponseHeaders().set("Content-Type", "application/problem+json");
      byte[] problem = "{\"code\":\"HR-9012\",\"detail\":\"the server is stopping\"}".getBytes(UTF_8);
      exchange.sendResponseHeaders(503, problem.length);
      exchange.getResponseBody().write(problem);
    } else {
      exchange.getResponseHeaders().set("Content-Type", "text/event-stream;charset=utf-8");
      exchange.sendResponseHeaders(200, 0);
      exchange
          .getResponseBody()
          .write(
              ("event: fleet\ndata: " + FLEET + "\n\nid: 4" + lastIds.size()
                      + "\nevent: event\ndata: {\"id\":4,\"at\":\"2026-01-01T00:00:00Z\",\"severity\":\"WARN\",\"tenant\":null,"
                      + "\"type\":\"x\",\"message\":\"m\",\"code\":null,\"hint\":null}\n\n")
                  .getBytes(UTF_8));
    }
    exchange.close();
  }

  private News next() throws InterruptedException {
    News next = news.poll(30, TimeUnit.SECONDS);
    assertThat(next).isNotNull();
    return next;
  }

  @Test
  void aBrokenConnectionIsTakenUpAgainBehindTheLastEvent() throws Exception {
    HeliosClient client = HeliosClient.to(URI.create("http://127.0.0.1:" + server.getAddress().getPort()), "secret");
    try (FleetStream stream = new FleetStream(client, Duration.ofSeconds(1), news::add)) {
      stream.start();
      assertThat(next()).isInstanceOf(News.Connected.class);
      assertThat(next())
          .isInstanceOfSatisfying(
              News.Told.class,
              told -> {
                assertThat(told.update().full()).isTrue();
                assertThat(told.update().removed()).containsExactly("gone");
                assertThat(told.update().totals().lag()).isNotNull();
                assertThat(told.update().sources().getFirst().retainedWalBytes()).isEqualTo(7);
                assertThat(told.update().targets().getFirst().error()).isNotNull();
                assertThat(told.update().tenants())
                    .singleElement()
                    .satisfies(
                        t -> {
                          assertThat(t.name()).isEqualTo("acme");
                          assertThat(t.lagSeconds()).isEqualTo(0.1);
                          assertThat(t.compression()).isEqualTo(4.0);
                          assertThat(t.sourceRegion()).isNull();
                          assertThat(t.objective()).isNotNull();
                        });
                assertThat(told.update().migrations()).containsExactly(MOVE);
                assertThat(told.update().migrationsRemoved()).containsExactly("left");
                assertThat(told.update().failover()).isEqualTo(FAILOVER);
              });
      assertThat(next()).isInstanceOfSatisfying(News.Happened.class, h -> assertThat(h.event().id()).isEqualTo(4));
      assertThat(next()).isInstanceOf(News.Lost.class);
      assertThat(next()).isInstanceOfSatisfying(News.Lost.class, l -> assertThat(l.why()).contains("HR-9012"));
      assertThat(next()).isInstanceOf(News.Connected.class);
      assertThat(lastIds).startsWith("", "41", "41");
    }
  }

  @Test
  void aServerThatIsNotThereIsTriedAgain() throws Exception {
    int port = server.getAddress().getPort();
    server.stop(0);
    HeliosClient client = HeliosClient.to(URI.create("http://127.0.0.1:" + port), "secret");
    try (FleetStream stream = new FleetStream(client, Duration.ofSeconds(1), news::add)) {
      stream.start();
      assertThat(next()).isInstanceOf(News.Lost.class);
      assertThat(next()).isInstanceOf(News.Lost.class);
    }
  }
}
