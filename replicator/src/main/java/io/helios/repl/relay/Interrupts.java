package io.helios.repl.relay;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/**
 * An interrupt closes the {@link java.nio.channels.FileChannel} that the interrupted thread is using, for everybody
 * ({@link java.nio.channels.InterruptibleChannel}). Workers are stopped by interrupts; a journal must not be.
 */
final class Interrupts {

  interface Operation<T> {
    /** May run again from its start when an interrupt broke it off: must open what it finds closed. */
    T run() throws IOException;
  }

  private Interrupts() {}

  /** Runs to the end whatever interrupts come; they are pending again when it returns. */
  static <T> T shield(Operation<T> operation) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return operation.run();
        } catch (ClosedByInterruptException e) {
          interrupted = true;
          Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
