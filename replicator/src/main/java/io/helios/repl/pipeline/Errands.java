package io.helios.repl.pipeline;

import io.helios.repl.error.Backoff;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Errands that are to be run, each once however often it was asked for, no two of one tenant at the same time, and again later when they
 * went wrong. One that is asked for while it is run is run once more. Thread-safe.
 */
final class Errands {

  private final Ticker ticker;
  private final Backoff pauses;
  private final Map<Errand, Long> due = new LinkedHashMap<>();
  private final Map<Errand, Integer> failures = new HashMap<>();
  private final Set<UUID> busy = new HashSet<>();

  Errands(Ticker ticker, Backoff pauses) {
    this.ticker = ticker;
    this.pauses = pauses;
  }

  /** To be run as soon as may be. */
  synchronized void add(Errand errand) {
    due.put(errand, ticker.nanos());
    notifyAll();
  }

  /** What went wrong may go well now. */
  synchronized void hurry() {
    due.replaceAll((errand, at) -> ticker.nanos());
    notifyAll();
  }

  /** Waits for one; it is to be given back by {@link #done} or {@link #again}. */
  synchronized Errand take() throws InterruptedException {
    while (true) {
      long now = ticker.nanos();
      long next = now + TimeUnit.SECONDS.toNanos(1);
      for (Map.Entry<Errand, Long> entry : due.entrySet()) {
        Errand errand = entry.getKey();
        if (busy.contains(errand.tenant())) {
          continue;
        }
        if (entry.getValue() - now <= 0) {
          due.remove(errand);
          busy.add(errand.tenant());
          return errand;
        }
        next = entry.getValue() - next < 0 ? entry.getValue() : next;
      }
      TimeUnit.NANOSECONDS.timedWait(this, Math.max(1, next - now));
    }
  }

  synchronized void done(Errand errand) {
    failures.remove(errand);
    busy.remove(errand.tenant());
    notifyAll();
  }

  synchronized void again(Errand errand) {
    int failed = failures.merge(errand, 1, Integer::sum);
    due.putIfAbsent(errand, ticker.nanos() + pauses.pause(failed).toNanos());
    busy.remove(errand.tenant());
    notifyAll();
  }
}
