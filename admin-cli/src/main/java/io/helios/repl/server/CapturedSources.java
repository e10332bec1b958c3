package io.helios.repl.server;

import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.failover.observation.ObservedEndpoints;
import io.helios.repl.failover.observation.ObservedEndpoints.Observation;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.EndpointStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How far each source was captured when it was last heard of, remembered beyond its death: the WAL that observers saw there and that is not
 * captured is the most that a failover can lose. Of a source that was dead already when this server started nothing is known. One thread looks; the
 * rest is for any.
 */
final class CapturedSources {

  /**
   * @param upTo captured
   * @param answered when it last told of its WAL, while that was captured
   * @param behind how much later it was last heard of
   */
  private record Standing(Lsn upTo, @Nullable Instant answered, Duration behind) {}

  private final ServerConfiguration configuration;
  private final Supplier<List<EndpointStatus>> engine;
  private final Map<String, Standing> standings = new ConcurrentHashMap<>();

  CapturedSources(ServerConfiguration configuration, Supplier<List<EndpointStatus>> engine) {
    this.configuration = configuration;
    this.engine = engine;
  }

  /** Blocks on nothing. */
  void look(ObservedEndpoints observed) {
    for (EndpointStatus source : engine.get()) {
      Observation home = observed.of(AutomaticRuns.endpoint(configuration, source.name())).orElse(null);
      if (home != null && home.lastWal() != null && home.lastAnswer() != null) {
        Standing now = standing(standings.get(source.name()), source.position(), home.lastWal(), home.lastAnswer());
        if (now != null) {
          standings.put(source.name(), now);
        }
      }
    }
  }

  private static @Nullable Standing standing(@Nullable Standing last, @Nullable Lsn now, Lsn wal, Instant answered) {
    Lsn upTo = now != null && (last == null || now.isAfter(last.upTo())) ? now : last == null ? null : last.upTo();
    if (upTo == null) {
      return null;
    }
    if (!wal.isAfter(upTo)) {
      return new Standing(upTo, answered, Duration.ZERO);
    }
    Instant before = last == null ? null : last.answered();
    return new Standing(upTo, before, before == null ? Duration.ZERO : Duration.between(before, answered));
  }

  /** Null when nobody knows. */
  @Nullable Long bytes(String source, @Nullable Observation home) {
    Standing standing = standings.get(source);
    return standing == null || home == null || home.lastWal() == null ? null : Math.max(0, home.lastWal().bytesSince(standing.upTo()));
  }

  /** Null when nobody knows. */
  @Nullable Duration behind(String source) {
    Standing standing = standings.get(source);
    return standing == null || standing.answered() == null ? null : standing.behind();
  }
}
