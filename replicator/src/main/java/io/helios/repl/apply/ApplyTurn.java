package io.helios.repl.apply;

import io.helios.repl.apply.ApplySchedule.Outcome;
import io.helios.repl.apply.TargetSession.Advance;
import io.helios.repl.apply.TargetSession.Care;
import io.helios.repl.change.Change;
import io.helios.repl.change.CutoverMarker;
import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.LargestRow;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.relay.Frame;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What an applier does with the tenants that it has claimed, each of which it gives back exactly once: together in as few
 * target transactions as their bounds allow; those that were rejected alone; then change by change.
 */
final class ApplyTurn {

  /** Tries that a value gets which another tenant's row holds, though that tenant has come as far, as far as we know. */
  private static final int PATIENCE_WITH_OTHERS = 6;

  /** How soon a tenant is asked again whose source is not yet captured up to its hold. */
  private static final long HOLD_POLL_NANOS = Duration.ofMillis(2).toNanos();

  /** A large transaction rather waits longer for a lock than to begin again. */
  private static final Duration LARGE_PATIENCE = Duration.ofSeconds(30);

  /** Who met a lock before is tried often, and should not keep a worker from the others. */
  private static final Duration HASTY_PATIENCE = Duration.ofMillis(50);

  private final TargetSession session;
  private final String target;
  private final List<ReplicaTenant> waiting;
  private final ApplySchedule schedule;
  private final Function<Frame, byte[]> opener;
  private final ApplySettings settings;
  private final LongSupplier nanos;
  private final IntFunction<Duration> pauses;

  /** Of the target transaction that is open. */
  private final Map<ReplicaTenant, Gain> gains = new LinkedHashMap<>();

  /** Read to the end of their turn, their last changes not yet committed. */
  private final Map<ReplicaTenant, TenantReader> read = new LinkedHashMap<>();

  private boolean batchFailed;
  private boolean hasty;
  private long openSince;
  private Lsn current = Lsn.INVALID;

  /** Whether the change that was applied last is a row that a poll found. */
  private boolean polled;

  /** What a tenant gains with the target transaction that is open. */
  private static final class Gain {
    final Lsn from;
    Lsn to;
    long commitMicros;
    long transactions;
    @Nullable CutoverMarker marker;
    final RowTally rows = new RowTally();

    Gain(Lsn from) {
      this.from = from;
      this.to = from;
    }
  }

  ApplyTurn(
      TargetSession session,
      String target,
      List<ReplicaTenant> claimed,
      ApplySchedule schedule,
      Function<Frame, byte[]> opener,
      ApplySettings settings,
      LongSupplier nanos,
      IntFunction<Duration> pauses) {
    this.session = session;
    this.target = target;
    this.waiting = new ArrayList<>(claimed);
    this.schedule = schedule;
    this.opener = opener;
    this.settings = settings;
    this.nanos = nanos;
    this.pauses = pauses;
  }

  /** @throws TransientException when the session is lost; what was not given back is still claimed */
  void run() {
    List<ReplicaTenant> together = new ArrayList<>();
    for (ReplicaTenant tenant : List.copyOf(waiting)) {
      if (load(tenant) && !tenant.isSuspect()) {
        together.add(tenant);
      }
    }
    if (together.size() > 1) {
      try {
        drive(together, Care.BATCH, null, false);
      } catch (RejectedBatchException | OperatorException | CorruptionException e) {
        rollback();
      } catch (TransientException e) {
        rollback();
        goOnAfter(e);
        batchFailed = true;
      } catch (OutOfMemoryError e) {
        // Somebody's row is too large: alone it is told whose.
        together.forEach(tenant -> tenant.suspect(true));
        throw outOfMemory(e);
      }
    }
    for (ReplicaTenant tenant : List.copyOf(waiting)) {
      if (waiting.contains(tenant)) { // nor with another one already
        alone(tenant);
      }
    }
  }

  /** Those that are still claimed: the turn ended before they were seen through. */
  List<ReplicaTenant> unfinished() {
    return List.copyOf(waiting);
  }

