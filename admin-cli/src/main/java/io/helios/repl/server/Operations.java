package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Waits that outlive a request: made once, asked for again and again in requests of bounded length, so that a wait
 * survives proxies and lost connections. Forgotten when nobody has asked for a while. Any thread.
 */
final class Operations {

  private static final Logger LOG = LoggerFactory.getLogger(Operations.class);

  /** The longest that one request waits. */
  static final Duration LONGEST_REQUEST = Duration.ofSeconds(25);

  private static final Duration KEPT = Duration.ofMinutes(15);
  private static final int MOST = 5_000;
  private static final long LOOK_EVERY_MILLIS = 20;

  /** Something that is waited for. */
  interface Work {
    /**
     * Its result, or null while there is none. Throws {@link HeliosException} when there will be none. Does not block.
     */
    @Nullable ObjectNode poll();

    /** Nobody waits any more. */
    default void abandon() {}
  }

  private static final class Operation {
    private final Work work;
    private @Nullable ObjectNode outcome;
    private volatile long askedAtNanos = System.nanoTime();

    Operation(Work work) {
      this.work = work;
    }

    /** The outcome's document once there is one. */
    synchronized @Nullable ObjectNode look() {
      if (outcome == null) {
        try {
          ObjectNode result = work.poll();
          if (result != null) {
            outcome = Json.MAPPER.createObjectNode();
            outcome.set("result", result);
          }
        } catch (HeliosException e) {
          outcome = Json.MAPPER.createObjectNode();
          outcome.set("problem", Problems.document(e.problem()));
        } catch (RuntimeException e) {
          LOG.error("an operation met a bug", e);
          outcome = Json.MAPPER.createObjectNode();
          outcome.set("problem", Problems.document(Problems.bug()));
        }
      }
      return outcome;
    }
  }

  private final Map<String, Operation> operations = new ConcurrentHashMap<>();
  private volatile boolean stopping;

  /** Takes it in and returns its document, which may hold the outcome already. */
  ObjectNode start(Work work) {
    forgetOld();
    if (operations.size() >= MOST) {
      throw new OperatorException(
          new Problem(
              ErrorCode.BAD_REQUEST,
              "too many operations are waited for",
              "there are " + MOST + " of them",
              "try again later"));
    }
    String id = UUID.randomUUID().toString();
    Operation operation = new Operation(work);
    operations.put(id, operation);
    return document(id, operation.look());
  }

  /** Waits for the outcome, for at most the given time and never longer than {@link #LONGEST_REQUEST}. */
  ObjectNode await(String id, Duration patience) throws InterruptedException {
    Operation operation = operations.get(id);
    if (operation == null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.NO_SUCH_OPERATION,
              "there is no such operation",
              "it is long over, or the server has started anew",
              "run the command again"));
    }
    long until = System.nanoTime() + Math.min(patience.toNanos(), LONGEST_REQUEST.toNanos());
    ObjectNode outcome = operation.look();
    while (outcome == null && System.nanoTime() < until && !stopping) {
      Thread.sleep(LOOK_EVERY_MILLIS);
      outcome = operation.look();
    }
    operation.askedAtNanos = System.nanoTime();
    return document(id, outcome);
  }

  /** Lets everybody who waits go. */
  void stop() {
    stopping = true;
  }

  private void forgetOld() {
    long now = System.nanoTime();
    operations.forEach(
        (id, operation) -> {
          if (now - operation.askedAtNanos > KEPT.toNanos() && operations.remove(id) != null) {
            operation.work.abandon();
          }
        });
  }

  private static ObjectNode document(String id, @Nullable ObjectNode outcome) {
    ObjectNode node = Json.document("Operation").put("id", id).put("done", outcome != null);
    if (outcome != null) {
      node.setAll(outcome);
    }
    return node;
  }
}
