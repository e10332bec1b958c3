package io.helios.repl.failover.observation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.failover.observation.Quorum.Outcome;
import io.helios.repl.failover.observation.Quorum.Vote;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuorumTest {

  private static Vote vote(String observer, Verdict verdict) {
    return new Vote(observer, verdict, true, true);
  }

  private static Verdict verdict(int atLeast, Vote... votes) {
    return Quorum.of(List.of(votes), atLeast).verdict();
  }

  @Test
  void oneObserverAloneDecidesAloneUnlessMoreAreKnown() {
    for (Verdict verdict : Verdict.values()) {
      assertThat(verdict(1, vote("a", verdict))).isEqualTo(verdict);
    }
    assertThat(verdict(2, vote("a", Verdict.DEAD))).isEqualTo(Verdict.SUSPECT);
    assertThat(verdict(1)).isEqualTo(Verdict.SUSPECT);
  }

  @Test
  void twoOfThreeAreEnoughAndHalfOfFourIsNot() {
    Vote dead = vote("a", Verdict.DEAD);
    assertThat(verdict(3, dead, vote("b", Verdict.DEAD))).isEqualTo(Verdict.DEAD);
    assertThat(verdict(3, dead, vote("b", Verdict.DEAD), vote("c", Verdict.ALIVE))).isEqualTo(Verdict.DEAD);
    assertThat(verdict(4, dead, vote("b", Verdict.DEAD))).isEqualTo(Verdict.SUSPECT);
  }

  @Test
  void whoIsCutOffHimselfHasNoVoice() {
    assertThat(verdict(1, new Vote("a", Verdict.DEAD, true, false))).isEqualTo(Verdict.SUSPECT);
    assertThat(verdict(1, new Vote("a", Verdict.DEAD, false, true))).isEqualTo(Verdict.SUSPECT);
    assertThat(verdict(3, vote("a", Verdict.ALIVE), new Vote("b", Verdict.DEAD, true, false), new Vote("c", Verdict.DEAD, true, false)))
        .isEqualTo(Verdict.ALIVE);
  }

  @Test
  void nobodyVotesTwice() {
    assertThatThrownBy(() -> Quorum.of(List.of(vote("a", Verdict.DEAD), vote("a", Verdict.DEAD)), 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** What up to five observers can say, some of them not fresh or cut off, where up to five are known. */
  @Test
  void everyCombinationOfVotesKeepsTheRules() {
    List<Vote> all = new ArrayList<>();
    for (Verdict verdict : Verdict.values()) {
      all.add(new Vote("", verdict, true, true));
    }
    all.add(new Vote("", Verdict.DEAD, false, true));
    all.add(new Vote("", Verdict.DEAD, true, false));
    all.add(new Vote("", Verdict.DEAD, false, false));
    all.add(new Vote("", Verdict.ALIVE, true, false));
    int cases = combinations(all, new ArrayList<>());
    assertThat(cases).isEqualTo(1 + 7 + 49 + 343 + 2401 + 16807);
  }

  private static int combinations(List<Vote> all, List<Vote> votes) {
    for (int atLeast = 1; atLeast <= 5; atLeast++) {
      check(votes, atLeast);
    }
    int cases = 1;
    if (votes.size() < 5) {
      for (Vote next : all) {
        votes.add(new Vote("observer-" + votes.size(), next.verdict(), next.fresh(), next.sighted()));
        cases += combinations(all, votes);
        votes.removeLast();
      }
    }
    return cases;
  }

  private static void check(List<Vote> votes, int atLeast) {
    Outcome outcome = Quorum.of(votes, atLeast);
    int known = Math.max(votes.size(), atLeast);
    long dead = voices(votes, Verdict.DEAD);
    long alive = voices(votes, Verdict.ALIVE);
    long suspect = voices(votes, Verdict.SUSPECT);
    require((outcome.verdict() == Verdict.DEAD) == (2 * dead > known), votes, outcome);
    require((outcome.verdict() == Verdict.ALIVE) == (2 * dead <= known && alive > dead + suspect), votes, outcome);
    require(outcome.counted() == dead + alive + suspect && outcome.dead() == dead && outcome.alive() == alive, votes, outcome);
    if (!votes.isEmpty() && outcome.verdict() != Verdict.DEAD) {
      Vote last = votes.getLast();
      List<Vote> blinded = new ArrayList<>(votes);
      blinded.set(votes.size() - 1, new Vote(last.observer(), Verdict.DEAD, last.fresh(), false));
      require(Quorum.of(blinded, atLeast).verdict() != Verdict.DEAD, votes, outcome);
    }
  }

  private static long voices(List<Vote> votes, Verdict verdict) {
    return votes.stream().filter(v -> v.fresh() && v.sighted() && v.verdict() == verdict).count();
  }

  /** AssertJ's words for a hundred thousand cases take longer than the cases. */
  private static void require(boolean holds, List<Vote> votes, Outcome outcome) {
    if (!holds) {
      throw new AssertionError(votes + " came to " + outcome);
    }
  }
}
