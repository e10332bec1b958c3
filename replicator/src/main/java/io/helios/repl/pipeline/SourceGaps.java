package io.helios.repl.pipeline;

import io.helios.repl.capture.Routes;
import io.helios.repl.capture.SourceContinuity;
import io.helios.repl.capture.WitnessedStream;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.ReplicationSlot;
import io.helios.repl.postgres.ReplicationSlot.SlotState;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.TimelineHistory;
import io.helios.repl.postgres.WalStream;
import io.helios.repl.relay.Provenance;
import io.helios.repl.relay.RelayJournal;
import java.sql.Connection;
import java.util.UUID;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Holds a source, each time it is connected to, against what its journal has. Whoever needs what is gone loses it, by name
 * and durably, before anything is streamed.
 *
 * <p>The capture thread owns it, but for {@link #of}, {@link #remember}, {@link #forget} and {@link #lastTransaction}, which
 * are for any.
 */
public final class SourceGaps {

  private static final String RESYNC = "; then, for each of its tenants: helios-repl tenant resync NAME";

  private final SourceSettings settings;
  private final RelayJournal journal;
  private final long walBudget;
  private final BiConsumer<FleetEvent.Severity, Problem> report;
  private final @Nullable Problem journalDamage;
  private final LostTenants lost;
  private @Nullable SourceIdentity found;
  private Lsn slotAtConnect = Lsn.INVALID;

  /** Knows what tenants have at their targets. */
  public interface Judge {
    /**
     * How it is known, in words, that the tenant needs something that committed before this (null: anything at all); null when
     * it needs nothing of it. What it has from another server, or from beyond the WAL of this one, counts for nothing.
     */
    @Nullable String lacks(UUID tenant, SourceIdentity source, @Nullable Lsn before);
  }

  public SourceGaps(
      SourceSettings settings,
      RelayJournal journal,
      long walBudget,
      Judge judge,
      BiConsumer<FleetEvent.Severity, Problem> report,
      @Nullable Problem journalDamage) {
    this.settings = settings;
    this.journal = journal;
    this.walBudget = walBudget;
    this.lost = new LostTenants(settings.name(), journal, judge);
    this.report = report;
    this.journalDamage = journalDamage;
  }

  LostTenants lost() {
    return lost;
  }

  /** Why the tenant's changes are gone; null when they are not, or that was in an earlier life of the process. */
  public @Nullable Problem of(UUID tenant) {
    return lost.of(tenant);
  }

  public void remember(UUID tenant, Problem why) {
    lost.remember(tenant, why);
  }

  public void forget(UUID tenant) {
    lost.forget(tenant);
  }

  /**
   * The slot is told no more than this: the source shows it again, and so shows that it is the one we know. {@link Lsn#MAX}
   * when the journal knows of none.
   */
  public Lsn lastTransaction() {
    Provenance captured = journal.provenance();
    return captured.hasTransaction() ? new Lsn(captured.position()) : Lsn.MAX;
  }

  /**
   * The slot, if it is there and ours.
   *
   * @throws OperatorException when it is not; the tenants that are not new have lost what it stood for
   */
  SlotState slot(Connection connection, SourceIdentity now, Routes routes) {
    SlotState slot = ReplicationSlot.find(connection, settings.slot()).orElse(null);
    if (slot == null) {
      Problem missing =
          new Problem(
              ErrorCode.SLOT_MISSING,
              "source \"" + settings.name() + "\" has no replication slot \"" + settings.slot() + "\"",
              "somebody dropped it, or the server was restored or a standby without it promoted; what its tenants changed"
                  + " since is not known",
              "helios-repl source prepare " + settings.name() + RESYNC);
      giveUp(
          SourceContinuity.otherServer(settings.name(), now, journal.provenance())
              .map(SourceContinuity.Gap::problem)
              .orElse(missing),
          now,
          null,
          routes);
      throw new OperatorException(missing);
    }
    try {
      ReplicationSlot.checkFit(slot, settings.connection());
    } catch (OperatorException e) {
      Problem unfit = e.problem();
      giveUp(new Problem(unfit.code(), unfit.message(), unfit.why(), unfit.hint() + RESYNC), now, null, routes);
      throw e;
    }
    return slot;
  }

  /**
   * Compares server and slot with what the journal holds, which then goes on where the slot does.
   *
   * @throws OperatorException when the slot has lost its WAL
   */
  public void notice(SourceIdentity now, SlotState slot, Routes routes) {
    found = now;
    slotAtConnect = slot.confirmedFlush();
    Lsn held = new Lsn(journal.rewind());
    Provenance captured = journal.provenance();
    SourceContinuity.Gap gap =
        SourceContinuity.gap(settings.name(), slot, now, forkedAt(now, captured), captured, held, walBudget)
            .orElse(null);
    Provenance next = Provenance.of(now.systemIdentifier(), now.timeline());
    if (gap == null) {
      if (held.equals(Lsn.INVALID)) {
        Problem lost = lostJournal();
        tell(lost, giveUp(lost, now, slotAtConnect, routes));
      }
      if (held.equals(Lsn.INVALID) || !captured.isKnown()) {
        journal.sync(Lsn.max(held, slotAtConnect).value(), next);
      }
      return;
    }
    if (slot.isLost()) {
      giveUp(gap.problem(), now, null, routes);
      throw new OperatorException(gap.problem());
    }
    tell(gap.problem(), giveUp(gap.problem(), now, gap.otherHistory() ? null : slotAtConnect, routes));
    if (gap.otherHistory()) {
      journal.restart(slotAtConnect.value(), next);
    } else {
      journal.sync(slotAtConnect.value(), next);
    }
  }

  /** Where the source goes on: else the engine tells, with what was thrown. */
  private void tell(Problem why, boolean anybodyLost) {
    if (anybodyLost) {
      report.accept(FleetEvent.Severity.ERROR, why);
    }
  }

  /** The stream that begins at {@code from}, looked at until it is past what the journal holds. */
  public WalStream witnessed(WalStream stream, Lsn from) {
    Provenance captured = journal.provenance();
    return captured.hasTransaction() && !from.isAfter(new Lsn(captured.position()))
        ? new WitnessedStream(stream, settings.name(), captured, new Lsn(journal.capturedUpTo()))
        : stream;
  }

  /** What the stream shows is not the history that was captured: nothing of that goes on. Returns what to report. */
  public HeliosException beginNewHistory(HeliosException otherHistory, Routes routes) {
    SourceIdentity now = found;
    if (now == null) {
      throw new IllegalStateException("a history before any server was found");
    }
    try {
      giveUp(otherHistory.problem(), now, null, routes);
      journal.restart(slotAtConnect.value(), Provenance.of(now.systemIdentifier(), now.timeline()));
      return otherHistory;
    } catch (HeliosException disk) {
      return disk; // the next stream shows it again
    }
  }

  private @Nullable Lsn forkedAt(SourceIdentity now, Provenance captured) {
    return captured.systemIdentifier() == now.systemIdentifier() && now.timeline() > captured.timeline()
        ? TimelineHistory.end(settings.connection(), now.timeline(), captured.timeline()).orElse(null)
        : null;
  }

  private Problem lostJournal() {
    return journalDamage != null
        ? journalDamage
        : new Problem(
            ErrorCode.JOURNAL_LOST,
            "the journal of source \"" + settings.name() + "\" is new, and its slot is not",
            "the journal's files were lost or moved; what it held of lagging tenants is gone",
            "helios-repl tenant resync NAME");
  }

  private boolean giveUp(Problem why, SourceIdentity now, @Nullable Lsn from, Routes routes) {
    return lost.giveUp(why, now, from, routes);
  }
}
