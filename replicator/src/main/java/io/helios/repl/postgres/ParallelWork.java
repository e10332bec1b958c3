package io.helios.repl.postgres;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Pieces of work side by side, each on a thread of its own, over connections of one scope. The first that fails breaks
 * the scope off, and with it the others.
 */
public final class ParallelWork {

  private record Outcome<T>(int index, @Nullable T value, @Nullable Throwable failure) {}

  private ParallelWork() {}

  /**
   * Runs them all and waits until no thread is left.
   *
   * @param name what the threads are called
   * @return what they returned, in the same order
   * @throws CancellationException when the scope was cancelled, or the calling thread interrupted (it then still is)
   * @throws RuntimeException the first failure, as it was thrown
   */
  public static <T> List<T> run(ConnectionScope scope, String name, List<Supplier<T>> pieces) {
    BlockingQueue<Outcome<T>> outcomes = new LinkedBlockingQueue<>();
    Thread.Builder threads = Thread.ofPlatform().daemon().name(name + "-", 1);
    for (int i = 0; i < pieces.size(); i++) {
      int index = i;
      Supplier<T> piece = pieces.get(i);
      threads.start(() -> outcomes.add(outcome(index, piece)));
    }
    List<@Nullable T> values = new ArrayList<>();
    pieces.forEach(piece -> values.add(null));
    Throwable first = null;
    boolean interrupted = false;
    for (int left = pieces.size(); left > 0; ) {
      try {
        Outcome<T> outcome = outcomes.take();
        left--;
        values.set(outcome.index(), outcome.value());
        if (outcome.failure() != null && first == null) {
          first = scope.isCancelled() ? new CancellationException() : outcome.failure();
          scope.breakOff();
        }
      } catch (InterruptedException e) {
        interrupted = true;
        first = first == null ? new CancellationException() : first;
        scope.cancel();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (first instanceof Error error) {
      throw error;
    }
    if (first instanceof RuntimeException failure) {
      throw failure;
    }
    List<T> results = new ArrayList<>();
    for (T value : values) {
      if (value != null) {
        results.add(value);
      }
    }
    return results;
  }

  private static <T> Outcome<T> outcome(int index, Supplier<T> piece) {
    try {
      return new Outcome<>(index, piece.get(), null);
    } catch (RuntimeException | Error e) {
      return new Outcome<>(index, null, e);
    }
  }
}
