package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.ReplicationSlot.SlotState;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.relay.RelayJournal;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that no gap is passed over: whoever loses changes is dropped in the journal, by name and durably, before
 * anything is streamed. {@link #goOn} and {@link #giveUp} belong to the capture thread, the rest to any.
 */
public final class GapKeeper {

  private static final Logger LOG = LoggerFactory.getLogger(GapKeeper.class);

  private final String source;
  private final RelayJournal journal;
  private final Judge judge;
  private final Map<UUID, Problem> gaps = new ConcurrentHashMap<>();

  /** Knows what tenants have at their targets. */
  @FunctionalInterface
  public interface Judge {
    /** Whether the tenant needs anything that committed before this; null: anything at all. */
    boolean loses(UUID tenant, @Nullable Lsn before);
  }

  /** @param source as the operator named it */
  public GapKeeper(String source, RelayJournal journal, Judge judge) {
    this.source = source;
    this.journal = journal;
    this.judge = judge;
  }

  /** What the tenant has lost, and by what; null when nothing is known of it since the start of the process. */
  public @Nullable Problem of(UUID tenant) {
    return gaps.get(tenant);
  }

  /** Keeps in mind why the tenant is given up; what was known before stands. */
  public void note(UUID tenant, Problem why) {
    gaps.putIfAbsent(tenant, why);
  }

  public void forget(UUID tenant) {
    gaps.remove(tenant);
  }

  /**
   * Compares the slot with what the journal holds; whoever needs what lies between loses it. Afterwards the journal stands
   * where the slot can go on. To be called before each stream.
   *
   * @param slot as found now
   * @param found the server as it is
   * @param known the server that the journal was captured from; null when nobody knows
   * @throws OperatorException when the slot itself is lost
   * @throws TransientException when the journal cannot be written
   */
  public void goOn(SlotState slot, SourceIdentity found, @Nullable SourceIdentity known, List<TenantRoute> routes) {
    Lsn held = new Lsn(journal.rewind());
    Problem gap = SourceContinuity.gap(slot, found, known, held).orElse(null);
    if (gap != null) {
      giveUp(gap, slot.confirmedFlush(), routes);
      if (slot.isLost()) {
        throw new OperatorException(gap);
      }
    } else if (held.equals(Lsn.INVALID)) {
      giveUp(
          new Problem(
              ErrorCode.SOURCE_CHANGED,
              "the journal of source \"" + source + "\" is new, and its slot is not",
              "the journal's files were lost or moved; what it held of lagging tenants is gone",
              "helios-repl tenant resync NAME"),
          slot.confirmedFlush(),
          routes);
    }
    if (found.currentLsn().isBefore(held)) {
      journal.restart(slot.confirmedFlush().value());
      giveUp(Objects.requireNonNull(gap), null, routes);
    } else if (slot.confirmedFlush().isAfter(held)) {
      journal.sync(slot.confirmedFlush().value());
    }
  }

  /** @param from who has everything before this needs nothing that is gone; null when nobody can be spared */
  public void giveUp(Problem why, @Nullable Lsn from, List<TenantRoute> routes) {
    for (TenantRoute route : routes) {
      if (!journal.overflowed().contains(route.tenant()) && judge.loses(route.tenant(), from)) {
        journal.drop(route.tenant());
        gaps.put(route.tenant(), why);
        LOG.error("source {}: tenant {} has a gap: {}: {}", source, route.tenant(), why.message(), why.why());
      }
    }
  }
}
