package io.helios.repl.failover.lease;

import io.helios.repl.error.TransientException;
import io.helios.repl.failover.coordination.Coordination;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What one of several servers has at a time, as long as it says so: a register of the coordination, which its holder changes all the
 * time. Who sees it stand still for long enough, by his own clock, may take it. One thread.
 *
 * <pre>
 *   holder  count  milliseconds until nothing of it can be left
 * </pre>
 */
public final class LeaseHold {

  private final @Nullable Coordination coordination;
  private final String key;
  private final String holder;
  private final Duration over;
  private final LongSupplier nanos;
  private final LeaseWatch watch = new LeaseWatch();
  private long count;
  private @Nullable String other;

  /**
   * @param coordination null where there is nobody else
   * @param holder of this server alone, without blanks; who is called the same after a restart has it at once
   * @param over how long it has to stand still before another one may take it
   */
  public LeaseHold(
      @Nullable Coordination coordination, String key, String holder, Duration over, LongSupplier nanos) {
    this.coordination = coordination;
    this.key = key;
    this.holder = holder;
    this.over = over;
    this.nanos = nanos;
  }

  /**
   * Renews it, or takes it where it may be taken.
   *
   * @return false when it is another's
   * @throws TransientException when no quorum answers; nothing is known then
   */
  public boolean renew() {
    if (coordination == null || !coordination.isShared()) {
      return true; // there is nobody else
    }
    Optional<Coordination.Entry> entry = coordination.read(key);
    long read = nanos.getAsLong();
    if (entry.isPresent()) {
      String[] words = entry.get().value().split(" ", -1);
      if (!words[0].equals(holder)) {
        other = words[0];
        if (!watch.mayTake(entry.get().version(), Duration.ofMillis(Long.parseLong(words[2])), read)) {
          return false;
        }
      }
    }
    String value = holder + " " + ++count + " " + over.toMillis();
    return coordination.swap(key, entry.map(Coordination.Entry::version).orElse(0L), value);
  }

  /** Who had it when it was looked at last, if that was another one; also after it was taken from him. */
  public Optional<String> other() {
    return Optional.ofNullable(other);
  }

  /** Gives it up, if it is ours: who waits for it need not see it stand still. */
  public void release() {
    if (coordination != null && coordination.isShared()) {
      Optional<Coordination.Entry> entry = coordination.read(key);
      if (entry.isPresent() && entry.get().value().startsWith(holder + " ")) {
        coordination.swap(key, entry.get().version(), null);
      }
    }
  }
}
