package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Phase;
import io.helios.repl.tui.fleet.Tenant;
import io.helios.repl.tui.model.Action;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A migration in words. Pure.
 *
 * @param tenant null when the server tells of none of that name
 * @param now by the server's clock
 * @param keys whether actions may be offered
 */
record MigrationWords(Migration move, Phase phase, @Nullable Tenant tenant, Instant now, boolean keys) {

  private static final String BY_ITSELF = "by itself";

  static MigrationWords of(Migration move, @Nullable Tenant tenant, Instant now, boolean keys) {
    return new MigrationWords(move, Phase.of(move), tenant, now, keys);
  }

  /** A state that this version does not know is shown as the server names it. */
  String state() {
    return switch (phase) {
      case COPYING -> isCopied() ? phase.word() + " " + (int) Math.floor(share() * 100) + "%" : phase.word();
      case RETRYING -> phase.word() + " " + move.attempts() + "/" + move.terms().retries();
      case UNKNOWN -> move.state();
      default -> phase.word();
    };
  }

  boolean isCopied() {
    return phase == Phase.COPYING && tenant != null && tenant.copy().tables() > 0;
  }

  double share() {
    return tenant == null ? 0 : TenantColumn.share(tenant);
  }

  /** Whether it goes no further without somebody. */
  boolean needsSomebody() {
    return switch (phase) {
      case FAILED, UNDONE, NOT_BACK, SWITCHED -> true;
      case READY -> !move.terms().automatic() && move.wish() == null;
      default -> false;
    };
  }

  /** What comes next, in a column's width. */
  String next() {
    String window = move.terms().window();
    return switch (phase) {
      case UNANSWERED -> "asked again";
      case FAILED, UNDONE, NOT_BACK, SWITCHED -> offered();
      case READY ->
          move.wish() != null ? "now" : !move.terms().automatic() ? offered() : window == null ? BY_ITSELF : window;
      case RETRYING -> again();
      case PLANNED -> window == null ? "for room" : window;
      case CUTTING_OVER, CUTTING_BACK, CATCHING_UP, COPYING, CLEARING_UP, COMPLETING, SETTLING, CANCELLING -> BY_ITSELF;
      case COMPLETED, ROLLED_BACK, SETTLED, CANCELLED, UNKNOWN -> Figures.NONE;
    };
  }

  /** The step that goes on, with its key. */
  private String offered() {
    List<Action> fitting = Action.fitting(move);
    return fitting.isEmpty() ? Figures.NONE : (keys ? fitting.getFirst().key() + " " : "") + fitting.getFirst().word();
  }

  private String again() {
    Instant at = move.terms().notBefore();
    return at == null || !at.isAfter(now) ? "now" : "in " + Figures.age(Duration.between(now, at).plusMillis(999));
  }

  /** How it stands, and what may be done. */
  String summary() {
    String there = move.to();
    String home = move.from();
    return switch (phase) {
      case UNANSWERED ->
          "the tenant is open nowhere until " + (move.goesBack() ? home : there) + " answers; it is asked again and again";
      case FAILED -> "nothing has moved; once the cause is mended: " + key(Action.MIGRATE);
      case UNDONE -> "no cutover happened, nothing has moved; to try again: " + key(Action.CUTOVER);
      case NOT_BACK -> "its home is " + there + ", the way back did not open; " + key(Action.ROLLBACK) + ", or " + key(Action.COMPLETE);
      case RETRYING ->
          "undone " + times(move.attempts()) + ", its home is " + (move.state().equals("SWITCHED") ? there : home)
              + "; tried again " + again() + ", up to " + times(move.terms().retries());
      case CUTTING_OVER -> "its writers wait, " + Figures.millis(move.terms().maxPauseMillis()) + " at the most, or it is undone";
      case CUTTING_BACK -> "on the way back; its writers wait, " + Figures.millis(move.terms().maxPauseMillis()) + " at the most";
      case SWITCHED ->
          move.wish() != null
              ? "asked for: " + move.wish()
              : "its home is " + there + ", " + home + " follows; " + key(Action.COMPLETE) + ", or " + key(Action.ROLLBACK);
      case READY ->
          move.wish() != null
              ? "asked for: " + move.wish()
              : move.terms().automatic() ? "cut over by itself" + inWindow() : "it waits for somebody: " + key(Action.CUTOVER) + likelyUndone();
      case CATCHING_UP -> "it streams; both ends are made ready, compared and rehearsed";
      case COPYING ->
          tenant == null || tenant.copy().tables() == 0
              ? "it is copied to " + there
              : tenant.copy().done() + " of " + tenant.copy().tables() + " tables done, "
                  + Figures.rate((double) tenant.copy().rows()) + " rows, " + Figures.bytes((double) tenant.copy().bytes());
      case CLEARING_UP -> "back at " + home + "; what was made for moving is taken away";
      case COMPLETING -> "its home is " + there + "; " + home + " stops following it";
      case SETTLING -> "its home is " + there + ", " + home + " follows; what was made for moving is taken away";
      case CANCELLING -> "given up; what was made for moving is taken away";
      case PLANNED -> move.terms().window() == null ? "it waits until there is room to copy it" : "it begins" + inWindow();
      case COMPLETED -> "its home is " + there + " for good";
      case ROLLED_BACK -> "back at " + home + ", as if nothing had been";
      case SETTLED -> "its home is " + there + ", " + home + " is its replica";
      case CANCELLED -> "given up; its home is " + home + " as before";
      case UNKNOWN -> "this dashboard does not know that state: helios-repl migrate status " + move.tenant();
    };
  }

  private String likelyUndone() {
    Migration.Prediction predicted = move.predicted();
    return predicted != null && predicted.pause().p99() > move.terms().maxPauseMillis()
        ? "; more pause is predicted than allowed"
        : "";
  }

  private String inWindow() {
    return move.terms().window() == null ? "" : " within " + move.terms().window() + " UTC";
  }

  private String key(Action action) {
    return keys ? action.key() + " = " + action.word() : action.word();
  }

  private static String times(int count) {
    return count == 1 ? "once" : count + " times";
  }

  /** What it was asked for, and how it is to go. */
  String terms() {
    Migration.Terms terms = move.terms();
    return "begun " + Figures.since(move.begunAt(), now) + " ago, cut over " + (terms.automatic() ? BY_ITSELF : "when asked")
        + inWindow() + (terms.retries() == 0 ? "" : ", tried again up to " + times(terms.retries()))
        + (move.epoch() == 0 ? "" : ", epoch " + move.epoch());
  }
}