  private boolean load(ReplicaTenant tenant) {
    if (tenant.isLoaded()) {
      return true;
    }
    try {
      ReplicaState state = session.load(tenant.tenant());
      if (state.epoch() != tenant.tenant().epoch()) {
        throw TargetErrors.fenced(tenant.tenant(), state.epoch(), target);
      }
      if (state.sourceSystem() != tenant.what().sourceSystem()) {
        throw TargetErrors.otherSource(tenant.tenant(), state.sourceSystem(), tenant.what().sourceSystem(), target);
      }
      tenant.loaded(state);
      return true;
    } catch (OperatorException e) {
      stop(tenant, e);
      return false;
    }
  }

  private void alone(ReplicaTenant tenant) {
    hasty = batchFailed || tenant.isSuspect();
    try {
      try {
        drive(List.of(tenant), Care.BATCH, null, false);
        tenant.suspect(false);
      } catch (SchemaChangedException e) {
        throw e;
      } catch (RejectedBatchException | OperatorException e) {
        rollback();
        tenant.suspect(true);
        carefully(tenant);
      }
    } catch (SchemaChangedException e) {
      rollback();
      giveBack(tenant, Outcome.MORE);
    } catch (OperatorException | CorruptionException e) {
      rollback();
      if (e.problem().code() == ErrorCode.KEY_TAKEN) {
        taken(tenant, e);
      } else {
        stop(tenant, e);
      }
    } catch (TransientException e) {
      rollback();
      goOnAfter(e);
      // What it waited for may take long, and the others need not wait with it.
      tenant.suspect(true);
      later(tenant, e);
    } catch (OutOfMemoryError e) {
      TransientException passing = outOfMemory(e);
      stop(tenant, passing);
      throw passing;
    }
  }

  /** The session may be in the middle of anything, and is not used any more. */
  private TransientException outOfMemory(OutOfMemoryError e) {
    session.close();
    return new TransientException(
        LargestRow.outOfMemory("applying a transaction at target \"" + target + "\"").at(current.toString(), null), e);
  }

  /**
   * A value that another tenant's row holds. It may be about to go in that tenant's time, however far behind that is: then
   * both are tried as one, with those whom that one waits for in turn, and those who wait for them, since one source
   * transaction may have passed values round in a circle. If that does not help, later.
   *
   * <p>A poll tells no tenant that a row of it has gone to another one, so a polled row may wait for what never comes. It
   * is then left out, logged, and the tenant goes on: as with other deletes that nobody tells, it takes a comparison with
   * the source to find and mend what is left, of the one tenant and then of the other.
   */
  private void taken(ReplicaTenant tenant, HeliosException e) {
    Lsn needed = current;
    tenant.waitsFor(session.holders());
    if (polled && tenant.status().failures() >= PATIENCE_WITH_OTHERS && !schedule.anyComing(tenant.waitsFor(), needed)) {
      leaveOut(tenant);
      return;
    }
    if (!schedule.anyBehind(tenant.waitsFor(), needed)) {
      if (tenant.status().failures() < PATIENCE_WITH_OTHERS) {
        later(tenant, e);
      } else {
        stop(tenant, e);
      }
      return;
    }
    List<ReplicaTenant> before = List.copyOf(waiting);
    List<ReplicaTenant> others = claimCircle(tenant);
    List<ReplicaTenant> all = new ArrayList<>(others.stream().filter(this::load).toList());
    if (!all.isEmpty()) {
      all.add(tenant);
      try {
        // Further on they may need a value of somebody else, who waits for them: then no further than where it is stuck.
        if (!asOne(all, null, e) && asOne(all, new Lsn(needed.value() + 1), e)) {
          all.forEach(one -> giveBack(one, Outcome.MORE));
        }
      } catch (TransientException busy) {
        rollback();
        goOnAfter(busy);
      }
    }
    if (waiting.contains(tenant)) {
      later(tenant, e);
    } else {
      tenant.suspect(false);
    }
    for (ReplicaTenant other : others) {
      if (!before.contains(other) && waiting.remove(other)) {
        schedule.giveBackLater(other, pauses.apply(1).toNanos());
      }
    }
  }

