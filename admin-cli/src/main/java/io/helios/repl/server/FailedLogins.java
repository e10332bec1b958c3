package io.helios.repl.server;

import io.helios.repl.error.HeliosException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wrong tokens, for the audit log: one line a minute at the most, however many come and from wherever, so that nobody who
 * has no token can fill the store. The first is told at once, the next ones together when the minute is over. Any thread; a passing
 * one of its own waits for the end of the minute.
 */
final class FailedLogins implements AutoCloseable {

  static final long EVERY_MILLIS = 60_000;

  private static final Logger LOG = LoggerFactory.getLogger(FailedLogins.class);
  private static final long LOOK_EVERY_MILLIS = 500;

  /** Addresses of which each is counted by itself, between two lines. */
  private static final int COUNTED = 1_000;

  /** Addresses that a line names. */
  private static final int NAMED = 10;

  private final BiConsumer<String, String> line;
  private final LongSupplier nanos;
  private final Map<String, Integer> counts = new HashMap<>();
  private int others;
  private @Nullable Long writtenAt;
  private boolean waiting;
  private volatile boolean closing;

  /**
   * @param line is given the address, or how many there were, and what happened; what it throws is logged
   * @param nanos a clock that only goes forward
   */
  FailedLogins(BiConsumer<String, String> line, LongSupplier nanos) {
    this.line = line;
    this.nanos = nanos;
  }

  /** One more. Returns at once, but for the writing of a line. */
  void add(String address) {
    synchronized (this) {
      if (counts.containsKey(address) || counts.size() < COUNTED) {
        counts.merge(address, 1, Integer::sum);
      } else {
        others++;
      }
      if (!isDue() && !waiting) {
        waiting = true;
        Thread.ofVirtual().name("helios-failed-logins").start(this::writeWhenDue);
      }
    }
    writeIfDue();
  }

  private boolean isDue() {
    return writtenAt == null || nanos.getAsLong() - writtenAt >= EVERY_MILLIS * 1_000_000;
  }

  private void writeWhenDue() {
    try {
      while (!closing && !writeIfDue()) {
        Thread.sleep(LOOK_EVERY_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether nothing is left to be written. */
  private boolean writeIfDue() {
    Summary told;
    synchronized (this) {
      if (!isDue()) {
        return false;
      }
      told = take();
      waiting = false;
    }
    write(told);
    return true;
  }

  /** @param detail empty when nothing happened */
  private record Summary(String address, String detail) {}

  private Summary take() {
    int all = counts.values().stream().mapToInt(Integer::intValue).sum() + others;
    if (all == 0) {
      return new Summary("", "");
    }
    List<Map.Entry<String, Integer>> most =
        counts.entrySet().stream()
            .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder()).thenComparing(Map.Entry.comparingByKey()))
            .limit(NAMED)
            .toList();
    String named = most.stream().map(e -> e.getKey() + " " + e.getValue()).collect(Collectors.joining(", "));
    String address = counts.size() == 1 && others == 0 ? most.getFirst().getKey() : counts.size() + (others > 0 ? " or more" : "") + " addresses";
    String detail =
        all + (all == 1 ? " wrong token" : " wrong tokens") + ", by address: " + named + (counts.size() > NAMED || others > 0 ? ", …" : "");
    counts.clear();
    others = 0;
    writtenAt = nanos.getAsLong();
    return new Summary(address, detail);
  }

  private void write(Summary told) {
    if (told.detail().isEmpty()) {
      return;
    }
    try {
      line.accept(told.address(), told.detail());
    } catch (HeliosException e) {
      LOG.warn("the audit log lacks {}: {}", told.detail(), e.getMessage());
    }
  }

  /** Writes what waits. */
  @Override
  public void close() {
    closing = true;
    Summary told;
    synchronized (this) {
      told = take();
    }
    write(told);
  }
}
