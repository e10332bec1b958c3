package io.helios.repl.pipeline;

import io.helios.repl.apply.Replicas.Mark;
import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.TenantState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down, at the targets, how far each tenant is known to have everything, also where the last stretch of WAL had
 * nothing for it. A slot is released no further than that: so when this machine's journal is lost, each target can say that
 * nothing is missing, and what it lacks comes again from the WAL. Thread-safe.
 */
final class AppliedMarks {

  private static final Logger LOG = LoggerFactory.getLogger(AppliedMarks.class);

  private final Map<UUID, TenantPipeline> tenants;
  private final Function<TenantPipeline, @Nullable Lsn> through;
  private final Function<TenantPipeline, Lsn> waits;
  private final Function<TenantPipeline, Lsn> lastTransaction;
  private final Map<UUID, Recorded> recorded = new ConcurrentHashMap<>();
  private final Set<String> busy = ConcurrentHashMap.newKeySet();

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
   * @param through everything of the tenant that committed before this is at the target; null when it does not stream
   * @param waits of one at rest, where the first of its frames begins that waits in the journal
   * @param lastTransaction the last one in the journal of the tenant's source; {@link Lsn#MAX} when there is none
   */
  AppliedMarks(
      Map<UUID, TenantPipeline> tenants,
      Function<TenantPipeline, @Nullable Lsn> through,
      Function<TenantPipeline, Lsn> waits,
      Function<TenantPipeline, Lsn> lastTransaction) {
    this.tenants = tenants;
    this.through = through;
    this.waits = waits;
    this.lastTransaction = lastTransaction;
  }

  /** Writes what is new for one target; does nothing while the last call for it still runs. */
  void write(TargetEngine target) {
    if (!busy.add(target.settings().name())) {
      return;
    }
    List<Mark> marks = new ArrayList<>();
    Map<UUID, Lsn> releases = new HashMap<>();
    try {
      for (TenantPipeline pipeline : tenants.values()) {
        if (pipeline.tenant().target().equals(target.settings().name())) {
          Lsn transaction = lastTransaction.apply(pipeline); // before what is through, which is then not before it
          Mark mark = mark(pipeline);
          if (mark != null && mark.through().isAfter(recorded(pipeline).through())) {
            marks.add(mark);
            releases.put(mark.tenant(), Lsn.min(transaction, mark.through()));
          }
        }
      }
      if (!marks.isEmpty()) {
        List<Mark> written = target.mark(marks);
        for (Mark mark : written) {
          Lsn release = releases.getOrDefault(mark.tenant(), Lsn.INVALID);
          recorded.put(mark.tenant(), new Recorded(mark.through(), release));
        }
        marks.removeAll(written);
      }
    } catch (TransientException e) {
      // The slot waits, within its budget; the appliers of that target say what is wrong with it.
      LOG.debug("target {} takes no marks: {}", target.settings().name(), e.problem().message());
      marks.clear();
    } catch (HeliosException e) {
      LOG.debug("target {} refuses marks: {}", target.settings().name(), e.problem().message());
    } finally {
      busy.remove(target.settings().name());
    }
    // Most often an applier was just committing; but the target may be another one than we take it for.
    marks.forEach(mark -> target.distrust(mark.tenant()));
  }

  /** How far the source's slot may be released as far as the marks of those are concerned that stream from it. */
  Lsn releasable(String source, Collection<TenantPipeline> pipelines) {
    Lsn least = Lsn.MAX;
    for (TenantPipeline pipeline : pipelines) {
      if (pipeline.tenant().source().equals(source) && pipeline.standing().state() == TenantState.STREAMING) {
        ReplicaTenant replica = pipeline.replica();
        Lsn position = replica == null ? Lsn.INVALID : replica.status().position();
        least = Lsn.min(least, Lsn.max(recorded(pipeline).release(), position));
      }
    }
    return least;
  }

  void forget(UUID tenant) {
    recorded.remove(tenant);
  }

  private @Nullable Mark mark(TenantPipeline pipeline) {
    ReplicaTenant replica = pipeline.replica();
    AppliedStatus last = pipeline.lastApplied();
    // The position first: one that has moved on since is not found, and that mark is written the next time.
    return switch (pipeline.standing().state()) {
      case STREAMING -> replica == null ? null : mark(pipeline, replica.status().position(), through.apply(pipeline));
      // Its frames wait from here on; the slot may go as far, so the target must say that it has what is before.
      case PAUSED, STOPPED -> replica != null || last == null ? null : mark(pipeline, last.position(), waits.apply(pipeline));
      default -> null;
    };
  }

  private static @Nullable Mark mark(TenantPipeline pipeline, Lsn position, @Nullable Lsn reached) {
    return reached == null ? null : new Mark(pipeline.tenant().id(), pipeline.tenant().epoch(), position, reached);
  }

  private Recorded recorded(TenantPipeline pipeline) {
    return recorded.getOrDefault(pipeline.tenant().id(), Recorded.NOTHING);
  }
}
