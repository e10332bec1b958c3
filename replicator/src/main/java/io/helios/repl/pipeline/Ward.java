package io.helios.repl.pipeline;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** One region's guests at one target, and what is new of them since when. Thread-safe. */
final class Ward {

  /** Requests that wait look so often whether they are to end. */
  private static final long TURN_NANOS = Duration.ofMillis(500).toNanos();

  /** What is not urgent is gathered so long, lest each commit be a message. */
  private static final long GATHER_NANOS = Duration.ofMillis(20).toNanos();

  /** When there was news last. */
  private static final class Noted {
    long version;
  }

  private final Map<Guest, Noted> guests = new HashMap<>();
  private long version = 1;
  private long urgent;

  synchronized void enter(Guest guest) {
    Noted noted = new Noted();
    noted.version = ++version;
    guests.put(guest, noted);
    notifyAll();
  }

  synchronized void leave(Guest guest) {
    guests.remove(guest);
  }

  synchronized void news(Guest guest, boolean isUrgent) {
    Noted noted = guests.get(guest);
    if (noted != null) {
      noted.version = ++version;
      urgent = isUrgent ? version : urgent;
      notifyAll();
    }
  }

  /** @param since 0: all of them, at once */
  synchronized ApplyReports reports(UUID boot, long since, boolean urgentOnly, Duration wait, BooleanSupplier ended)
      throws InterruptedException {
    long until = System.nanoTime() + wait.toNanos();
    boolean gathering = false;
    while (since > 0 && urgent <= since && !ended.getAsBoolean()) {
      long left = until - System.nanoTime();
      if (!gathering && !urgentOnly && version > since) {
        gathering = true;
        until -= Math.max(0, left - GATHER_NANOS);
        left = Math.min(left, GATHER_NANOS);
      }
      if (left <= 0) {
        break;
      }
      TimeUnit.NANOSECONDS.timedWait(this, Math.min(left, TURN_NANOS));
    }
    List<ApplyReports.Report> reports =
        guests.entrySet().stream().filter(guest -> guest.getValue().version > since).map(guest -> guest.getKey().report()).toList();
    return new ApplyReports(boot, version, since == 0, reports);
  }
}
