package io.helios.repl.pipeline;

import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Owns one thread, and runs one loop on it until closed. The loop does what there is and returns; how to wait when there
 * is nothing is the loop's own business, since only it knows what it waits for, but it waits for half a second at the
 * most. What a loop throws is a bug: the worker says so and ends, and the rest goes on.
 *
 * <p>A worker is never interrupted: an interrupt closes the file channel under a reader's or writer's hands ({@link
 * java.nio.channels.InterruptibleChannel}), and the journal's channels are shared.
 */
final class Worker implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  /** One turn. */
  interface Loop {
    void runOnce() throws InterruptedException;
  }

  private final Thread thread;
  private volatile boolean closing;

  private Worker(
      String name, Map<String, String> context, Loop loop, Runnable atEnd, Consumer<Throwable> onBug) {
    this.thread =
        Thread.ofPlatform()
            .name("helios-" + name)
            .daemon(true)
            .unstarted(
                () -> {
                  context.forEach(MDC::put);
                  try {
                    while (!closing) {
                      loop.runOnce();
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    if (!closing) {
                      LOG.warn("{} was interrupted by a stranger and has ended", name);
                    }
                  } catch (Throwable bug) {
                    LOG.error("a bug has stopped {}", name, bug);
                    onBug.accept(bug);
                  } finally {
                    atEnd.run();
                  }
                });
  }

  /**
   * @param atEnd run by the thread itself, last, whatever ended it: closes what the loop owns
   * @param onBug told when the loop threw
   */
  static Worker start(String name, Loop loop, Runnable atEnd, Consumer<Throwable> onBug) {
    return start(name, Map.of(), loop, atEnd, onBug);
  }

  /** @param context what the thread works for, as fields of all that it logs: {@code source}, {@code target} */
  static Worker start(
      String name, Map<String, String> context, Loop loop, Runnable atEnd, Consumer<Throwable> onBug) {
    Worker worker = new Worker(name, context, loop, atEnd, onBug);
    worker.thread.start();
    return worker;
  }

  /** Asks the loop to end without waiting for it. */
  void askToStop() {
    closing = true;
  }

  boolean isAlive() {
    return thread.isAlive();
  }

  /** Asks, and waits for as long as is reasonable. */
  @Override
  public void close() {
    askToStop();
    try {
      if (!thread.join(PATIENCE)) {
        LOG.warn("{} does not end; it is left behind", thread.getName());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
