package io.helios.repl.tests.capture;

import io.helios.repl.postgres.PgOutputDecoder;
import io.helios.repl.postgres.PgOutputMessage;
import io.helios.repl.postgres.WalStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Reads decoded messages from a stream until something is seen. */
final class StreamReader {

  private final WalStream stream;
  private final PgOutputDecoder decoder = new PgOutputDecoder();

  StreamReader(WalStream stream) {
    this.stream = stream;
  }

  /** Up to and including the first message that fits. */
  List<PgOutputMessage> until(Predicate<PgOutputMessage> fits) {
    List<PgOutputMessage> seen = new ArrayList<>();
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (System.nanoTime() < deadline) {
      ByteBuffer message = stream.poll();
      if (message != null) {
        PgOutputMessage decoded = decoder.decode(message);
        seen.add(decoded);
        if (fits.test(decoded)) {
          return seen;
        }
      }
    }
    throw new AssertionError("not seen in 30 s; seen were " + seen);
  }

  /** So many whole transactions. */
  List<PgOutputMessage> transactions(int count) {
    List<PgOutputMessage> seen = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      seen.addAll(until(m -> m instanceof PgOutputMessage.Commit));
    }
    return seen;
  }

  /** Polls until the condition holds, and returns what came meanwhile. */
  List<PgOutputMessage> pollUntil(java.util.function.BooleanSupplier condition) {
    List<PgOutputMessage> seen = new ArrayList<>();
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (System.nanoTime() < deadline) {
      ByteBuffer message = stream.poll();
      if (message != null) {
        seen.add(decoder.decode(message));
      } else if (condition.getAsBoolean()) {
        return seen;
      }
    }
    throw new AssertionError("the condition did not come to hold in 30 s; seen were " + seen);
  }
}
