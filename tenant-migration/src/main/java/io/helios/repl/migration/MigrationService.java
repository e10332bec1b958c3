package io.helios.repl.migration;

import io.helios.repl.pipeline.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns the thread {@code helios-migrations}, which runs the driver's loop, and those that take the steps ({@code
 * helios-move-n}). Neither is ever interrupted: who waits, waits on this clock, and is sent away when the server stops.
 */
public final class MigrationService implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(MigrationService.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final long LOOK_EVERY_MILLIS = 100;

  private final SystemClock clock = new SystemClock();
  private final Semaphore bell = new Semaphore(0);
  private final ExecutorService steps =
      Executors.newCachedThreadPool(Thread.ofPlatform().name("helios-move-", 1).daemon(true).factory());
  private @Nullable Thread thread;
  private volatile boolean closing;

  /** The clock that migrations are to wait on. */
  public MoveClock clock() {
    return clock;
  }

  /** Where steps are to be run. */
  public Executor steps() {
    return steps;
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
    thread = Thread.ofPlatform().name("helios-migrations").daemon(true).start(() -> run(driver));
  }

  /** There may be something to do: looks at once. Any thread. */
  public void wake() {
    bell.release();
  }

  private void run(MigrationDriver driver) {
    try {
      while (!closing) {
        driver.runOnce();
        if (bell.tryAcquire(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS)) {
          bell.drainPermits();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      LOG.warn("migrations were interrupted by a stranger and have ended");
    } catch (RuntimeException | Error bug) {
      LOG.error("a bug has stopped all migrations", bug);
    }
  }

  /** Lets steps that are on their way end; what takes longer is gone on from at the next start. */
  @Override
  public void close() {
    closing = true;
    clock.stop();
    bell.release();
    Thread loop = thread;
    try {
      if (loop != null && !loop.join(PATIENCE)) {
        LOG.warn("{} does not end; it is left behind", loop.getName());
      }
      steps.shutdown();
      if (!steps.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("a step of a migration does not end; it is left behind");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
