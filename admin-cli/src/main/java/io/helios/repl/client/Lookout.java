package io.helios.repl.client;

import java.time.Duration;
import java.util.Objects;
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
  private @Nullable Q about;
  private boolean changed;

  /**
   * @param again after which time the same is asked once more; null for never, once it was answered
   */
  Lookout(@Nullable Duration again, Question<Q> question) {
    this.again = again;
    this.question = question;
  }

  /** @param now null for nothing. Any thread */
  synchronized void look(@Nullable Q now) {
    if (!Objects.equals(now, about)) {
      about = now;
      changed = true;
      notifyAll();
    }
  }

  /** Until it is interrupted. */
  @Override
  public void run() {
    try {
      while (true) {
        Q now = taken();
        await(now == null ? null : asked(now));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized @Nullable Q taken() {
    changed = false;
    return about;
  }

  /** For something else to be looked at. */
  private synchronized void await(@Nullable Duration pause) throws InterruptedException {
    long until = System.nanoTime() + (pause == null ? 0 : pause.toNanos());
    while (!changed) {
      long left = until - System.nanoTime();
      if (pause == null) {
        wait();
      } else if (left > 0) {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } else {
        return;
      }
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
