package io.helios.repl.capture;

import java.util.BitSet;

/**
 * Which row versions a poll has found before: those of transactions that were over when the last whole poll's snapshot was
 * taken. A version is told by the transaction that wrote it ({@code xmin}), for a transaction's rows become visible all at once.
 *
 * <p>{@code pg_visible_in_snapshot} would not do: a {@code pg_snapshot} lists transactions but not their subtransactions, and a
 * row that was written after a savepoint has the latter's id; at a standby it lists none at all. So only what is below the
 * snapshot's oldest id counts as seen, subtransactions included, for they have higher ids than what they belong to; and of
 * those above it the ones whose rows were found, which shows that they were over.
 *
 * <p>A row's 32 bits are widened by the snapshot's next id. Only rows that were frozen long ago widen to a wrong id, and then
 * at worst are found once more. Owned by the capture thread.
 */
final class SeenRows {

  /** So many ids above the oldest are told apart (16 MiB); beyond them rows are found again by each poll. */
  private static final int MOST = 1 << 27;

  private long below;
  private BitSet found = new BitSet();
  private final BitSet now = new BitSet();
  private long newest;

  /** @param below everything of transactions with lower ids has been found */
  SeenRows(long below) {
    this.below = below;
  }

  long below() {
    return below;
  }

  /** Nothing is known yet: what is below counts as found. */
  void beginAt(long oldest) {
    below = oldest;
    found.clear();
  }

  /** A poll begins. */
  void begin(PollMoment moment) {
    newest = moment.nextXid() - 1;
    now.clear();
  }

  /** Whether anything can have been written since the last whole poll. */
  boolean mayHaveNews() {
    return newest >= below;
  }

  /** The highest id that the poll's snapshot can see. */
  long newest() {
    return newest;
  }

  /** How many ids from {@link #below} on count, less one. */
  long span() {
    return newest - below;
  }

  /** A bit for each id from {@link #below} on, set for those that have been found. */
  byte[] bits() {
    byte[] bits = found.toByteArray();
    return bits.length == 0 ? new byte[1] : bits;
  }

  /** A row was found that this transaction wrote, as its 32 bits say. */
  void add(long xmin) {
    long id = newest - ((newest - xmin) & 0xFFFFFFFFL) - below;
    if (id >= 0 && id < MOST) {
      now.set((int) id);
    }
  }

  /** Everything that the snapshot sees has been found. */
  void complete(PollMoment moment) {
    found.or(now);
    if (moment.oldestXid() > below) {
      long shift = moment.oldestXid() - below;
      found = shift >= found.length() ? new BitSet() : found.get((int) shift, found.length());
      below = moment.oldestXid();
    }
  }
}
