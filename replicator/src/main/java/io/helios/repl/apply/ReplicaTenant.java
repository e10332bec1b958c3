package io.helios.repl.apply;

import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.tenant.Tenant;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A tenant on its way to a target. {@link #status}, {@link #holdAt}, {@link #release} and {@link #change} are for any thread; the rest
 * belongs to the applier that has claimed it from the {@link ApplySchedule}, whose lock hands it from one to the next.
 */
public final class ReplicaTenant implements Replica {

  /** @param held completes once everything before {@code at} is applied, with the position reached */
  private record Hold(Lsn at, CompletableFuture<Lsn> held) {}

  private volatile Tenant tenant;
  private volatile Tenant declared;
  private final Replicated what;
  private final FrameSource frames;

  private volatile AppliedStatus status = AppliedStatus.NONE;
  private volatile @Nullable Hold hold;
  private volatile Runnable wake = () -> { };
  private volatile Runnable news = () -> { };
  private volatile boolean distrusted;
  private final CompletableFuture<Long> promotion = new CompletableFuture<>();

  private @Nullable Lsn position;
  private Map<String, Lsn> copiedAt = Map.of();
  private long lastSequence;
  private @Nullable FrameHeader lastRead;
  private boolean suspect;
  private Set<UUID> waitsFor = Set.of();

  public ReplicaTenant(Tenant tenant, Replicated what, FrameSource frames) {
    this.tenant = tenant;
    this.declared = tenant;
    this.what = what;
    this.frames = frames;
  }

  @Override
  public UUID id() {
    return tenant.id();
  }

  public Tenant tenant() {
    return tenant;
  }

  /** Takes effect with the tenant's next turn. */
  @Override
  public void change(Tenant settings) {
    declared = settings;
  }

  /** At the beginning of a turn, so that it has one declaration from its first to its last step. */
  void beginTurn() {
    tenant = declared;
  }

  public Replicated what() {
    return what;
  }

  public FrameSource frames() {
    return frames;
  }

  @Override
  public AppliedStatus status() {
    return status;
  }

  @Override
  public CompletableFuture<Lsn> holdAt(Lsn at) {
    CompletableFuture<Lsn> held = new CompletableFuture<>();
    replace(new Hold(at, held));
    return held;
  }

  @Override
  public void release() {
    replace(null);
  }

  private void replace(@Nullable Hold next) {
    Hold before = hold;
    hold = next;
    if (before != null) {
      before.held().cancel(false);
    }
    wake.run();
  }

  void onWake(Runnable action) {
    wake = action;
  }

  /** Run after each change of the status, by the thread that made it, which others wait for: it must be quick. */
  public void onNews(Runnable action) {
    news = action;
  }

  private void publish(AppliedStatus now) {
    status = now;
    news.run();
  }

  /** Where applying must stop, or null. */
  @Nullable Lsn heldAt() {
    Hold now = hold;
    return now == null ? null : now.at();
  }

  /**
   * Lets the journal forget what is applied, also when that was found out only now: after a restart, or since a journal that was
   * lost has captured anew what the target has.
   */
  void acknowledge() {
    frames.acknowledge(id(), position().value());
  }

  /** Nothing before the hold is missing, provided that the source was captured up to {@code captured}. */
  void drained(Lsn captured) {
    Hold now = hold;
    Lsn reached = position;
    if (now != null && reached != null && !captured.isBefore(now.at()) && reached.isBefore(now.at())) {
      now.held().complete(reached);
    }
    Lsn upTo = now == null ? captured : Lsn.min(captured, now.at());
    if (upTo.isAfter(status.caughtUpTo())) {
      AppliedStatus s = status;
      publish(new AppliedStatus(s.position(), upTo, s.lastCommitMicros(), s.transactions(), s.rows(), s.conflictCounts(),
          s.tables(), s.failures(), s.stopped(), s.error()));
    }
  }

  /** Whether a hold is still to be reached, though nothing is waiting. */
  boolean waitsForHold() {
    Hold now = hold;
    return now != null && !now.held().isDone() && position().isBefore(now.at());
  }

  /** What is known here may not be what the target has: it is read again before anything else is applied. Any thread. */
  void distrust() {
    distrusted = true;
  }

  /** Whether the position is known; before it is asked for, by who is about to ask. */
  boolean isLoaded() {
    if (distrusted) {
      distrusted = false;
      position = null;
    }
    return position != null;
  }

  /** Of the frame that the position is the end of; 0 when that is not known: then anything may follow. */
  long lastSequence() {
    return lastSequence;
  }

  void read(FrameHeader header) {
    lastRead = header;
  }

  void loaded(ReplicaState state) {
    lastSequence = 0;
    position = state.position();
    copiedAt = new HashMap<>(state.copiedAt());
    forgetCopies();
    AppliedStatus s = status;
    publish(new AppliedStatus(state.position(), s.caughtUpTo(), s.lastCommitMicros(), s.transactions(), s.rows(),
        s.conflictCounts(), s.tables(), s.failures(), s.stopped(), s.error()));
  }

  /** The position is to be read again: what became of the last transaction is not known. */
  void unload() {
    position = null;
  }

  Lsn position() {
    Lsn known = position;
    if (known == null) {
      throw new IllegalStateException("not loaded");
    }
    return known;
  }

  /** Whether the table's copy holds this transaction already. */
  boolean isCopied(String table, Lsn commitLsn) {
    if (copiedAt.isEmpty()) {
      return false;
    }
    Lsn point = copiedAt.get(table);
    return point != null && commitLsn.isBefore(point);
  }

  private void forgetCopies() {
    Lsn reached = position;
    if (reached != null && !copiedAt.isEmpty() && copiedAt.values().stream().noneMatch(p -> p.isAfter(reached))) {
      copiedAt = Map.of();
    }
  }

  /** A target transaction with these changes has committed. */
  void advanced(Lsn to, long commitMicros, long transactions, Map<String, AppliedStatus.Rows> tables,
      Map<AppliedStatus.Conflict, Long> conflicts) {
    position = to;
    FrameHeader last = lastRead;
    lastSequence = last != null && last.complete() && last.lastPosition() == to.value() ? last.sequence() : 0;
    waitsFor = Set.of();
    forgetCopies();
    AppliedStatus s = status;
    Map<String, AppliedStatus.Rows> sums = new HashMap<>(s.tables());
    long rows = 0;
    for (Map.Entry<String, AppliedStatus.Rows> table : tables.entrySet()) {
      AppliedStatus.Rows r = table.getValue();
      rows += r.inserts() + r.updates() + r.deletes();
      sums.merge(table.getKey(), r, AppliedStatus.Rows::plus);
    }
    Map<AppliedStatus.Conflict, Long> met = s.conflictCounts();
    if (!conflicts.isEmpty()) {
      met = new HashMap<>(met);
      for (Map.Entry<AppliedStatus.Conflict, Long> conflict : conflicts.entrySet()) {
        met.merge(conflict.getKey(), conflict.getValue(), Long::sum);
      }
    }
    publish(new AppliedStatus(to, s.caughtUpTo(), commitMicros,
        s.transactions() + transactions, s.rows() + rows, met, sums, 0, false, null));
  }

  @Override
  public CompletableFuture<Long> promotion() {
    return promotion.copy();
  }

  void promoted(long epoch) {
    promotion.complete(epoch);
  }

  boolean isPromoted() {
    return promotion.isDone();
  }

  void failed(Problem problem, boolean forGood) {
    AppliedStatus s = status;
    publish(new AppliedStatus(s.position(), s.caughtUpTo(), s.lastCommitMicros(), s.transactions(), s.rows(),
        s.conflictCounts(), s.tables(), s.failures() + 1, forGood, problem));
    Hold now = hold;
    if (forGood && now != null) {
      now.held().completeExceptionally(new OperatorException(problem));
    }
  }

  /** Nothing is wrong any more, though nothing was applied. */
  void healed() {
    AppliedStatus s = status;
    if (s.error() != null) {
      publish(new AppliedStatus(s.position(), s.caughtUpTo(), s.lastCommitMicros(), s.transactions(), s.rows(),
          s.conflictCounts(), s.tables(), 0, false, null));
    }
  }

  /** Whose rows were in its way when it was applied last. */
  Set<UUID> waitsFor() {
    return waitsFor;
  }

  void waitsFor(Set<UUID> holders) {
    waitsFor = Set.copyOf(holders);
  }

  /** Whether it is one of these, or waits for one of them. */
  boolean isInCircleWith(Set<UUID> tenants) {
    return tenants.contains(id()) || !Collections.disjoint(tenants, waitsFor);
  }

  /** Whether its last batch was rejected: then it is applied alone, so that it costs the others nothing. */
  boolean isSuspect() {
    return suspect;
  }

  void suspect(boolean now) {
    suspect = now;
  }
}
