package io.helios.repl.client;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks the server about what the operator looks at, for as long as he does: one question at a time, and always about what is looked
 * at now, however fast he moves. {@link #run} has a thread of its own; {@link #look} never waits.
 *
 * @param <Q> what is asked about
 */
final class Lookout<Q> implements Runnable {

  private static final Duration AFTER_FAILURE = Duration.ofSeconds(5);

  /** Asks, and tells the answer. Throws {@link FailedException} when there is none. */
  interface Question<Q> {
    void ask(Q about);
  }

  private final Question<Q> question;
  private final @Nullable Duration again;
  private final Semaphore changed = new Semaphore(0);
  private volatile @Nullable Q about;

  /**
   * @param again after which time the same is asked once more; null for never, once it was answered
   */
  Lookout(@Nullable Duration again, Question<Q> question) {
    this.again = again;
    this.question = question;
  }

  /** @param now null for nothing. Any thread */
  void look(@Nullable Q now) {
    if (!Objects.equals(now, about)) {
      about = now;
      changed.release();
    }
  }

  /** Until it is interrupted. */
  @Override
  public void run() {
    try {
      while (true) {
        Q now = about;
        Duration pause = now == null ? null : asked(now);
        if (pause == null) {
          changed.acquire();
          changed.drainPermits();
        } else if (changed.tryAcquire(pause.toMillis(), TimeUnit.MILLISECONDS)) {
          changed.drainPermits();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** How long to wait now; null until something else is looked at. A server that tells nothing is asked less often. */
  private @Nullable Duration asked(Q now) throws InterruptedException {
    try {
      question.ask(now);
      return again;
    } catch (FailedException e) {
      if (e.exitCode() == ExitCode.INTERRUPTED) {
        throw new InterruptedException(e.getMessage());
      }
      return AFTER_FAILURE;
    }
  }
}
