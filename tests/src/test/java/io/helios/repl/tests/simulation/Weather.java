package io.helios.repl.tests.simulation;

/**
 * What kind of history it is. Odds are one in so many calls of the seam concerned, 0 for never.
 *
 * @param tight whether quotas are small enough to be exceeded
 * @param nested how often something else goes on while somebody waits in a seam
 */
record Weather(
    int steps,
    int tenants,
    int appliers,
    boolean tight,
    long tenantBytes,
    long totalBytes,
    long walBudget,
    int frameBytes,
    int openBytes,
    int crash,
    int cut,
    int diskError,
    int syncFailure,
    int targetTrouble,
    int rejected,
    int lostCommit,
    int unsteady,
    int nested,
    int delay,
    int lostJournal) {

  /** For moves between two homes, whose journals are never lost nor too small. */
  static Weather ofMoves(Chance chance) {
    return new Weather(
        chance.between(100, 400),
        2,
        1,
        false,
        1 << 20,
        4 << 20,
        chance.oneOf(0, 2_000, 1 << 30),
        chance.oneOf(150, 600, 4_000),
        4_000,
        chance.oneOf(0, 400, 1_500),
        chance.oneOf(0, 100, 400),
        0,
        chance.oneOf(0, 0, 40),
        chance.oneOf(0, 60, 200),
        chance.oneOf(0, 60, 200),
        chance.oneOf(0, 6, 30),
        chance.oneOf(0, 10, 60),
        chance.oneOf(0, 12, 40),
        chance.oneOf(2, 6, 30),
        0);
  }

  static Weather draw(Chance chance) {
    boolean tight = chance.once(3);
    boolean stormy = chance.coin();
    return new Weather(
        chance.between(60, 260),
        chance.between(2, 4),
        chance.between(1, 3),
        tight,
        tight ? chance.between(3_000, 12_000) : 1 << 20,
        tight ? chance.between(16_384, 40_000) : 4 << 20,
        chance.oneOf(0, 2_000, 20_000, 1 << 30),
        chance.oneOf(150, 600, 4_000),
        chance.oneOf(4_000, 20_000),
        chance.oneOf(0, 400, 1_500, 6_000),
        chance.oneOf(0, 60, 400),
        stormy ? chance.oneOf(40, 300) : 0,
        stormy ? chance.oneOf(5, 40) : 0,
        chance.oneOf(0, 30, 200),
        chance.oneOf(0, 20, 200),
        chance.oneOf(0, 6, 30),
        chance.oneOf(0, 10, 60),
        chance.oneOf(0, 4, 12, 40),
        chance.oneOf(2, 6, 30),
        chance.oneOf(0, 0, 2, 5));
  }
}
