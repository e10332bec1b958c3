package io.helios.repl.failover.lease;

import io.helios.repl.error.TransientException;
import io.helios.repl.failover.coordination.Coordination;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A database's lease in the coordination: register {@code lease/<database>}, which its holder changes all the time. One thread.
 *
 * <pre>
 *   holder  count  milliseconds until nothing of it can be left (LeaseSettings.over)
 * </pre>
 */
final class LeaseHold {

  private final @Nullable Coordination coordination;
  private final String key;
  private final String holder;
  private final LeaseSettings settings;
  private final LongSupplier nanos;
  private final LeaseWatch watch = new LeaseWatch();
  private long count;

  /** @param holder of this server alone, also over its restarts; without blanks */
  LeaseHold(
      @Nullable Coordination coordination, String key, String holder, LeaseSettings settings, LongSupplier nanos) {
    this.coordination = coordination;
    this.key = key;
    this.holder = holder;
    this.settings = settings;
    this.nanos = nanos;
  }

  /**
   * Renews it, or takes it where it may be taken.
   *
   * @return false when it is another's
   * @throws TransientException when no quorum answers; nothing is known then
   */
  boolean renew() {
    if (coordination == null || !coordination.isShared()) {
      return true; // there is nobody else
    }
    Optional<Coordination.Entry> entry = coordination.read(key);
    long read = nanos.getAsLong();
    if (entry.isPresent()) {
      String[] words = entry.get().value().split(" ", -1);
      if (!words[0].equals(holder)
          && !watch.mayTake(entry.get().version(), Duration.ofMillis(Long.parseLong(words[2])), read)) {
        return false;
      }
    }
    String value = holder + " " + ++count + " " + settings.over().toMillis();
    return coordination.swap(key, entry.map(Coordination.Entry::version).orElse(0L), value);
  }
}
