package io.helios.repl.migration.traffic;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Switches by a URL that takes a JSON document for each phase, by POST, with an {@code Idempotency-Key} of tenant, epoch and phase.
 * 2xx is success; no redirect is followed, so neither the token nor the document goes elsewhere; the answer's body is not read.
 */
final class HookSwitch implements PhaseSwitch {

  /** Statuses that say "not now" (RFC 9110, 8470, 6585), beside all of 5xx. */
  private static final Set<Integer> NOT_NOW = Set.of(408, 425, 429);

  private final TrafficSettings.Hook settings;
  private final HttpClient client;

  HookSwitch(TrafficSettings.Hook settings) {
    this.settings = settings;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(settings.timeout())
            .build();
  }

  @Override
  public String name() {
    URI url = settings.url();
    return "hook " + url.getHost() + (url.getPort() < 0 ? "" : ":" + url.getPort());
  }

  @Override
  public Duration timeout() {
    return settings.timeout();
  }

  @Override
  public void close() {
    client.shutdownNow();
  }

  @Override
  public void call(TrafficMove move, TrafficPhase phase, Duration patience) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(settings.url())
            .timeout(patience)
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", MoveDocument.idempotencyKey(move, phase))
            .POST(HttpRequest.BodyPublishers.ofString(MoveDocument.of(move, phase)));
    if (settings.token() != null) {
      request.header("Authorization", "Bearer " + settings.token());
    }
    int status = send(request.build(), phase, patience);
    if (status >= 500 || NOT_NOW.contains(status)) {
      throw unreachable(phase, "it answered with status " + status, null);
    }
    if (status < 200 || status >= 300) {
      throw new OperatorException(problem(
          ErrorCode.TRAFFIC_HOOK_REFUSED,
          phase,
          "it answered with status " + status + (status < 400 ? ", and redirects are not followed" : "")));
    }
  }

  private int send(HttpRequest request, TrafficPhase phase, Duration patience) {
    CompletableFuture<Integer> answer =
        client.sendAsync(request, HttpResponse.BodyHandlers.discarding()).thenApply(HttpResponse::statusCode);
    try {
      return answer.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw unreachable(phase, "it did not answer within " + patience.toMillis() + " ms", e);
    } catch (ExecutionException e) {
      throw unreachable(phase, "the request failed: " + String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unreachable(phase, "this server is being stopped", e);
    } finally {
      answer.cancel(true);
    }
  }

  private TransientException unreachable(TrafficPhase phase, String why, @Nullable Exception cause) {
    return new TransientException(problem(ErrorCode.TRAFFIC_HOOK_UNREACHABLE, phase, why), cause);
  }

  private Problem problem(ErrorCode code, TrafficPhase phase, String why) {
    return new Problem(
        code,
        settings.url() + " did not take the phase " + phase.word(),
        why,
        "curl -i -X POST -H 'Content-Type: application/json' --data '{\"kind\":\"TrafficMove\",\"phase\":\"check\"}' " + settings.url());
  }
}
