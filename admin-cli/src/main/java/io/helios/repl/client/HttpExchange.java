package io.helios.repl.client;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Through Java's HTTP client, which is made at first use: what comes over TLS, and what streams. Any thread. */
final class HttpExchange implements Exchange, AutoCloseable {

  private static final Duration END = Duration.ofSeconds(1);

  private final @Nullable SSLContext tls;
  private @Nullable HttpClient client;

  /** @param tls whom to trust, and as whom to appear; null for the Java runtime's own way */
  HttpExchange(@Nullable SSLContext tls) {
    this.tls = tls;
  }

  @Override
  public Answer send(Request request) throws IOException, InterruptedException {
    byte[] body = request.body();
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(request.uri())
            .timeout(ANSWER)
            .method(
                request.method(),
                body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(body));
    if (body != null) {
      builder.header("Content-Type", "application/json");
    }
    request.headers().forEach(builder::header);
    HttpResponse<byte[]> response = client().send(builder.build(), HttpResponse.BodyHandlers.ofByteArray());
    return new Answer(response.statusCode(), type(response), response.body());
  }

  /** An answer that goes on for as long as its stream is open. */
  HttpResponse<InputStream> open(URI uri, Map<String, String> headers) throws IOException, InterruptedException {
    HttpRequest.Builder builder = HttpRequest.newBuilder(uri).timeout(CONNECT.multipliedBy(2)); // until it begins
    headers.forEach(builder::header);
    return client().send(builder.build(), HttpResponse.BodyHandlers.ofInputStream());
  }

  static String type(HttpResponse<?> response) {
    return response.headers().firstValue("Content-Type").orElse("");
  }

  private synchronized HttpClient client() {
    HttpClient made = client;
    if (made == null) {
      HttpClient.Builder builder =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(CONNECT)
              .followRedirects(HttpClient.Redirect.NEVER);
      made = (tls == null ? builder : builder.sslContext(tls)).build();
      client = made;
    }
    return made;
  }

  /**
   * Ends what is under way, and the thread that waits for answers: while that sits in the operating system, the virtual machine
   * delays its own end by 0.3 s, longer than most commands take.
   */
  @Override
  public synchronized void close() {
    HttpClient made = client;
    if (made == null) {
      return;
    }
    made.shutdownNow();
    try {
      made.awaitTermination(END);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
