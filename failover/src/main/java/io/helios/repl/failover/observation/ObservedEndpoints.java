package io.helios.repl.failover.observation;

import io.helios.repl.error.Problem;
import io.helios.repl.failover.observation.Quorum.Outcome;
import io.helios.repl.failover.observation.Quorum.Vote;
import io.helios.repl.postgres.Lsn;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is held of all observed databases at one moment, by this server and by all.
 *
 * @param takenNanos by the monotonic clock: what is decided by it is decided soon, or anew
 * @param problem why others' votes cannot be had, or ours are not counted; null where all is well
 */
public record ObservedEndpoints(long takenNanos, String observer, List<Observation> endpoints, @Nullable Problem problem) {

  public static final ObservedEndpoints NONE = new ObservedEndpoints(0, "", List.of(), null);

  public ObservedEndpoints {
    endpoints = List.copyOf(endpoints);
  }

  /**
   * @param endpoint {@code REGION/NAME}
   * @param own this server's own view; suspect where only others observe it
   * @param since when the verdict of all became what it is
   * @param seen what our last probe came to; null before the first
   * @param lastWal the end of its WAL when it last told; null while it never did
   * @param lastAnswer when it last answered us; null while it never did
   */
  public record Observation(
      String endpoint,
      Outcome outcome,
      Verdict own,
      Instant since,
      Probe.@Nullable Seen seen,
      @Nullable Lsn lastWal,
      @Nullable Instant lastAnswer,
      List<Vote> votes) {

    public Observation {
      votes = List.copyOf(votes);
    }

    /** The verdict of all. */
    public Verdict verdict() {
      return outcome.verdict();
    }
  }

  public Optional<Observation> of(String endpoint) {
    return endpoints.stream().filter(e -> e.endpoint().equals(endpoint)).findFirst();
  }
}
