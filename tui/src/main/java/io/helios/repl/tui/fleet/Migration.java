package io.helios.repl.tui.fleet;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's newest migration as the server told of it.
 *
 * @param id tells it apart from an earlier one of the same tenant
 * @param from where its home was when it began
 * @param state as the server names it; one that this version does not know is shown as it is
 * @param wish what was asked of it and is not done yet, as the server names it; null for nothing
 * @param epoch the newest that a cutover has tried or taken; 0 before the first
 * @param attempts how many cutovers were undone since the wish
 * @param since when it entered its state
 * @param terms how it is to be cut over
 * @param predicted null before the first rehearsal
 * @param there the cutover to the new home, once it happened
 * @param back the one back
 * @param error what went wrong last and is not over
 * @param nextSteps what an operator would do next, as commands
 */
public record Migration(
    String id,
    String tenant,
    String from,
    String to,
    String state,
    @Nullable String wish,
    long epoch,
    int attempts,
    Instant begunAt,
    Instant since,
    Terms terms,
    @Nullable Prediction predicted,
    @Nullable Pause there,
    @Nullable Pause back,
    @Nullable Fault error,
    List<String> nextSteps) {

  public Migration {
    nextSteps = List.copyOf(nextSteps);
  }

  /**
   * What its operator allows.
   *
   * @param retries how often what was undone is tried again
   * @param notBefore when that is; null for now, or when nothing is to be tried again
   * @param automatic whether it is cut over by itself as soon as it is ready
   * @param window when it may begin, and be cut over by itself, in UTC; null for always
   */
  public record Terms(
      double maxPauseMillis, int retries, @Nullable Instant notBefore, boolean automatic, @Nullable String window) {}

  /** Milliseconds that half of all rehearsals, or all but one of a hundred, do not exceed. */
  public record Share(double p50, double p99) {}

  public record Prediction(Instant at, int rehearsals, Share pause, Share lock, Share drain, Share traffic) {}

  /**
   * A cutover that happened, in milliseconds.
   *
   * @param exact whether it was measured; else it was no longer than that
   */
  public record Pause(
      Instant at, long epoch, double millis, boolean exact, double lock, double drain, double traffic, double switched) {}

  /** The last cutover that happened; null before the first. */
  public @Nullable Pause lastPause() {
    return back != null ? back : there;
  }

  /** Whether it goes, or went, from the new home to the old one. */
  public boolean goesBack() {
    return switch (state) {
      case "CUTTING_BACK", "CLEARING_UP", "ROLLED_BACK" -> true;
      default -> isAsked("rollback");
    };
  }

  public boolean isAsked(String what) {
    return what.equals(wish);
  }

  /** Whether nothing more becomes of it by itself. */
  public boolean isOver() {
    return switch (state) {
      case "COMPLETED", "ROLLED_BACK", "SETTLED", "CANCELLED", "FAILED" -> true;
      default -> false;
    };
  }
}
