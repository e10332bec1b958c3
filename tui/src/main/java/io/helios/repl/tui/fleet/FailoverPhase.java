package io.helios.repl.tui.fleet;

import io.helios.repl.tui.fleet.Standing.Gravity;
import java.util.Comparator;

/**
 * How a failover stands, in the order in which an operator wants to hear of it: whose tenant has no home yet and goes no
 * further, who is on the way, who has a home and no replica, who has both. Each has a sign and a word.
 */
public enum FailoverPhase {
  /** Given up before the promotion: the tenant is where it was, at a home that died. */
  FAILED('x', "FAILED", "failed", Gravity.BAD),
  /** Before the promotion, and what it meets has to be mended. */
  STUCK('x', "STUCK", "stuck", Gravity.BAD),
  /** Promoted, and clients could not be sent to the new home. */
  UNSENT('!', "NOT SENT", "not sent", Gravity.WARNING),
  UNKNOWN('?', "UNKNOWN", "unknown", Gravity.WARNING),
  PROMOTING('~', "PROMOTING", "promoting", Gravity.BUSY),
  DRAINING('~', "DRAINING", "draining", Gravity.BUSY),
  WAITING('~', "LEASE", "lease", Gravity.BUSY),
  PLANNED('+', "PLANNED", "planned", Gravity.HELD),
  /** Its home is the new one, and the old one is away: it has no replica. */
  PROMOTED('^', "PROMOTED", "promoted", Gravity.WARNING),
  /** The account is made, and the old home stays as it is until somebody has looked at it. */
  TO_REJOIN('=', "ACCOUNTED", "accounted", Gravity.HELD),
  REJOINING('~', "REJOINING", "rejoining", Gravity.BUSY),
  FAILING_BACK('~', "FAIL BACK", "on the way back", Gravity.BUSY),
  FOLLOWING('=', "FOLLOWING", "following", Gravity.HELD),
  FAILED_BACK('<', "BACK", "back", Gravity.WELL);

  /** Those that stand alike: in the order in which they were begun together; of what has ended the newest first. */
  public static final Comparator<Failover> ORDER =
      Comparator.<Failover, FailoverPhase>comparing(FailoverPhase::of)
          .thenComparing(f -> f.place() == null ? 0 : f.place())
          .thenComparing((a, b) -> (a.isOver() ? -1 : 1) * a.since().compareTo(b.since()))
          .thenComparing(Failover::tenant);

  private final char sign;
  private final String word;
  private final String count;
  private final Gravity gravity;

  FailoverPhase(char sign, String word, String count, Gravity gravity) {
    this.sign = sign;
    this.word = word;
    this.count = count;
    this.gravity = gravity;
  }

  public static FailoverPhase of(Failover f) {
    boolean trouble = f.error() != null;
    return switch (f.state()) {
      case "PLANNED" -> trouble ? STUCK : PLANNED;
      case "WAITING" -> trouble ? STUCK : WAITING;
      case "DRAINING" -> trouble ? STUCK : DRAINING;
      case "PROMOTING" -> trouble ? STUCK : PROMOTING;
      case "PROMOTED" -> f.switched() ? PROMOTED : UNSENT;
      case "FENCED", "REPAIRING" -> REJOINING;
      case "ACCOUNTED" -> f.rejoins() ? REJOINING : TO_REJOIN;
      case "FOLLOWING" -> FOLLOWING;
      case "FAILING_BACK" -> FAILING_BACK;
      case "FAILED_BACK" -> FAILED_BACK;
      case "FAILED" -> FAILED;
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
