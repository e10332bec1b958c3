package io.helios.repl.tui.fleet;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is held of one database that is looked at.
 *
 * @param verdict of all observers together, as the server names it: {@code alive}, {@code suspect}, {@code dead}
 * @param own what this server's own observer says
 * @param lastAnswer when it answered this server last; null when it never did
 * @param lsn where its WAL was then
 * @param why what the last look met; null when it was answered
 * @param dead votes that it is
 * @param counted votes of those that were fresh and can tell
 * @param needed votes before it counts as dead
 */
public record Observation(
    String endpoint,
    String verdict,
    String own,
    Instant since,
    @Nullable Instant lastAnswer,
    @Nullable String lsn,
    @Nullable String why,
    int dead,
    int counted,
    int needed,
    List<Vote> votes) {

  private static final List<String> WORST_FIRST = List.of("dead", "suspect", "alive");

  public static final Comparator<Observation> ORDER =
      Comparator.<Observation>comparingInt(o -> Math.floorMod(WORST_FIRST.indexOf(o.verdict()), WORST_FIRST.size()))
          .thenComparing(Observation::endpoint);

  public Observation {
    votes = List.copyOf(votes);
  }

  /**
   * @param fresh whether it is young enough to count
   * @param sighted whether that observer could tell: it sees anything at all
   */
  public record Vote(String observer, String verdict, boolean fresh, boolean sighted) {}

  public boolean isDead() {
    return verdict.equals("dead");
  }

  public boolean isAlive() {
    return verdict.equals("alive");
  }
}
