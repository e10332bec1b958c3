package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bearer token, compared in constant time. A wrong one is answered late, the later the more of them there were, and
 * logged without itself. Any thread.
 */
final class Authentication {

  private static final Logger LOG = LoggerFactory.getLogger(Authentication.class);
  private static final long FIRST_DELAY_MILLIS = 100;
  private static final long LONGEST_DELAY_MILLIS = 2_000;

  private final byte[] expected;
  private final AtomicInteger failures = new AtomicInteger();
  private final Semaphore delayed = new Semaphore(32);

  Authentication(String token) {
    this.expected = digest(token);
  }

  /** Throws {@link OperatorException} (HR-9007) unless the request carries the token. */
  void check(Context request) throws InterruptedException {
    String header = request.header("Authorization");
    if (header == null) {
      throw refusal("the request carries no token", "a bearer token is needed for everything below /api");
    }
    if (header.regionMatches(true, 0, "Bearer ", 0, 7)
        && MessageDigest.isEqual(expected, digest(header.substring(7).strip()))) {
      failures.set(0);
      return;
    }
    int count = failures.incrementAndGet();
    LOG.warn(
        "authentication failed: {} {} from {}, failure {} in a row",
        request.method(),
        request.path(),
        request.ip(),
        count);
    slowDown(count);
    throw refusal(
        "the token is not this server's", "it is of another server, or from before the data directory was made anew");
  }

  /**
   * Only so many are held at a time; who comes on top of them is answered at once, so that nobody can fill the server.
   */
  private void slowDown(int count) throws InterruptedException {
    if (delayed.tryAcquire()) {
      try {
        Thread.sleep(Math.min(LONGEST_DELAY_MILLIS, FIRST_DELAY_MILLIS << Math.min(count - 1, 10)));
      } finally {
        delayed.release();
      }
    }
  }

  private static OperatorException refusal(String message, String why) {
    return new OperatorException(
        new Problem(
            ErrorCode.UNAUTHENTICATED,
            message,
            why,
            "set HELIOS_TOKEN_FILE to the file \"token\" in the server's data directory"));
  }

  /** Of equal length for all texts, so that the comparison tells nothing of the token's. */
  private static byte[] digest(@Nullable String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(String.valueOf(text).getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
