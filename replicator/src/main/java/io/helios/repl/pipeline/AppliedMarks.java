package io.helios.repl.pipeline;

import io.helios.repl.apply.Replicas.Mark;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.relay.RelayJournal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down, at the targets, how far each tenant is known to have everything, also where the last stretch of WAL had
 * nothing for it. A slot is released no further than that: so when this machine's journal is lost, each target can say that
 * nothing is missing, and what it lacks comes again from the WAL. Thread-safe.
 */
public final class AppliedMarks {

  private static final Logger LOG = LoggerFactory.getLogger(AppliedMarks.class);

  private final Map<UUID, Recorded> recorded = new ConcurrentHashMap<>();
  private final Set<String> busy = ConcurrentHashMap.newKeySet();

  /**
   * A tenant that streams, or is about to, from where its target is.
   *
   * @param position commit LSN of the last transaction that is at the target; INVALID as long as that is not known
   */
  public record Streaming(UUID tenant, long epoch, Lsn position) {}

  /**
   * What a tenant's target may note.
   *
   * @param position its position there: whoever has moved on since is not found, and is noted the next time
   * @param through everything of the tenant that committed before this is at the target
   * @param lastTransaction the last one in the journal of the tenant's source, asked for before {@code through}; {@link
   *     Lsn#MAX} when there is none
   */
  public record Due(UUID tenant, long epoch, Lsn position, Lsn through, Lsn lastTransaction) {}

  /**
   * What the target has noted of a tenant.
   *
   * @param release the last transaction of its source that is not after {@code through}: the slot only ever stands at one, so
   *     that an old copy of the journal can tell whether it was we who moved it
   */
  private record Recorded(Lsn through, Lsn release) {
    static final Recorded NOTHING = new Recorded(Lsn.INVALID, Lsn.INVALID);
  }

  /**
   * Everything of the tenant that committed before this is at its target; null when that cannot be said, since the journal
   * has dropped the tenant: what is captured from then on holds nothing of it.
   *
   * @param captured everything of every tenant that committed before this can be read from the journal; asked for before
   *     this is called, since what is dropped is dropped before more is captured
   * @param applied the tenant's position at the target
   */
  public static @Nullable Lsn through(RelayJournal journal, Lsn captured, UUID tenant, Lsn applied) {
    if (journal.overflowed().contains(tenant)) {
      return null;
    }
    Lsn waiting = new Lsn(journal.backlog(tenant).lastPosition());
    // A position is a commit LSN: what committed at it is applied, and nothing else can be between it and the next.
    return waiting.isAfter(applied) ? applied : Lsn.max(captured, applied);
  }

  /**
   * Writes what is new for one target; does nothing while the last call for it still runs.
   *
   * @param due of all tenants of this target
   * @param writer returns the marks that it could write
   * @param distrust told of tenants whose marks the target did not take
   */
  public void write(
      String target, Supplier<Collection<Due>> due, UnaryOperator<List<Mark>> writer, Consumer<UUID> distrust) {
    if (!busy.add(target)) {
      return;
    }
    List<Mark> marks = new ArrayList<>();
    Map<UUID, Lsn> releases = new HashMap<>();
    try {
      for (Due next : due.get()) {
        Recorded known = recorded(next.tenant());
        Lsn transaction = next.lastTransaction();
        if (transaction.isAfter(known.release()) && !transaction.isAfter(known.through())) {
          recorded.put(next.tenant(), new Recorded(known.through(), transaction));
        }
        if (next.through().isAfter(known.through())) {
          marks.add(new Mark(next.tenant(), next.epoch(), next.position(), next.through()));
          releases.put(next.tenant(), Lsn.min(transaction, next.through()));
        }
      }
      if (!marks.isEmpty()) {
        List<Mark> written = writer.apply(List.copyOf(marks));
        for (Mark mark : written) {
          Lsn release = releases.getOrDefault(mark.tenant(), Lsn.INVALID);
          recorded.put(mark.tenant(), new Recorded(mark.through(), release));
        }
        marks.removeAll(written);
      }
    } catch (TransientException e) {
      // The slot waits, within its budget; the appliers of that target say what is wrong with it.
      LOG.debug("target {} takes no marks: {}", target, e.problem().message());
      marks.clear();
    } catch (HeliosException e) {
      LOG.debug("target {} refuses marks: {}", target, e.problem().message());
    } finally {
      busy.remove(target);
    }
    // Most often an applier was just committing; but the target may be another one than we take it for.
    marks.forEach(mark -> distrust.accept(mark.tenant()));
  }

  /** How far a source's slot may be released as far as those are concerned that stream from it. */
  public Lsn releasable(Collection<Streaming> tenants) {
    Lsn least = Lsn.MAX;
    for (Streaming tenant : tenants) {
      least = Lsn.min(least, Lsn.max(recorded(tenant.tenant()).release(), tenant.position()));
    }
    return least;
  }

  void forget(UUID tenant) {
    recorded.remove(tenant);
  }

  private Recorded recorded(UUID tenant) {
    return recorded.getOrDefault(tenant, Recorded.NOTHING);
  }
}
