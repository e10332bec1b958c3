package io.helios.repl.failover.observation;

import java.util.List;

/**
 * From what several observers say of one database to one verdict. Dead is what more than half of the known observers call dead; alive is what
 * more of those who can tell call alive than not. Who sees nothing at all is cut off itself: he is known, and has no voice. So is who
 * has not been heard of lately. Pure.
 */
public final class Quorum {

  private Quorum() {}

  /**
   * @param fresh whether he has been heard of lately
   * @param sighted whether he sees any database alive
   */
  public record Vote(String observer, Verdict verdict, boolean fresh, boolean sighted) {

    boolean counts() {
      return fresh && sighted;
    }
  }

  /**
   * @param counted fresh votes of those who are not cut off
   * @param needed to call it dead
   */
  public record Outcome(Verdict verdict, int dead, int alive, int counted, int needed) {}

  /**
   * @param votes one of each observer that is known to observe it
   * @param atLeast so many observers are known, whether they have voted or not
   */
  public static Outcome of(List<Vote> votes, int atLeast) {
    if (votes.stream().map(Vote::observer).distinct().count() != votes.size()) {
      throw new IllegalArgumentException("an observer votes twice: " + votes);
    }
    int known = Math.max(atLeast, votes.size());
    int needed = known / 2 + 1;
    int counted = (int) votes.stream().filter(Vote::counts).count();
    int dead = count(votes, Verdict.DEAD);
    int alive = count(votes, Verdict.ALIVE);
    Verdict verdict = dead >= needed ? Verdict.DEAD : alive > counted - alive ? Verdict.ALIVE : Verdict.SUSPECT;
    return new Outcome(verdict, dead, alive, counted, needed);
  }

  private static int count(List<Vote> votes, Verdict verdict) {
    return (int) votes.stream().filter(v -> v.counts() && v.verdict() == verdict).count();
  }
}
