package io.helios.repl.peer;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What comes with the news and what is asked for, against a peer whose every answer the test gives. */
class FollowedFramesTest {

  private static final UUID TENANT = UUID.fromString("11111111-2222-4333-8444-555555555555");

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final BlockingQueue<List<Frame>> fetched = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> newsAsked = new LinkedBlockingQueue<>();
  private final BlockingQueue<FrameWire.News> news = new SynchronousQueue<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private HttpServer peer;
  private HttpFrameSource source;

  FollowedFramesTest() throws IOException {
    peer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    peer.setExecutor(threads);
    peer.createContext("/peer/v1/sources/shop/frames", exchange -> answer(exchange, FrameWire.encode(taken(fetched))));
    peer.createContext(
        "/peer/v1/sources/shop/news",
        exchange -> {
          newsAsked.add(exchange.getRequestURI().getQuery());
          answer(exchange, FrameWire.encode(taken(news)));
        });
    source = HttpFrameSource.open(http, URI.create("http://127.0.0.1:" + peer.getAddress().getPort()), "shop");
  }

  @BeforeEach
  void start() {
    peer.start();
  }

  @AfterEach
  void stop() {
    source.close();
    http.shutdownNow();
    peer.stop(0);
    threads.shutdownNow();
  }

  private static <T> T taken(BlockingQueue<T> queue) throws IOException {
    try {
      T next = queue.poll(30, TimeUnit.SECONDS);
      if (next == null) {
        throw new IOException("the test gives no answer");
      }
      return next;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private static void answer(HttpExchange exchange, byte[] body) throws IOException {
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static Frame frame(long sequence) {
    return new Frame(
        new FrameHeader(
            TENANT, FrameHeader.STREAM, 1, 7, 1, 1, (int) sequence, sequence, 10 * sequence, 10 * sequence, 0, 0, true, 1, 1, 64, 64),
        new byte[32],
        new byte[64]);
  }

  private List<Long> fetch(long position, long sequence) {
    return source.fetch(TENANT, position, sequence, 1 << 20).stream().map(f -> f.header().sequence()).toList();
  }

  /** @param followed what the request has to say, which the test waits for */
  private void tell(String followed, boolean more, Frame... frames) throws InterruptedException {
    String asked = newsAsked.poll(30, TimeUnit.SECONDS);
    assertThat(asked).endsWith("followed=" + followed);
    news.put(
        new FrameWire.News(
            1_000, new FrameSource.Arrivals(1, List.of(TENANT)), List.of(new FrameWire.Enclosed(TENANT, more, List.of(frames)))));
  }

  private void tellNothing() throws InterruptedException {
    newsAsked.poll(30, TimeUnit.SECONDS);
    news.put(new FrameWire.News(1_000, new FrameSource.Arrivals(1, List.of()), List.of()));
  }

  private void awaitNews() throws InterruptedException {
    source.arrivals(0, Duration.ofSeconds(30));
  }

  @Test
  void whatCameWithTheNewsIsNotAskedFor() throws Exception {
    fetched.add(List.of(frame(1)));
    assertThat(fetch(0, 0)).containsExactly(1L);
    tellNothing();
    tell(TENANT + ":10:2", false, frame(2), frame(3));
    awaitNews();
    assertThat(fetch(10, 2)).containsExactly(2L, 3L);
    assertThat(fetch(30, 4)).as("all that there is has come").isEmpty();
    assertThat(newsAsked.poll(30, TimeUnit.SECONDS)).endsWith("followed=" + TENANT + ":30:4");
  }

  @Test
  void whatIsLeftBehindIsAskedFor() throws Exception {
    fetched.add(List.of(frame(1)));
    assertThat(fetch(0, 0)).containsExactly(1L);
    tellNothing();
    tell(TENANT + ":10:2", true, frame(2));
    awaitNews();
    assertThat(fetch(10, 2)).containsExactly(2L);
    fetched.add(List.of(frame(3)));
    assertThat(fetch(20, 3)).containsExactly(3L);
  }

  /** The target was restored while news were asked for: that there is nothing behind frame 3 says nothing of those before it. */
  @Test
  void newsOfWhatFollowsDoNotCompleteWhatWasBegunAnewBeforeIt() throws Exception {
    fetched.add(List.of(frame(1), frame(2), frame(3)));
    assertThat(fetch(0, 0)).containsExactly(1L, 2L, 3L);
    tellNothing();
    fetched.add(List.of());
    assertThat(fetch(30, 4)).isEmpty();
    fetched.add(List.of(frame(1)));
    assertThat(fetch(0, 0)).containsExactly(1L);
    tell(TENANT + ":30:4", false);
    awaitNews();
    fetched.add(List.of(frame(2), frame(3)));
    assertThat(fetch(10, 2)).containsExactly(2L, 3L);
  }
}
