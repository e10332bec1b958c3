package io.helios.repl.peer;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Way;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * To the database of another region's target, through that region's server: a WebSocket for each connection, within the mutual TLS that
 * all there is between servers goes through. Any thread.
 */
public final class SessionWay implements Way {

  public static final String PATH = "/peer/v1/targets/{target}/session";

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final HttpClient http;
  private final URI peer;
  private final String region;
  private final String target;
  private final Function<IOException, Problem> unreachable;

  /**
   * @param unreachable what is wrong when the peer cannot be called
   * @param target its name there
   */
  SessionWay(HttpClient http, URI peer, String region, String target, Function<IOException, Problem> unreachable) {
    this.http = http;
    this.peer = peer;
    this.region = region;
    this.target = target;
    this.unreachable = unreachable;
  }

  @Override
  public Link open(Duration patience) throws IOException {
    SessionLink link = new SessionLink();
    URI uri = URI.create("wss://" + peer.getRawAuthority() + PATH.replace("{target}", target));
    Duration atMost = patience.isZero() || patience.compareTo(PATIENCE) > 0 ? PATIENCE : patience;
    CompletableFuture<WebSocket> opened = http.newWebSocketBuilder().connectTimeout(atMost).buildAsync(uri, link);
    try {
      link.begin(opened.get(atMost.toMillis(), TimeUnit.MILLISECONDS));
      return link;
    } catch (ExecutionException e) {
      throw refused(e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException e) {
      opened.thenAccept(WebSocket::abort);
      throw away(new IOException("no answer within " + atMost.toSeconds() + " s", e));
    } catch (InterruptedException e) {
      opened.thenAccept(WebSocket::abort);
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private IOException refused(Throwable cause) {
    if (cause instanceof WebSocketHandshakeException answer) {
      int status = answer.getResponse().statusCode();
      return new IOException(
          new OperatorException(
              new Problem(
                  ErrorCode.TARGET_NOT_OPEN,
                  "region \"" + region + "\" does not let this server use its target \"" + target + "\"",
                  status == 409 || status == 403
                      ? "that server has no such target, or its regions: does not name ours"
                      : "its answer, with status " + status + ", is not that of a server with this target",
                  "on that server: targets: { " + target + ": { regions: [OUR-REGION] } }, and ours among its peers:")));
    }
    return away(cause instanceof IOException io ? io : new IOException(cause));
  }

  private IOException away(IOException why) {
    return new IOException(new TransientException(unreachable.apply(why)));
  }
}
