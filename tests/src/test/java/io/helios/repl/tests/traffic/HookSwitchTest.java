package io.helios.repl.tests.traffic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.migration.traffic.HomeAddress;
import io.helios.repl.migration.traffic.TrafficMove;
import io.helios.repl.migration.traffic.TrafficSettings;
import io.helios.repl.migration.traffic.TrafficSwitches;
import io.helios.repl.status.Finding;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class HookSwitchTest {

  private static final HomeAddress EAST = new HomeAddress("shop", "us-east-1", "10.0.0.1", 5432, "shop");
  private static final HomeAddress WEST = new HomeAddress("eu/shop", "eu", "10.0.0.2", 5433, "sh\"op\\");
  private static final TrafficMove MOVE = new TrafficMove("acme", "1\n\uD83D\uDE00", 7, EAST, WEST);
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final String TOKEN = "a-token-that-nobody-sees";

  private record Request(String method, String idempotencyKey, String authorization, JsonNode body) {}

  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final CountDownLatch silence = new CountDownLatch(1);
  private volatile int status = 204;
  private volatile boolean silent;
  private HttpServer server;
  private HttpServer elsewhere;
  private TrafficSwitches switches;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    elsewhere = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    for (HttpServer one : List.of(server, elsewhere)) {
      one.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      one.createContext("/", this::answer);
      one.start();
    }
    switches = switches(TIMEOUT);
  }

  private TrafficSwitches switches(Duration timeout) {
    URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/move");
    return TrafficSwitches.of(List.of(new TrafficSettings.Hook(url, TOKEN, timeout, Map.of())));
  }

  private void answer(HttpExchange exchange) throws IOException {
    requests.add(new Request(
        exchange.getRequestMethod(),
        exchange.getRequestHeaders().getFirst("Idempotency-Key"),
        exchange.getRequestHeaders().getFirst("Authorization"),
        JsonMapper.shared().readTree(new String(exchange.getRequestBody().readAllBytes(), UTF_8))));
    if (silent) {
      try {
        silence.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    if (status / 100 == 3) {
      exchange.getResponseHeaders().add("Location", "http://127.0.0.1:" + elsewhere.getAddress().getPort() + "/");
    }
    exchange.sendResponseHeaders(status, -1);
    exchange.close();
  }

  @AfterEach
  void stop() {
    silence.countDown();
    switches.close();
    server.stop(0);
    elsewhere.stop(0);
  }

  @Test
  void eachPhaseIsADocumentWithAKeyOfItsOwn() {
    assertThat(switches.check(MOVE).findings()).isEmpty();
    switches.pause(MOVE, TIMEOUT);
    switches.change(MOVE);
    switches.change(MOVE);
    switches.resume(MOVE);
    assertThat(requests).extracting(Request::idempotencyKey).containsExactly("acme/7/check", "acme/7/pause", "acme/7/change", "acme/7/change", "acme/7/resume");
    assertThat(requests).allSatisfy(request -> {
      assertThat(request.method()).isEqualTo("POST");
      assertThat(request.authorization()).isEqualTo("Bearer " + TOKEN);
    });
    JsonNode body = requests.get(2).body();
    assertThat(body.path("kind").asString()).isEqualTo("TrafficMove");
    assertThat(body.path("phase").asString()).isEqualTo("change");
    assertThat(body.path("key").asString()).isEqualTo(MOVE.key());
    assertThat(body.path("epoch").asLong()).isEqualTo(7);
    assertThat(body.path("from").path("home").asString()).isEqualTo("shop");
    assertThat(body.path("to").path("database").asString()).isEqualTo(WEST.database());
    assertThat(body.path("to").path("port").asInt()).isEqualTo(5433);
  }

  private HeliosException failing(Runnable call) {
    HeliosException thrown = catchThrowableOfType(HeliosException.class, call::run);
    assertThat(thrown.toString() + thrown.problem()).doesNotContain(TOKEN);
    return thrown;
  }

  @Test
  void noRedirectIsFollowed() {
    status = 307;
    HeliosException e = failing(() -> switches.change(MOVE));
    assertThat(e).isInstanceOf(OperatorException.class);
    assertThat(e.problem().code()).isEqualTo(ErrorCode.TRAFFIC_HOOK_REFUSED);
    assertThat(requests).hasSize(1);
  }

  @Test
  void notNowIsTriedAgainAndNeverIsNot() {
    status = 503;
    assertThat(failing(() -> switches.change(MOVE))).isInstanceOf(TransientException.class);
    status = 429;
    assertThat(failing(() -> switches.change(MOVE))).isInstanceOf(TransientException.class);
    status = 404;
    assertThat(failing(() -> switches.change(MOVE))).isInstanceOf(OperatorException.class);
    assertThat(switches.check(MOVE).findings()).extracting(Finding::code).containsExactly(ErrorCode.TRAFFIC_HOOK_REFUSED);
  }

  @Test
  void aPauseThatIsNotAnsweredInTimeIsTakenBack() {
    silent = true;
    try (TrafficSwitches hasty = switches(Duration.ofMillis(1_500))) {
      HeliosException e = failing(() -> hasty.pause(MOVE, Duration.ofMillis(1_500)));
      assertThat(e.problem().code()).isEqualTo(ErrorCode.TRAFFIC_HOOK_UNREACHABLE);
      assertThat(requests).extracting(Request::idempotencyKey).containsExactly("acme/7/pause", "acme/7/resume");
    }
  }

  @Test
  void aServerThatIsDownIsTransient() {
    server.stop(0);
    assertThat(failing(() -> switches.change(MOVE)).problem().code()).isEqualTo(ErrorCode.TRAFFIC_HOOK_UNREACHABLE);
  }
}
