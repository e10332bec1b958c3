package io.helios.repl.tui.fleet;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's newest failover as the server told of it.
 *
 * @param id tells it apart from an earlier one of the same tenant
 * @param from the home that died
 * @param to its replica, the new home
 * @param state as the server names it; one that this version does not know is shown as it is
 * @param oldSource how far the old home has come, as the server names it
 * @param epoch that it claimed; 0 before
 * @param rejoins whether the old home is repaired without being asked for
 * @param place in the order of those that were begun together; null of one that was begun alone
 * @param rtoMillis from the last sign of life to the moment at which clients were sent to the new home; null before
 * @param promotedLsn null before the promotion
 * @param switched whether clients have been sent to the new home
 * @param account what never arrived; null until the old home could be asked
 * @param error what went wrong last and is not over
 * @param nextSteps what an operator would do next, as commands
 */
public record Failover(
    String id,
    String tenant,
    String from,
    String to,
    String state,
    String oldSource,
    long epoch,
    boolean rejoins,
    @Nullable Integer place,
    Instant begunAt,
    Instant since,
    @Nullable Long rtoMillis,
    @Nullable String promotedLsn,
    boolean switched,
    @Nullable Account account,
    @Nullable Fault error,
    List<String> nextSteps) {

  public Failover {
    nextSteps = List.copyOf(nextSteps);
  }

  /**
   * Transactions that the old home had committed and the new one never got.
   *
   * @param first when the first of them was committed; null of none
   * @param missing why there may be more; null when these are all
   * @param tables those that they wrote, in words
   */
  public record Account(
      long transactions, @Nullable Instant first, @Nullable Instant last, @Nullable String missing, List<String> tables) {

    public Account {
      tables = List.copyOf(tables);
    }
  }

  /** Whether nothing more becomes of it by itself, and nobody is asked for either. */
  public boolean isOver() {
    return state.equals("FAILED_BACK") || state.equals("FOLLOWING") || state.equals("FAILED");
  }
}
