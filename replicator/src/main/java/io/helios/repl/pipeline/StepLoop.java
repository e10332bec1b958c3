package io.helios.repl.pipeline;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns the thread {@code helios-LOOP}, which looks for steps that are due, and those that take them ({@code helios-STEP-n}).
 * None of them is ever interrupted: a step that is on its way when the server stops comes to its end, or is left behind.
 */
public final class StepLoop implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(StepLoop.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final long LOOK_EVERY_MILLIS = 100;

  private final String name;
  private final Semaphore bell = new Semaphore(0);
  private final ExecutorService steps;
  private @Nullable Thread thread;
  private volatile boolean closing;

  /**
   * @param name of the thread that looks
   * @param step of those that take steps, without their number
   */
  public StepLoop(String name, String step) {
    this.name = name;
    this.steps = Executors.newCachedThreadPool(Thread.ofPlatform().name("helios-" + step + "-", 1).daemon(true).factory());
  }

  /** Where steps are to be run. */
  public Executor steps() {
    return steps;
  }

  /** Takes turns until closed. Once. */
  public void start(Runnable turn) {
    thread = Thread.ofPlatform().name("helios-" + name).daemon(true).start(() -> run(turn));
  }

  /** There may be something to do: looks at once. Any thread. */
  public void wake() {
    bell.release();
  }

  private void run(Runnable turn) {
    try {
      while (!closing) {
        turn.run();
        if (bell.tryAcquire(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS)) {
          bell.drainPermits();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      LOG.warn("{} were interrupted by a stranger and have ended", name);
    } catch (RuntimeException | Error bug) {
      LOG.error("a bug has stopped all {}", name, bug);
    }
  }

  /** Lets steps that are on their way end; what takes longer is gone on from at the next start. */
  @Override
  public void close() {
    closing = true;
    bell.release();
    Thread loop = thread;
    try {
      if (loop != null && !loop.join(PATIENCE)) {
        LOG.warn("{} does not end; it is left behind", loop.getName());
      }
      steps.shutdown();
      if (!steps.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("a step of {} does not end; it is left behind", name);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
