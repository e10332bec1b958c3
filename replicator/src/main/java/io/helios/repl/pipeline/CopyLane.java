package io.helios.repl.pipeline;

import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One copy's or verification's way past the throttle. Its sessions share the floor: each buffer takes the next piece of time that it is worth
 * at that rate, and waits for its end or for full speed, whichever comes first. So no wait is without end.
 */
final class CopyLane implements CopyGate {

  /** As often it is looked whether the copy was broken off. */
  private static final long TURN_NANOS = Duration.ofMillis(100).toNanos();

  private final Tenant tenant;
  private final String work;
  private final Ticker ticker;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile CopyThrottle.Pace pace = CopyThrottle.Pace.FULL;
  private long takenUntilNanos;
  private long waits;

  /** @param work what goes through it, in a word */
  CopyLane(Tenant tenant, String work, Ticker ticker) {
    this.tenant = tenant;
    this.work = work;
    this.ticker = ticker;
  }

  Tenant tenant() {
    return tenant;
  }

  String work() {
    return work;
  }

  /** From now on; who waits notices. Returns what held before. */
  CopyThrottle.Pace pace(CopyThrottle.Pace next) {
    lock.lock();
    try {
      CopyThrottle.Pace before = pace;
      pace = next;
      changed.signalAll();
      return before;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void pass(long bytes, ConnectionScope scope) {
    if (pace.isFull()) {
      return;
    }
    lock.lock();
    try {
      if (pace.isFull()) {
        return;
      }
      waits++;
      long now = ticker.nanos();
      long from = waits == 1 || takenUntilNanos - now < 0 ? now : takenUntilNanos;
      long until = from + (long) (bytes * 1e9 / pace.bytesPerSecond());
      takenUntilNanos = until;
      for (long left = until - now; !pace.isFull() && left > 0; left = until - ticker.nanos()) {
        scope.check();
        changed.awaitNanos(Math.min(left, TURN_NANOS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public @Nullable String held() {
    return pace.why();
  }

  /** How many buffers had to wait. */
  long waits() {
    lock.lock();
    try {
      return waits;
    } finally {
      lock.unlock();
    }
  }
}
