package io.helios.repl.pipeline;

import io.helios.repl.capture.CaptureStatus;
import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a fleet to rest, so that its process can end with nothing left to do:
 *
 * <pre>
 *   FINISHING   copies, verifications and repairs that run come to their end; reconciliations give way
 *   REACHING    everything that had committed at the sources by then is at the targets
 *   TELLING     the slots are told so, as far as the targets have noted it
 *   RESTING     nothing more is captured, and the appliers take what the journal has
 * </pre>
 *
 * <p>Who is held up by an error, or paused, is not waited for: its changes wait in the journal and in the source's WAL, as they
 * would in any stop. Changes from now on wait at the source. Thread-safe; {@link #runOnce} asks databases.
 */
public final class Draining {

  private static final Logger LOG = LoggerFactory.getLogger(Draining.class);

  /** Targets note positions every five seconds. A slot that is behind only has more to send again: nothing depends on it. */
  private static final Duration SLOT_PATIENCE = Duration.ofSeconds(15);

  /**
   * Something that is not over yet.
   *
   * @param kind {@code copy}, {@code verification}, {@code repair}, {@code apply}, {@code slot}, {@code capture}
   * @param name the tenant's; of a slot or capture the source's
   */
  public record Awaited(String kind, String name) {}

  private enum Phase {
    FINISHING,
    REACHING,
    TELLING,
    RESTING
  }

  private final Map<String, SourceEngine> sources;
  private final Map<UUID, TenantPipeline> tenants;
  private final TenantTurns turns;
  private final Supervisor supervisor;
  private final Function<TenantPipeline, TenantStatus> status;
  private final Ticker ticker;
  private final Map<String, Lsn> marks = new HashMap<>();
  private final Map<String, Lsn> told = new HashMap<>();
  private Phase phase = Phase.FINISHING;
  private long toldUntilNanos;
  private boolean over;

  Draining(
      Map<String, SourceEngine> sources,
      Map<UUID, TenantPipeline> tenants,
      TenantTurns turns,
      Supervisor supervisor,
      Ticker ticker) {
    this.sources = sources;
    this.tenants = tenants;
    this.turns = turns;
    this.supervisor = supervisor;
    this.status = supervisor::status;
    this.ticker = ticker;
    turns.rest(true);
  }

  /** Goes as far as it comes, and returns what it waits for; nothing once all is at rest. */
  public synchronized List<Awaited> runOnce() {
    List<Awaited> awaited = over ? List.of() : look();
    while (awaited.isEmpty() && !over && phase != Phase.RESTING) {
      next();
      awaited = look();
    }
    return awaited;
  }

  private List<Awaited> look() {
    return switch (phase) {
      case FINISHING -> working();
      case REACHING -> behind();
      case TELLING -> untold();
      case RESTING -> moving();
    };
  }

  private void next() {
    switch (phase) {
      case FINISHING -> {
        mark();
        phase = Phase.REACHING;
      }
      case REACHING -> {
        marks.keySet().forEach(name -> told.put(name, source(name).lastTransaction()));
        toldUntilNanos = ticker.nanos() + SLOT_PATIENCE.toNanos();
        phase = Phase.TELLING;
      }
      case TELLING -> {
        sources.values().forEach(source -> source.rest(true));
        phase = Phase.RESTING;
      }
      case RESTING -> {}
    }
  }

  private List<Awaited> working() {
    List<Awaited> awaited = new ArrayList<>();
    for (TenantPipeline pipeline : tenants.values()) {
      String name = pipeline.tenant().name();
      if (pipeline.isComingUp()) {
        awaited.add(new Awaited("copy", name));
      }
      String turn = turns.running(pipeline.tenant().id());
      if (turn != null) {
        awaited.add(new Awaited(turn, name));
      }
    }
    return awaited;
  }

  /** Where the sources of tenants that stream are now; who cannot be asked is not waited for. */
  private void mark() {
    streaming().stream().map(pipeline -> pipeline.tenant().source()).distinct().forEach(
        name -> {
          try {
            marks.put(name, source(name).barrier());
          } catch (HeliosException e) {
            LOG.warn("source {} cannot be asked where it is, so draining does not wait for it", name, e);
          }
        });
  }

  private List<Awaited> behind() {
    return streaming().stream()
        .filter(
            pipeline -> {
              Lsn mark = marks.get(pipeline.tenant().source());
              Lsn through = supervisor.through(pipeline);
              return mark != null && (through == null || through.isBefore(mark));
            })
        .map(pipeline -> new Awaited("apply", pipeline.tenant().name()))
        .toList();
  }

  private List<Awaited> untold() {
    if (ticker.nanos() - toldUntilNanos >= 0) {
      return List.of();
    }
    return told.entrySet().stream()
        .filter(
            source -> {
              CaptureStatus capture = source(source.getKey()).captureStatus();
              return capture != null
                  && !source.getValue().equals(Lsn.MAX)
                  && capture.releasedUpTo().isBefore(source.getValue());
            })
        .map(source -> new Awaited("slot", source.getKey()))
        .toList();
  }

  private List<Awaited> moving() {
    List<Awaited> awaited = new ArrayList<>();
    sources.forEach(
        (name, source) -> {
          if (source.captureStatus() != null) {
            awaited.add(new Awaited("capture", name));
          }
        });
    for (TenantPipeline pipeline : streaming()) {
      Long lag = status.apply(pipeline).lagBytes();
      if (lag != null && lag > 0) {
        awaited.add(new Awaited("apply", pipeline.tenant().name()));
      }
    }
    return awaited;
  }

  /** Those that stream and are not held up by anything. */
  private List<TenantPipeline> streaming() {
    return tenants.values().stream()
        .filter(
            pipeline -> {
              TenantStatus now = status.apply(pipeline);
              return now.state() == TenantState.STREAMING && now.error() == null;
            })
        .toList();
  }

  /** Tenants whose changes wait in the journal, since they are paused, stopped or held up: the data directory is needed yet. */
  public List<String> left() {
    return tenants.values().stream()
        .filter(pipeline -> source(pipeline.tenant().source()).journal().backlog(pipeline.tenant().id()).frames() > 0)
        .filter(
            pipeline -> {
              TenantStatus now = status.apply(pipeline);
              return now.state() != TenantState.STREAMING || now.error() != null;
            })
        .map(pipeline -> pipeline.tenant().name())
        .sorted()
        .toList();
  }

  /** Everything goes on as before. */
  public synchronized void undo() {
    over = true;
    turns.rest(false);
    sources.values().forEach(source -> source.rest(false));
  }

  private SourceEngine source(String name) {
    return Objects.requireNonNull(sources.get(name));
  }
}
