package io.helios.repl.migration;

import io.helios.repl.pipeline.StepLoop;
import io.helios.repl.pipeline.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Owns the thread {@code helios-migrations}, which runs the driver's loop, and those that take the steps ({@code
 * helios-move-n}). Who waits, waits on this clock, and is sent away when the server stops.
 */
public final class MigrationService implements AutoCloseable {

  private final SystemClock clock = new SystemClock();
  private final StepLoop loop = new StepLoop("migrations", "move");

  /** The clock that migrations are to wait on. */
  public MoveClock clock() {
    return clock;
  }

  /** Where steps are to be run. */
  public Executor steps() {
    return loop.steps();
  }

  /** The real time; once stopped it sends away whoever rests. */
  private static final class SystemClock implements MoveClock {

    private final CountDownLatch stopped = new CountDownLatch(1);

    @Override
    public long nanos() {
      return Ticker.SYSTEM.nanos();
    }

    @Override
    public Instant now() {
      return Ticker.SYSTEM.now();
    }

    @Override
    public void rest(Duration duration) {
      try {
        if (stopped.await(duration.toNanos(), TimeUnit.NANOSECONDS)) {
          throw new Stopping();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new Stopping();
      }
    }

    void stop() {
      stopped.countDown();
    }
  }

  /** Runs the driver until closed. Once. */
  public void start(MigrationDriver driver) {
    loop.start(driver::runOnce);
  }

  /** There may be something to do: looks at once. Any thread. */
  public void wake() {
    loop.wake();
  }

  /** Lets steps that are on their way end; what takes longer is gone on from at the next start. */
  @Override
  public void close() {
    clock.stop();
    loop.close();
  }
}
