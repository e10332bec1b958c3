package io.helios.repl.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Asking about what is looked at, while the operator moves on. */
class LookoutTest {

  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final Semaphore answers = new Semaphore(0);
  private Thread thread = Thread.ofVirtual().unstarted(() -> {});

  private Lookout<String> lookout(Duration again, Lookout.Question<String> question) {
    Lookout<String> lookout = new Lookout<>(again.isZero() ? null : again, question);
    thread = Thread.ofVirtual().start(lookout);
    return lookout;
  }

  private void ask(String about) {
    asked.add(about);
    try {
      assertThat(answers.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new FailedException(ExitCode.INTERRUPTED, List.of(), e);
    }
  }

  @AfterEach
  void stop() throws InterruptedException {
    thread.interrupt();
    assertThat(thread.join(Duration.ofSeconds(30))).as("it ends when it is interrupted").isTrue();
  }

  /** What was passed over while an answer was on its way is not asked for. */
  @Test
  void onlyTheNewestIsAskedFor() {
    Lookout<String> lookout = lookout(Duration.ZERO, this::ask);
    lookout.look("a");
    await().until(() -> asked.equals(List.of("a")));
    lookout.look("b");
    lookout.look("c");
    lookout.look("d");
    answers.release(2);
    await().until(() -> asked.equals(List.of("a", "d")));
    lookout.look("d");
    lookout.look(null);
    lookout.look("e");
    answers.release();
    await().until(() -> asked.equals(List.of("a", "d", "e")));
  }

  @Test
  void theSameIsAskedAgainForAsLongAsItIsLookedAt() {
    Lookout<String> lookout = lookout(Duration.ofMillis(1), this::ask);
    lookout.look("a");
    answers.release(3);
    await().until(() -> asked.size() == 4);
    lookout.look("b");
    answers.release();
    await().until(() -> asked.size() == 5);
    assertThat(asked).containsExactly("a", "a", "a", "a", "b");
  }

  @Test
  void aFailureIsNotTheEnd() {
    Lookout<String> lookout =
        lookout(
            Duration.ZERO,
            about -> {
              asked.add(about);
              throw new FailedException(ExitCode.UNREACHABLE, Failure.of(ErrorCode.INTERNAL, "gone", "why", "hint"));
            });
    lookout.look("a");
    await().until(() -> asked.equals(List.of("a")));
    lookout.look("b");
    await().until(() -> asked.equals(List.of("a", "b")));
  }
}
