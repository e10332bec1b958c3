package io.helios.repl.tests.simulation;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;

/** What was promised in one life of the server and has to hold in the next; and who may stand still, and why. */
final class Promises {

  private final Weather weather;
  private final Trace trace;
  private long shown;
  private long released;
  /** It is new at first, which is the same. */
  private boolean journalLost = true;

  Promises(Weather weather, Trace trace) {
    this.weather = weather;
    this.trace = trace;
  }

  /** Somebody was given a frame: never before it is durable. */
  void shown(long position) {
    shown = Math.max(shown, position);
  }

  /** The slot was told so. */
  void released(long lsn) {
    released = Math.max(released, lsn);
  }

  /** The journal was lost, or set back: nothing holds but what the targets have. */
  void journalLost() {
    journalLost = true;
    shown = 0;
    released = 0;
  }

  /** The journal, opened again. */
  void recovered(long capturedUpTo) {
    if (capturedUpTo <= shown && shown > 0) {
      throw new Violation("a frame of " + shown + " was shown, the journal came back only up to " + capturedUpTo);
    }
    if (capturedUpTo < released) {
      throw new Violation("the slot was released up to " + released + ", the journal came back only up to " + capturedUpTo);
    }
  }

  /** A stream begins: whatever was lost before has been noticed. */
  void wentOn() {
    journalLost = false;
  }

  /** The tenant is judged to have lost something. */
  void gap(Declared tenant) {
    if (!journalLost) {
      throw new Violation("tenant " + tenant.number + " is judged to have a gap, and nothing was lost");
    }
    trace.note("gap", tenant.number, 0);
    tenant.excused = true;
  }

  /** The tenant needs a resync: for a reason that this history holds. */
  void excuse(Declared tenant, Problem why) {
    boolean ofQuota = why.code() == ErrorCode.JOURNAL_OVERFLOW || why.code() == ErrorCode.TENANT_NEEDS_RESYNC;
    if (!tenant.excused && !(weather.tight() && ofQuota)) {
      throw new Violation("tenant " + tenant.number + " needs a resync for no reason: " + why.code() + ", " + why.why());
    }
    tenant.excused = true;
  }
}