  private void leaveOut(ReplicaTenant tenant) {
    try {
      drive(List.of(tenant), Care.LEAVING_OUT, null, false);
    } catch (SchemaChangedException e) {
      rollback();
      giveBack(tenant, Outcome.MORE);
    } catch (RejectedBatchException e) {
      rollback();
      later(tenant, TargetErrors.rejectedAtCommit(e, tenant.tenant(), target, current));
    } catch (TransientException e) {
      rollback();
      goOnAfter(e);
      later(tenant, e);
    } catch (OperatorException | CorruptionException e) {
      rollback();
      if (e.problem().code() == ErrorCode.KEY_TAKEN) {
        later(tenant, e);
      } else {
        stop(tenant, e);
      }
    }
  }

  /** Whether what they have up to {@code stop} is at the target, in one transaction; else it was rejected. */
  private boolean asOne(List<ReplicaTenant> all, @Nullable Lsn stop, HeliosException cause) {
    try {
      drive(all, Care.BATCH, stop, true);
      return true;
    } catch (RejectedBatchException | OperatorException | CorruptionException rejected) {
      cause.addSuppressed(rejected);
      rollback();
      return false;
    }
  }

  /** Those whom it waits for, those who wait for it, and so on, as far as no other applier has them in hand. */
  private List<ReplicaTenant> claimCircle(ReplicaTenant tenant) {
    List<ReplicaTenant> others = new ArrayList<>();
    List<ReplicaTenant> found = List.of(tenant);
    while (!found.isEmpty()) {
      Set<UUID> near = new HashSet<>();
      found.forEach(one -> near.add(one.id()));
      found.forEach(one -> near.addAll(one.waitsFor()));
      waiting.addAll(schedule.claimToo(tenant, near, settings.tenants() - others.size()));
      found = waiting.stream()
          .filter(one -> one != tenant && !others.contains(one) && one.isInCircleWith(near))
          .toList();
      others.addAll(found);
    }
    return others;
  }

  /** Change by change. Where one cannot be applied, what committed before its transaction at the source is applied. */
  private void carefully(ReplicaTenant tenant) throws SchemaChangedException {
    OperatorException cause;
    try {
      drive(List.of(tenant), Care.EACH_CHANGE, null, false);
      return;
    } catch (SchemaChangedException e) {
      throw e;
    } catch (OperatorException e) {
      cause = e;
    } catch (RejectedBatchException e) {
      cause = TargetErrors.rejectedAtCommit(e, tenant.tenant(), target, current);
    }
    rollback();
    Lsn failed = current;
    boolean atUpsert = polled;
    if (failed.isAfter(tenant.position())) {
      try {
        drive(List.of(tenant), Care.EACH_CHANGE, failed, false);
      } catch (SchemaChangedException e) {
        throw e;
      } catch (RejectedBatchException | OperatorException again) {
        cause.addSuppressed(again);
      }
    }
    current = failed;
    polled = atUpsert;
    throw cause;
  }

  /**
   * @param stop the tenants' turns end before the transaction with this commit LSN, and they stay claimed
   * @param asOne whether all is one target transaction, however much that is
   */
  private void drive(List<ReplicaTenant> tenants, Care care, @Nullable Lsn stop, boolean asOne)
      throws RejectedBatchException {
    openSince = nanos.getAsLong();
    for (int i = 0; i < tenants.size(); i++) {
      ReplicaTenant tenant = tenants.get(i);
      TenantReader reader = new TenantReader(tenant, opener, settings.fetchBytes());
      boolean enough = false;
      while (!enough && reader.nextTransaction(stop)) {
        if (!asOne && reader.isLarge()) {
          // It may take long: what is done already is not held up by it, and the others go to other workers.
          commit();
          tenants.subList(i + 1, tenants.size()).forEach(this::untouched);
          tenants = tenants.subList(0, i + 1);
          session.lockPatience(LARGE_PATIENCE);
        } else if (hasty && gains.isEmpty()) {
          session.lockPatience(HASTY_PATIENCE);
        }
        apply(tenant, reader, care);
        if (reader.marker() != null && !asOne) {
          commit(); // at once: the tenant's writers wait for it
          enough = tenant.isPromoted();
        } else if (!asOne && (isFull() || care == Care.LEAVING_OUT)) {
          enough = care != Care.BATCH;
          commit();
        }
      }
      if (stop == null) {
        read.put(tenant, reader);
      }
    }
    commit();
  }

