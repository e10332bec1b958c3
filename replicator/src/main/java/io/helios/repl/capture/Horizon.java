package io.helios.repl.capture;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How far the column can be trusted: below a table's horizon no value will ever be committed that has not been found.
 *
 * <p><b>What is assumed.</b> A value of the column is taken inside the transaction that writes it ({@code now()}, {@code
 * clock_timestamp()}, {@code nextval}), and a value that is taken later is not less than one that was taken before. It need not
 * show in that order: transactions commit when they like. (So a sequence hands its values out one by one, CACHE 1; and a counter
 * is one for the whole table, not one for each row.)
 *
 * <p><b>The proof.</b> At a moment A, after a poll's snapshot, each table is given a <em>ceiling</em> that nothing taken after
 * A is below: for {@code timestamptz} the source's clock then, for other types the highest value that the snapshot saw, which
 * was taken before A. <em>After</em> that the transactions in progress are read, the <em>fence</em>. Let v be below the
 * ceiling and be committed by T at any time. Then v was taken before A.
 *
 * <ul>
 *   <li>T was over when the fence was read: every later snapshot sees v.
 *   <li>T was in progress then: it had begun before, so it held the lock on its virtual id, or it was prepared, and it is in
 *       the fence, also if it had not written anything yet, and so had no id that a snapshot could tell of.
 * </ul>
 *
 * When nobody of the fence is left, a snapshot taken <em>after that was seen</em> sees v, or T was rolled back: a transaction
 * leaves the snapshots' list ({@code ProcArrayEndTransaction}) before it lets go of its virtual id's lock ({@code
 * ResourceOwnerRelease} in {@code CommitTransaction}), and a prepared one leaves it before {@code pg_prepared_xacts} ({@code
 * FinishPreparedTransaction}). A poll under that snapshot finds everything from the old horizon on that was not found before,
 * and then the ceiling is the new horizon. By induction nothing below it is missing.
 *
 * <p><b>Strictly below:</b> at the ceiling itself a value may be taken again, so polls begin at the horizon, inclusive. And
 * {@code now()} is the moment when the server received the statement, a few instructions before the transaction has its virtual
 * id ({@code stmtStartTimestamp}, {@code xact.c}); in between, the process may have to wait for a processor, or a clock be set
 * back a little. So polls of times begin {@link #MARGIN} below the horizon.
 *
 * <p><b>At a standby</b> nothing shows who is in progress at the primary before it has written. There the fence is time:
 * until the replayed commits are past the ceiling by the longest transaction that the operator has promised, and no
 * transaction is in progress of those that were known at A.
 *
 * <p>The capture thread owns it.
 */
public final class Horizon {

  /** Between a process taking the time and showing that it is in a transaction. */
  static final Duration MARGIN = Duration.ofSeconds(30);

  /** So many fences share the longest transaction, at a standby. */
  private static final int FENCES = 8;

  /**
   * Ceilings that wait for their fence.
   *
   * @param ceilings by the table's OID
   */
  public record Pending(Fence fence, Map<Integer, String> ceilings) {

    public Pending {
      ceilings = Map.copyOf(ceilings);
    }
  }

  private final Duration longestTransaction;
  private final List<Pending> pending;

  Horizon(Duration longestTransaction, List<Pending> pending) {
    this.longestTransaction = longestTransaction;
    this.pending = new ArrayList<>(pending);
  }

  List<Pending> pending() {
    return List.copyOf(pending);
  }

  /** Before a poll's snapshot is taken. */
  void look(RunningTransactions now) {
    pending.replaceAll(waiting -> new Pending(waiting.fence().seen(now), waiting.ceilings()));
  }

  /** After a poll that found everything: the tables' new horizons. */
  Map<Integer, String> risen() {
    Map<Integer, String> risen = new HashMap<>();
    while (!pending.isEmpty() && pending.getFirst().fence().isPassed()) {
      risen.putAll(pending.removeFirst().ceilings());
    }
    return risen;
  }

  /** Whether new ceilings are wanted. */
  boolean isDue(PollMoment moment) {
    return pending.isEmpty()
        || pending.getLast().fence() instanceof Fence.Replay last
            && until(moment.micros()) - last.untilMicros() >= micros(longestTransaction) / FENCES;
  }

  /**
   * New ceilings.
   *
   * @param moment of the snapshot that the ceilings are of
   * @param after read after they were
   */
  void note(Map<Integer, String> ceilings, PollMoment moment, RunningTransactions after) {
    Fence fence = moment.standby()
        ? new Fence.Replay(until(Math.max(moment.micros(), after.replayedMicros())), moment.nextXid(), false)
        : new Fence.Running(after.virtual(), after.prepared());
    pending.add(new Pending(fence, ceilings));
  }

  private long until(long micros) {
    return micros + micros(longestTransaction) + micros(MARGIN);
  }

  private static long micros(Duration duration) {
    return duration.toNanos() / 1000;
  }
}
