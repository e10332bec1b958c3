package io.helios.repl.capture;

import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.ExportedSnapshot;
import io.helios.repl.postgres.Lsn;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What other threads want of the next poll that begins: its point, or its snapshot. The poller takes them all at a poll's
 * beginning. Any thread.
 */
final class PollRequests {

  /** Importing a snapshot takes a round trip. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private record Offered(String name, Lsn point, CountDownLatch taken) implements ExportedSnapshot.Offer {
    @Override
    public void close() {
      taken.countDown();
    }
  }

  /** Those that one poll answers. The poller's. */
  static final class Asked {
    private final List<CompletableFuture<Lsn>> points = new ArrayList<>();
    private final List<CompletableFuture<ExportedSnapshot.Offer>> snapshots = new ArrayList<>();

    boolean isEmpty() {
      return points.isEmpty() && snapshots.isEmpty();
    }

    boolean wantsSnapshot() {
      return !snapshots.isEmpty();
    }

    /** Hands the snapshot out, and waits until all have it, or take too long. */
    void offer(String name, Lsn point) throws InterruptedException {
      List<CountDownLatch> waiting = new ArrayList<>();
      for (CompletableFuture<ExportedSnapshot.Offer> asker : snapshots) {
        CountDownLatch taken = new CountDownLatch(1);
        if (asker.complete(new Offered(name, point, taken))) {
          waiting.add(taken);
        }
      }
      long until = System.nanoTime() + PATIENCE.toNanos();
      for (CountDownLatch taken : waiting) {
        taken.await(until - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
    }

    void reached(Lsn point) {
      points.forEach(asker -> asker.complete(point));
    }

    void failed(HeliosException why) {
      points.forEach(asker -> asker.completeExceptionally(why));
      snapshots.forEach(asker -> asker.completeExceptionally(why));
    }
  }

  private final Queue<CompletableFuture<Lsn>> points = new ConcurrentLinkedQueue<>();
  private final Queue<CompletableFuture<ExportedSnapshot.Offer>> snapshots = new ConcurrentLinkedQueue<>();

  CompletableFuture<Lsn> point() {
    CompletableFuture<Lsn> asker = new CompletableFuture<>();
    points.add(asker);
    return asker;
  }

  CompletableFuture<ExportedSnapshot.Offer> snapshot() {
    CompletableFuture<ExportedSnapshot.Offer> asker = new CompletableFuture<>();
    snapshots.add(asker);
    return asker;
  }

  boolean isEmpty() {
    return points.isEmpty() && snapshots.isEmpty();
  }

  Asked take() {
    Asked asked = new Asked();
    for (CompletableFuture<Lsn> next = points.poll(); next != null; next = points.poll()) {
      asked.points.add(next);
    }
    for (CompletableFuture<ExportedSnapshot.Offer> next = snapshots.poll(); next != null; next = snapshots.poll()) {
      if (!next.isDone()) {
        asked.snapshots.add(next);
      }
    }
    return asked;
  }

  /** The next poll answers them, after all. */
  void putBack(Asked asked) {
    points.addAll(asked.points);
  }
}
