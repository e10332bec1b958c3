package io.helios.repl.tui.fleet;

/**
 * How a tenant stands, in the order in which an operator wants to hear of it: the server's states, with streaming told
 * apart by whether the lag target is met. Each has a sign and a word, so that nothing depends on colours.
 */
public enum Standing {
  FAILED('x', "FAILED", "fail", Gravity.BAD),
  NEEDS_RESYNC('x', "RESYNC!", "need resync", Gravity.BAD),
  LAGGING('!', "LAGGING", "lag", Gravity.WARNING),
  UNKNOWN('?', "UNKNOWN", "unknown", Gravity.WARNING),
  FENCED('#', "FENCED", "fenced", Gravity.BUSY),
  CUTOVER('~', "CUTOVER", "cutover", Gravity.BUSY),
  COPYING('~', "COPY", "copy", Gravity.BUSY),
  PAUSED('=', "PAUSED", "pause", Gravity.HELD),
  STOPPED('-', "STOPPED", "stop", Gravity.HELD),
  CREATED('+', "CREATED", "new", Gravity.HELD),
  PROMOTED('^', "PROMOTED", "promoted", Gravity.WELL),
  MOVED('>', "MOVED", "moved", Gravity.WELL),
  STREAMING(' ', "STREAMING", "stream", Gravity.WELL);

  /** What it asks of who looks at it. */
  public enum Gravity {
    BAD,
    WARNING,
    BUSY,
    HELD,
    WELL
  }

  private final char sign;
  private final String word;
  private final String count;
  private final Gravity gravity;

  Standing(char sign, String word, String count, Gravity gravity) {
    this.sign = sign;
    this.word = word;
    this.count = count;
    this.gravity = gravity;
  }

  public static Standing of(Tenant tenant) {
    return switch (tenant.state()) {
      case "FAILED" -> FAILED;
      case "NEEDS_RESYNC" -> NEEDS_RESYNC;
      case "FENCED" -> FENCED;
      case "CUTOVER" -> CUTOVER;
      case "COPYING" -> COPYING;
      case "PAUSED" -> PAUSED;
      case "STOPPED" -> STOPPED;
      case "CREATED" -> CREATED;
      case "PROMOTED" -> PROMOTED;
      case "MOVED" -> MOVED;
      case "STREAMING" -> {
        if (tenant.lagSeconds() == null) {
          yield UNKNOWN;
        }
        yield tenant.isWithinTarget() ? STREAMING : LAGGING;
      }
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
