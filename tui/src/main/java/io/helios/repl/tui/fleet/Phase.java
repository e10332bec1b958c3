package io.helios.repl.tui.fleet;

import io.helios.repl.tui.fleet.Standing.Gravity;
import java.util.Comparator;

/**
 * How a migration stands, in the order in which an operator wants to hear of it: what needs somebody, what is under way, what has
 * ended. The server's states, with those told apart in which a cutover was undone, or is not answered. Each has a sign and a word.
 */
public enum Phase {
  /** In the middle of a cutover, and the end that decides does not answer: the tenant is open nowhere. */
  UNANSWERED('x', "NO ANSWER", "no answer", Gravity.BAD),
  FAILED('x', "FAILED", "failed", Gravity.BAD),
  /** A cutover was undone, or refused, and will not be tried again by itself. */
  UNDONE('!', "UNDONE", "undone", Gravity.WARNING),
  /** The same of the way back; or that way cannot be opened yet. */
  NOT_BACK('!', "SWITCHED!", "not back", Gravity.WARNING),
  UNKNOWN('?', "UNKNOWN", "unknown", Gravity.WARNING),
  /** The same, and it will be tried again. */
  RETRYING('!', "RETRY", "retry", Gravity.WARNING),
  CUTTING_OVER('~', "CUTOVER", "cutover", Gravity.BUSY),
  CUTTING_BACK('~', "ROLLBACK", "rollback", Gravity.BUSY),
  SWITCHED('=', "SWITCHED", "switched", Gravity.HELD),
  READY('=', "READY", "ready", Gravity.HELD),
  CATCHING_UP('~', "CATCHING UP", "catching up", Gravity.BUSY),
  COPYING('~', "COPY", "copy", Gravity.BUSY),
  CLEARING_UP('~', "CLEARING UP", "clearing up", Gravity.BUSY),
  COMPLETING('~', "COMPLETING", "completing", Gravity.BUSY),
  SETTLING('~', "SETTLING", "settling", Gravity.BUSY),
  CANCELLING('~', "CANCELLING", "cancelling", Gravity.BUSY),
  PLANNED('+', "PLANNED", "planned", Gravity.HELD),
  COMPLETED('>', "COMPLETED", "completed", Gravity.WELL),
  ROLLED_BACK('<', "ROLLED BACK", "rolled back", Gravity.WELL),
  SETTLED('<', "SETTLED", "settled", Gravity.WELL),
  CANCELLED('-', "CANCELLED", "cancelled", Gravity.WELL);

  /** Those that stand alike: the newest of what has ended first, of all else who has waited longest. */
  public static final Comparator<Migration> ORDER =
      Comparator.<Migration, Phase>comparing(Phase::of)
          .thenComparing((a, b) -> (a.isOver() ? -1 : 1) * a.since().compareTo(b.since()))
          .thenComparing(Migration::tenant);

  private final char sign;
  private final String word;
  private final String count;
  private final Gravity gravity;

  Phase(char sign, String word, String count, Gravity gravity) {
    this.sign = sign;
    this.word = word;
    this.count = count;
    this.gravity = gravity;
  }

  public static Phase of(Migration m) {
    boolean trouble = m.error() != null;
    return switch (m.state()) {
      case "CUTTING_OVER" -> trouble ? UNANSWERED : CUTTING_OVER;
      case "CUTTING_BACK" -> trouble ? UNANSWERED : CUTTING_BACK;
      case "READY" -> !trouble ? READY : m.wish() == null ? UNDONE : RETRYING;
      case "SWITCHED" -> !trouble ? SWITCHED : m.wish() == null ? NOT_BACK : RETRYING;
      case "FAILED" -> FAILED;
      case "PLANNED" -> PLANNED;
      case "COPYING" -> COPYING;
      case "CATCHING_UP" -> CATCHING_UP;
      case "CLEARING_UP" -> CLEARING_UP;
      case "COMPLETING" -> COMPLETING;
      case "CANCELLING" -> CANCELLING;
      case "COMPLETED" -> COMPLETED;
      case "ROLLED_BACK" -> ROLLED_BACK;
      case "CANCELLED" -> CANCELLED;
      case "SETTLING" -> SETTLING;
      case "SETTLED" -> SETTLED;
      default -> UNKNOWN;
    };
  }

  public char sign() {
    return sign;
  }

  /** As a column shows it. */
  public String word() {
    return word;
  }

  /** As it stands behind a number. */
  public String count() {
    return count;
  }

  public Gravity gravity() {
    return gravity;
  }
}