  private boolean isFull() {
    return session.changes() >= settings.changes()
        || session.bytes() >= settings.bytes()
        || nanos.getAsLong() - openSince >= settings.commitAfter().toNanos();
  }

  private void apply(ReplicaTenant tenant, TenantReader reader, Care care) throws RejectedBatchException {
    Lsn lsn = reader.commitLsn();
    current = lsn;
    Gain gain = gains.computeIfAbsent(tenant, t -> new Gain(t.position()));
    for (Change change = reader.nextChange(); change != null; change = reader.nextChange()) {
      polled = change instanceof Change.Upsert;
      session.apply(tenant.tenant(), tenant.what(), lsn, change, care);
      gain.rows.count(change);
    }
    gain.marker = reader.marker();
    gain.to = lsn;
    gain.commitMicros = reader.commitMicros();
    gain.transactions++;
  }

  private void commit() throws RejectedBatchException {
    if (!gains.isEmpty()) {
      List<Advance> advances = new ArrayList<>(gains.size());
      Map<ReplicaTenant, Long> promoted = new HashMap<>();
      for (Map.Entry<ReplicaTenant, Gain> entry : gains.entrySet()) {
        Gain gain = entry.getValue();
        Advance advance = new Advance(entry.getKey().tenant(), gain.from, gain.to, gain.commitMicros);
        CutoverMarker marker = gain.marker;
        if (marker != null && session.promote(advance, marker)) {
          promoted.put(entry.getKey(), marker.epoch());
        } else {
          advances.add(advance);
        }
      }
      Map<UUID, Map<AppliedStatus.Conflict, Long>> conflicts = session.commit(advances);
      gains.forEach((tenant, gain) -> tenant.advanced(
          gain.to, gain.commitMicros, gain.transactions, gain.rows.byTable(), conflicts.getOrDefault(tenant.id(), Map.of())));
      promoted.forEach(ReplicaTenant::promoted);
      gains.clear();
    }
    Map<ReplicaTenant, TenantReader> done = new LinkedHashMap<>(read);
    read.clear();
    done.forEach(this::finish);
    openSince = nanos.getAsLong();
  }

  /** The tenant's turn is over and committed. */
  private void finish(ReplicaTenant tenant, TenantReader reader) {
    tenant.acknowledge();
    tenant.healed();
    if (tenant.isPromoted()) {
      giveBack(tenant, Outcome.STOPPED);
      return;
    }
    if (!reader.isDrained()) {
      giveBack(tenant, Outcome.MORE);
      return;
    }
    tenant.drained(reader.captured());
    if (tenant.waitsForHold()) {
      waiting.remove(tenant);
      schedule.giveBackLater(tenant, HOLD_POLL_NANOS);
    } else {
      giveBack(tenant, Outcome.IDLE);
    }
  }

  private void rollback() {
    gains.clear();
    read.clear();
    session.rollback();
  }

  /** Where the session is lost, its applier connects again, later; else it was something of one tenant's. */
  private void goOnAfter(TransientException e) {
    if (!session.isUsable()) {
      throw e;
    }
  }

  private void stop(ReplicaTenant tenant, HeliosException e) {
    tenant.unload();
    tenant.failed(e.problem(), true);
    giveBack(tenant, Outcome.STOPPED);
  }

  /** What the target has of it is read again by then: somebody may have taken it over while it waits. */
  private void later(ReplicaTenant tenant, HeliosException e) {
    tenant.unload();
    tenant.failed(e.problem(), false);
    waiting.remove(tenant);
    schedule.giveBackLater(tenant, pauses.apply(tenant.status().failures()).toNanos());
  }

  private void untouched(ReplicaTenant tenant) {
    waiting.remove(tenant);
    schedule.giveBackUntouched(tenant);
  }

  private void giveBack(ReplicaTenant tenant, Outcome outcome) {
    waiting.remove(tenant);
    schedule.giveBack(tenant, outcome);
  }
}
