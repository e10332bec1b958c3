package io.helios.repl.failover.observation;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.failover.observation.Sample.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FaultDetectorTest {

  private static final long MILLI = 1_000_000;
  private static final Kind[] KINDS = Kind.values();
  private static final Thresholds DEFAULT = Thresholds.DEFAULT;
  private static final Thresholds QUICK =
      new Thresholds(millis(250), millis(1000), millis(500), millis(750), millis(1500), millis(500));

  private static Duration millis(long millis) {
    return Duration.ofMillis(millis);
  }

  /** A sample every quarter of a second; time-outs take as long as they may where the kind is one. */
  private static final class Watch {
    private FaultDetector detector;
    private long nanos = -7_000 * MILLI; // System.nanoTime may be negative

    Watch(Thresholds thresholds) {
      detector = FaultDetector.of(thresholds);
    }

    Watch see(Kind kind, long tookMillis) {
      long begun = nanos;
      long ended = begun + tookMillis * MILLI;
      detector = detector.after(new Sample(kind, begun, ended));
      nanos = Math.max(ended, begun + 250 * MILLI);
      return this;
    }

    Watch see(Kind kind, long tookMillis, int times) {
      for (int i = 0; i < times; i++) {
        see(kind, tookMillis);
      }
      return this;
    }

    Verdict verdict() {
      return detector.at(nanos);
    }
  }

  @Test
  void nothingIsKnownBeforeTheFirstSample() {
    assertThat(new Watch(DEFAULT).verdict()).isEqualTo(Verdict.SUSPECT);
    assertThat(new Watch(DEFAULT).see(Kind.ANSWERED, 1).verdict()).isEqualTo(Verdict.ALIVE);
  }

  @Test
  void aServerProcessThatIsGoneIsDeadWithinOneAndAHalfSeconds() {
    Watch watch = new Watch(DEFAULT).see(Kind.ANSWERED, 1, 20);
    long killed = watch.nanos; // just behind an answer: the worst moment
    assertThat(watch.see(Kind.REFUSED, 1).verdict()).isEqualTo(Verdict.SUSPECT);
    while (watch.verdict() != Verdict.DEAD) {
      watch.see(Kind.REFUSED, 1);
    }
    assertThat(watch.nanos - killed).isBetween(1000 * MILLI, 1500 * MILLI);
  }

  @Test
  void aMachineThatIsGoneIsDeadAfterThreeSecondsOfSilence() {
    Watch watch = new Watch(DEFAULT).see(Kind.ANSWERED, 1, 20);
    long gone = watch.nanos;
    while (watch.verdict() != Verdict.DEAD) {
      watch.see(Kind.SILENT, 1000);
    }
    assertThat(watch.nanos - gone).isBetween(3000 * MILLI, 4300 * MILLI);
  }

  @Test
  void slowIsNotDead() {
    assertThat(new Watch(DEFAULT).see(Kind.ANSWERED, 1990, 100).verdict()).isEqualTo(Verdict.ALIVE);
    Watch now = new Watch(DEFAULT).see(Kind.ANSWERED, 1);
    for (int i = 0; i < 50; i++) {
      assertThat(now.see(Kind.UNANSWERED, 2000).verdict()).isNotEqualTo(Verdict.DEAD);
      assertThat(now.see(Kind.ANSWERED, 1900).verdict()).isNotEqualTo(Verdict.DEAD);
    }
  }

  @Test
  void oneAnswerThatDoesNotComeInTimeIsForgiven() {
    Watch watch = new Watch(DEFAULT).see(Kind.ANSWERED, 1, 4).see(Kind.UNANSWERED, 1000);
    assertThat(watch.verdict()).isEqualTo(Verdict.ALIVE);
    assertThat(watch.see(Kind.ANSWERED, 1).verdict()).isEqualTo(Verdict.ALIVE);
  }

  @Test
  void aServerThatRecoversFromACrashHasTenSeconds() {
    Watch watch = new Watch(DEFAULT).see(Kind.ANSWERED, 1, 4).see(Kind.UNANSWERED, 1, 36);
    assertThat(watch.verdict()).isEqualTo(Verdict.SUSPECT);
    assertThat(watch.see(Kind.UNANSWERED, 1, 10).verdict()).isEqualTo(Verdict.DEAD);
  }

  @Test
  void whoComesAndGoesIsNeitherDeadNorAlive() {
    Watch watch = new Watch(DEFAULT).see(Kind.ANSWERED, 1, 4);
    for (int i = 0; i < 50; i++) {
      assertThat(watch.see(Kind.REFUSED, 1, 3).verdict()).isEqualTo(Verdict.SUSPECT);
      assertThat(watch.see(Kind.ANSWERED, 1, 3).verdict()).isEqualTo(Verdict.SUSPECT);
    }
    assertThat(watch.see(Kind.ANSWERED, 1, 9).verdict()).isEqualTo(Verdict.ALIVE);
  }

  @Test
  void whoWasDeadIsAliveOnlyWhenItHasAnsweredForAWhile() {
    Watch watch = new Watch(DEFAULT).see(Kind.REFUSED, 1, 10);
    assertThat(watch.verdict()).isEqualTo(Verdict.DEAD);
    assertThat(watch.see(Kind.ANSWERED, 1, 8).verdict()).isEqualTo(Verdict.SUSPECT);
    assertThat(watch.see(Kind.ANSWERED, 1).verdict()).isEqualTo(Verdict.ALIVE);
  }

  @Test
  void anObserverThatWasPausedHasSeenNothing() {
    for (Kind kind : List.of(Kind.REFUSED, Kind.SILENT, Kind.UNANSWERED)) {
      Watch inBetween = new Watch(DEFAULT).see(Kind.ANSWERED, 1, 8);
      inBetween.nanos += 3_600_000 * MILLI;
      assertThat(inBetween.verdict()).as("an old answer").isEqualTo(Verdict.SUSPECT);
      assertThat(inBetween.see(kind, 1).verdict()).isNotEqualTo(Verdict.DEAD);
      Watch inAProbe = new Watch(DEFAULT).see(Kind.ANSWERED, 1, 8);
      assertThat(inAProbe.see(kind, 3_600_000).verdict()).isNotEqualTo(Verdict.DEAD);
      assertThat(inAProbe.see(kind, 1).verdict()).isNotEqualTo(Verdict.DEAD);
    }
    Watch dead = new Watch(DEFAULT).see(Kind.REFUSED, 1, 10);
    dead.nanos += 60_000 * MILLI;
    assertThat(dead.verdict()).as("an old death").isEqualTo(Verdict.SUSPECT);
    assertThat(dead.see(Kind.REFUSED, 1).verdict()).isEqualTo(Verdict.SUSPECT);
  }

  /** All 65,536 histories of eight samples, and their beginnings. */
  @Test
  void everyHistoryOfEightSamplesKeepsTheRules() {
    int[] verdicts = new int[3];
    for (Thresholds thresholds : List.of(DEFAULT, QUICK)) {
      histories(8, new ArrayList<>(), history -> {
        Watch watch = new Watch(thresholds);
        long answered = Long.MIN_VALUE;
        long answering = Long.MIN_VALUE;
        boolean hadTrouble = false;
        int row = 0;
        for (Kind kind : history) {
          boolean first = watch.detector.samples() == 0;
          long began = watch.nanos;
          long before = watch.detector.lastEndedNanos();
          watch.see(kind, kind == Kind.SILENT || kind == Kind.UNANSWERED ? 1000 : 1);
          long ended = watch.detector.lastEndedNanos();
          if (kind == Kind.ANSWERED) {
            answering = row == 0 && answered != Long.MIN_VALUE ? answering : ended;
            answered = ended;
            row = 0;
          } else {
            answered = answered == Long.MIN_VALUE ? began : answered;
            hadTrouble |= first;
            row++;
          }
          Verdict verdict = watch.detector.at(ended);
          verdicts[verdict.ordinal()]++;
          hadTrouble |= verdict != Verdict.ALIVE;
          if (verdict == Verdict.DEAD) {
            require(row >= 3, history);
            require(ended - answered >= thresholds.refused().toNanos() - MILLI, history);
          }
          if (verdict == Verdict.ALIVE && kind == Kind.ANSWERED && hadTrouble) {
            require(ended - answering >= thresholds.steady().toNanos(), history);
            hadTrouble = false;
          }
          if ((kind == Kind.REFUSED || kind == Kind.SILENT) && ended - before >= 250 * MILLI) {
            require(verdict != Verdict.ALIVE, history);
          }
        }
      });
    }
    assertThat(IntStream.of(verdicts).min().orElseThrow()).as("each verdict came up").isGreaterThan(1000);
  }

  /** The histories of six samples, each with one of them made worse. */
  @Test
  void aWorseSampleNeverMakesABetterVerdict() {
    histories(6, new ArrayList<>(), history -> {
      for (int at = 0; at < history.size(); at++) {
        int kind = history.get(at).ordinal();
        if (kind + 1 < KINDS.length) {
          List<Kind> worse = new ArrayList<>(history);
          worse.set(at, KINDS[kind + 1]);
          require(inStep(worse).compareTo(inStep(history)) >= 0, worse);
        }
      }
    });
  }

  private static Verdict inStep(List<Kind> history) {
    Watch watch = new Watch(QUICK);
    history.forEach(kind -> watch.see(kind, 1));
    return watch.verdict();
  }

  /** AssertJ's words for half a million cases take longer than the cases. */
  private static void require(boolean holds, List<Kind> history) {
    if (!holds) {
      throw new AssertionError(history);
    }
  }

  private interface Judge {
    void judge(List<Kind> history);
  }

  private static void histories(int length, List<Kind> begun, Judge judge) {
    if (begun.size() == length) {
      judge.judge(begun);
      return;
    }
    for (Kind kind : KINDS) {
      begun.add(kind);
      histories(length, begun, judge);
      begun.removeLast();
    }
  }
}
