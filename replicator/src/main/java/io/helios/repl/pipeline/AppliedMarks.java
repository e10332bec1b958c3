package io.helios.repl.pipeline;

import io.helios.repl.apply.Replicas.Mark;
import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.Lsn;
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
   * A tenant that streams.
   *
   * @param position commit LSN of the last transaction that is at the target, as far as is known; INVALID when it is not
   */
  public record Streaming(UUID tenant, long epoch, Lsn position) {}

  /** @param through everything of the tenant that committed before this is at the target; null when that is not known */
  public AppliedMarks(Function<UUID, @Nullable Lsn> through) {
    this.through = through;
  }

  /**
   * How far a tenant has everything, of which this much is known: asked for in this order, lest the answer be too great.
   *
   * @param captured everything of every tenant that committed before this can be read from the journal
   * @param waiting position of the tenant's last frame in the journal; INVALID when it never had one
   * @param applied the tenant's position at the target
   */
  public static Lsn through(Lsn captured, Lsn waiting, Lsn applied) {
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
