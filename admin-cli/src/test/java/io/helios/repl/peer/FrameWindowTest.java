package io.helios.repl.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What is kept of a tenant's frames is never taken for more than it is. */
class FrameWindowTest {

  private static final UUID TENANT = new UUID(1, 2);
  private static final int SEALED = 100;

  private final FrameWindow window = new FrameWindow(TENANT);

  private static Frame frame(UUID tenant, long sequence, long first, long last) {
    return new Frame(
        new FrameHeader(tenant, FrameHeader.STREAM, 1, 7, 1, 1, (int) sequence, sequence, first, last, 0, 0, true, 1, 1, 200, SEALED),
        new byte[32],
        new byte[SEALED]);
  }

  private static Frame frame(long sequence, long last) {
    return frame(TENANT, sequence, last, last);
  }

  private static List<Long> sequences(List<Frame> frames) {
    return frames.stream().map(f -> f.header().sequence()).toList();
  }

  @Test
  void whatATurnLeavesOverIsThereForTheNextOne() {
    assertThat(window.offer(List.of(frame(4, 40), frame(5, 50), frame(6, 60)), 30, 0)).isTrue();
    assertThat(sequences(window.first(2 * SEALED))).containsExactly(4L, 5L);
    window.seek(30, 6);
    assertThat(sequences(window.first(SEALED))).containsExactly(6L);
    window.seek(50, 0); // the next turn: 4 and 5 are applied
    assertThat(sequences(window.first(1))).containsExactly(6L);
    assertThat(window.next()).isEqualTo(7);
  }

  /** Read, dropped here, and then not applied after all: going on behind them would lose them. */
  @Test
  void framesThatWereReadButNotAppliedAreNotPassedOver() {
    window.offer(List.of(frame(4, 40), frame(5, 50), frame(6, 60)), 30, 0);
    window.seek(30, 6);
    window.seek(30, 0); // the turn was rolled back
    assertThat(window.isEmpty()).isTrue();
    window.offer(List.of(frame(6, 60)), 30, 6); // asked for by sequence, with nothing here
    window.seek(30, 0);
    assertThat(window.isEmpty()).isTrue();
  }

  @Test
  void aTargetThatHasGoneBackBeginsAnew() {
    window.offer(List.of(frame(4, 40), frame(5, 50)), 30, 0);
    window.seek(20, 0);
    assertThat(window.isEmpty()).isTrue();
    assertThat(window.next()).isZero();
  }

  @Test
  void whatDoesNotFollowOrIsAnothersIsNotKept() {
    window.offer(List.of(frame(4, 40)), 30, 0);
    assertThat(window.offer(List.of(frame(6, 60)), 30, 5)).isFalse();
    assertThat(window.isEmpty()).isTrue();
    assertThat(window.offer(List.of(frame(4, 40), frame(TENANT, 6, 60, 60)), 30, 0)).isFalse();
    assertThat(window.offer(List.of(frame(new UUID(3, 4), 4, 40, 40)), 30, 0)).isFalse();
    assertThat(window.offer(List.of(frame(9, 90)), 30, 8)).isFalse();
    assertThat(window.bytes()).isZero();
  }

  @Test
  void positionsAreUnsigned() {
    window.offer(List.of(frame(4, Long.MIN_VALUE), frame(5, -2)), Long.MAX_VALUE, 0);
    window.seek(Long.MIN_VALUE, 0);
    assertThat(sequences(window.first(1 << 20))).containsExactly(5L);
  }

  /** Against the journal itself, asked at each step: same frames, whatever is read, applied, rolled back and asked for ahead. */
  @Test
  void inAnyHistoryItAnswersAsTheJournalWould() {
    for (long seed = 0; seed < 2_000; seed++) {
      Random random = new Random(seed);
      List<Frame> journal = new ArrayList<>();
      long position = 10;
      for (int sequence = 1; sequence <= 30; sequence++) {
        long first = position;
        position += random.nextInt(3); // 0: the same transaction goes on
        journal.add(frame(TENANT, sequence, first, position));
      }
      FrameWindow tried = new FrameWindow(TENANT);
      long applied = 9;
      long reading = 0;
      long readTo = 9;
      for (int step = 0; step < 60; step++) {
        tried.seek(applied, reading);
        if (tried.isEmpty()) {
          tried.offer(wanted(journal, applied, reading, 1 + random.nextInt(5)), applied, reading);
          tried.seek(applied, reading);
        } else if (random.nextBoolean()) {
          tried.offer(wanted(journal, applied, tried.next(), 1 + random.nextInt(3)), applied, tried.next());
        }
        List<Frame> got = tried.first(SEALED * (1 + random.nextInt(3)));
        List<Frame> right = wanted(journal, applied, reading, Math.max(1, got.size())); // empty only at the end
        assertThat(sequences(got)).as("seed " + seed + ", step " + step).isEqualTo(sequences(right));
        for (Frame one : got) {
          reading = one.header().sequence() + 1;
          readTo = one.header().lastPosition();
        }
        switch (random.nextInt(4)) {
          case 0 -> { // committed
            applied = Math.max(applied, readTo);
            reading = 0;
          }
          case 1 -> { // rolled back
            reading = 0;
            readTo = applied;
          }
          default -> {} // the turn goes on
        }
      }
    }
  }

  private static List<Frame> wanted(List<Frame> journal, long after, long from, int most) {
    return journal.stream()
        .filter(f -> f.header().lastPosition() > after && f.header().sequence() >= from)
        .limit(most)
        .toList();
  }
}
