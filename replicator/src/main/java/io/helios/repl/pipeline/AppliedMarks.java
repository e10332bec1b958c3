package io.helios.repl.pipeline;

import io.helios.repl.apply.Replicas.Mark;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.TenantState;
import java.util.ArrayList;
import java.util.Collection;
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
  private final Map<UUID, Lsn> recorded = new ConcurrentHashMap<>();
  private final Set<String> busy = ConcurrentHashMap.newKeySet();

  /** @param through everything of the tenant that committed before this is at the target; null when it does not stream */
  AppliedMarks(Map<UUID, TenantPipeline> tenants, Function<TenantPipeline, @Nullable Lsn> through) {
    this.tenants = tenants;
    this.through = through;
  }

  /** Writes what is new for one target; does nothing while the last call for it still runs. */
  void write(TargetEngine target) {
    if (!busy.add(target.settings().name())) {
      return;
    }
    try {
      List<Mark> marks = new ArrayList<>();
      for (TenantPipeline pipeline : tenants.values()) {
        Lsn point = pipeline.tenant().target().equals(target.settings().name()) ? reached(pipeline) : null;
        if (point != null && point.isAfter(recorded(pipeline))) {
          marks.add(new Mark(pipeline.tenant().id(), pipeline.tenant().epoch(), point));
        }
      }
      if (!marks.isEmpty()) {
        target.mark(marks).forEach(mark -> recorded.put(mark.tenant(), mark.through()));
      }
    } catch (HeliosException e) {
      // The slot waits, within its budget; the appliers of that target say what is wrong with it.
      LOG.debug("target {} takes no marks: {}", target.settings().name(), e.problem().message());
    } finally {
      busy.remove(target.settings().name());
    }
  }

  /** How far the source's slot may be released as far as the marks of those are concerned that stream from it. */
  Lsn releasable(String source, Collection<TenantPipeline> pipelines) {
    Lsn least = Lsn.MAX;
    for (TenantPipeline pipeline : pipelines) {
      if (pipeline.tenant().source().equals(source) && pipeline.standing().state() == TenantState.STREAMING) {
        ReplicaTenant replica = pipeline.replica();
        Lsn position = replica == null ? Lsn.INVALID : replica.status().position();
        least = Lsn.min(least, Lsn.max(recorded(pipeline), position));
      }
    }
    return least;
  }

  void forget(UUID tenant) {
    recorded.remove(tenant);
  }

  private @Nullable Lsn reached(TenantPipeline pipeline) {
    return pipeline.standing().state() == TenantState.STREAMING ? through.apply(pipeline) : null;
  }

  private Lsn recorded(TenantPipeline pipeline) {
    return recorded.getOrDefault(pipeline.tenant().id(), Lsn.INVALID);
  }
}
