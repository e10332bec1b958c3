package io.helios.repl.pipeline;

import io.helios.repl.apply.Replicas.Mark;
import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.relay.RelayJournal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
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

  private final Function<UUID, @Nullable Lsn> through;
  private final Map<UUID, Lsn> recorded = new ConcurrentHashMap<>();
  private final Set<String> busy = ConcurrentHashMap.newKeySet();

  /**
   * A tenant that streams, or is about to, from where its target is.
   *
   * @param position commit LSN of the last transaction that is at the target; INVALID as long as that is not known
   */
  public record Streaming(UUID tenant, long epoch, Lsn position) {}

  /** @param through everything of the tenant that committed before this is at the target; null when that is not known */
  public AppliedMarks(Function<UUID, @Nullable Lsn> through) {
    this.through = through;
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
   * @param tenants those that stream to this target
   * @param writer returns the marks that it could write
   */
  public void write(String target, Collection<Streaming> tenants, UnaryOperator<List<Mark>> writer) {
    if (!busy.add(target)) {
      return;
    }
    try {
      List<Mark> marks = new ArrayList<>();
      for (Streaming tenant : tenants) {
        Lsn point = through.apply(tenant.tenant());
        if (point != null && point.isAfter(recorded(tenant))) {
          marks.add(new Mark(tenant.tenant(), tenant.epoch(), point));
        }
      }
      if (!marks.isEmpty()) {
        writer.apply(marks).forEach(mark -> recorded.put(mark.tenant(), mark.through()));
      }
    } catch (HeliosException e) {
      // The slot waits, within its budget; the appliers of that target say what is wrong with it.
      LOG.debug("target {} takes no marks: {}", target, e.problem().message());
    } finally {
      busy.remove(target);
    }
  }

  /** How far a source's slot may be released as far as those are concerned that stream from it. */
  public Lsn releasable(Collection<Streaming> tenants) {
    Lsn least = Lsn.MAX;
    for (Streaming tenant : tenants) {
      least = Lsn.min(least, Lsn.max(recorded(tenant), tenant.position()));
    }
    return least;
  }

  void forget(UUID tenant) {
    recorded.remove(tenant);
  }

  private Lsn recorded(Streaming tenant) {
    return recorded.getOrDefault(tenant.tenant(), Lsn.INVALID);
  }
}
