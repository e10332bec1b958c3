package io.helios.repl.tests.simulation;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;

/**
 * What all simulated parts have in common: each call of the product passes here first. Time goes on a little; the process may
 * die in the middle of the call; and others may go on meanwhile, which is how one thread interleaves them.
 */
final class Seams {

  enum Seam {
    DISK_LIST(true),
    DISK_CREATE(true),
    DISK_WRITE(true),
    DISK_FORCE(true),
    DISK_TRUNCATE(true),
    DISK_DELETE(true),
    DISK_READ(false),
    POLL(false),
    RELEASE(false),
    LOOK(false),
    FETCH(false),
    CONNECT(false),
    LOAD(false),
    APPLY(false),
    COMMIT(false),
    COMMITTED(false),
    RECORD(false);

    /** Whether the journal's lock is held: who needs it waits, and is not among those that go on meanwhile. */
    final boolean writing;

    Seam(boolean writing) {
      this.writing = writing;
    }
  }

  /** One life of a process: what it holds of the world is of no use once it is over. */
  static final class Life {
    private final boolean mortal;
    private boolean over;

    /** @param mortal whether it may end at any seam */
    Life(boolean mortal) {
      this.mortal = mortal;
    }

    boolean isOver() {
      return over;
    }

    void end() {
      over = true;
    }
  }

  @FunctionalInterface
  interface Meanwhile {
    void goOn(Seam at);
  }

  private static final int MOST_NESTED = 3;

  private final Chance chance;
  private final Weather weather;
  private final Trace trace;
  private Meanwhile meanwhile = at -> {};
  private long nanos = 1_000_000_000L;
  private int nested;

  Seams(Chance chance, Weather weather, Trace trace) {
    this.chance = chance;
    this.weather = weather;
    this.trace = trace;
  }

  void meanwhile(Meanwhile others) {
    meanwhile = others;
  }

  /** The only clock there is. */
  long nanos() {
    return nanos;
  }

  void passTime(long more) {
    nanos += more;
  }

  void pass(Seam seam, Life life) {
    if (life.isOver()) {
      return;
    }
    nanos += 1_000 + chance.below(30_000);
    mayDie(seam, life);
    boolean frequent = seam == Seam.POLL || seam == Seam.APPLY || seam == Seam.DISK_READ;
    if (nested < MOST_NESTED && chance.once(frequent ? weather.nested() * 6 : weather.nested())) {
      nested++;
      try {
        meanwhile.goOn(seam);
      } finally {
        nested--;
      }
    }
  }

  void mayDie(Seam seam, Life life) {
    if (life.mortal && chance.once(weather.crash())) {
      trace.note("dies at " + seam);
      life.end();
      throw new SimulatedCrash();
    }
  }

  static TransientException unavailable(ErrorCode code) {
    return new TransientException(new Problem(code, "simulated trouble", "the seed wants it", "nothing"));
  }
}
