package io.helios.repl.client;

import io.helios.repl.error.ErrorCode;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;

/**
 * Waits for an operation of the server in requests of bounded length. A lost connection is taken up again; an operation
 * that the server has forgotten (it has started anew) is asked for again.
 */
public final class Follow {

  private static final Duration LOST_AT_MOST = Duration.ofSeconds(15);
  private static final long RETRY_MILLIS = 300;

  private final HeliosClient client;
  private final Duration request;
  private final Runnable progress;

  /**
   * @param request how long one request may wait; short where progress is to be shown
   * @param progress called between requests
   */
  public Follow(HeliosClient client, Duration request, Runnable progress) {
    this.client = client;
    this.request = request;
    this.progress = progress;
  }

  /** The failure of a wait that timed out. */
  public interface TimedOut {
    Failure failure();
  }

  /**
   * Returns the operation's result.
   *
   * @param operation as it was answered
   * @param again asks for it anew
   * @throws FailedException 1 when it failed, 8 when the time is over, 9 when the server stays away
   */
  public JsonNode toEnd(JsonNode operation, Supplier<JsonNode> again, Duration patience, TimedOut timedOut) {
    long deadline = System.nanoTime() + patience.toNanos();
    long lastContact = System.nanoTime();
    JsonNode now = operation;
    while (!now.path("done").asBoolean(false)) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new FailedException(ExitCode.TIMED_OUT, timedOut.failure());
      }
      progress.run();
      try {
        now =
            client.get(
                "/operations/" + now.path("id").asString() + "?timeout=" + Math.min(left, request.toMillis()) + "ms");
        lastContact = System.nanoTime();
      } catch (FailedException e) {
        if (e.is(ErrorCode.NO_SUCH_OPERATION.id())) {
          now = again.get();
        } else if (e.exitCode() != ExitCode.UNREACHABLE || System.nanoTime() - lastContact > LOST_AT_MOST.toNanos()) {
          throw e;
        } else {
          pause();
        }
      }
    }
    if (now.has("problem")) {
      throw new FailedException(ExitCode.FAILED, List.of(HeliosClient.failure(now.path("problem"))), null);
    }
    return now.path("result");
  }

  private static void pause() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException(ExitCode.INTERRUPTED, List.of(), e);
    }
  }
}
