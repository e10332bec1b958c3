package io.helios.repl.failover.policy;

import io.helios.repl.failover.observation.ObservedEndpoints;
import io.helios.repl.failover.observation.ObservedEndpoints.Observation;
import io.helios.repl.failover.observation.Verdict;
import io.helios.repl.failover.policy.Decision.Step;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Which tenants are failed over now, and what holds the others back. Pure. Only tenants whose source is dead for a quorum are spoken of; premium
 * tenants come first, of one tier those who lose least. What is held of the databases must be no older than votes may be.
 */
public final class FailoverPolicy {

  private static final Duration HOUR = Duration.ofHours(1);

  /**
   * @param agoNanos how long ago it was begun, by the automatic failover
   */
  public record Begun(UUID tenant, String source, long agoNanos) {}

  private final Brakes brakes;
  private final Duration votesFresh;

  public FailoverPolicy(Brakes brakes, Duration votesFresh) {
    this.brakes = brakes;
    this.votesFresh = votesFresh;
  }

  /**
   * @param lately what the automatic failover has begun; older than an hour counts for nothing
   * @param running how many failovers run now, whoever began them
   * @param nanos by the clock of {@link ObservedEndpoints#takenNanos}
   */
  public List<Decision> decide(
      ObservedEndpoints observed, List<Candidate> candidates, List<Begun> lately, int running, long nanos) {
    List<Decision> decisions = new ArrayList<>();
    if (observed.endpoints().isEmpty() || nanos - observed.takenNanos() > votesFresh.toNanos()) {
      return decisions;
    }
    List<Begun> hour = lately.stream().filter(b -> b.agoNanos() < HOUR.toNanos()).toList();
    Set<String> sources = new HashSet<>(hour.stream().map(Begun::source).toList());
    int room = brakes.parallel() - running;
    for (Candidate candidate : ordered(candidates)) {
      if (verdict(observed, candidate.source()) != Verdict.DEAD) {
        continue;
      }
      Step step = step(observed, candidate, hour, sources, room);
      if (step == Step.BEGIN) {
        sources.add(candidate.source());
        room--;
      }
      decisions.add(new Decision(candidate, step));
    }
    return decisions;
  }

  private Step step(ObservedEndpoints observed, Candidate candidate, List<Begun> hour, Set<String> sources, int room) {
    if (candidate.underWay()) {
      return Step.UNDER_WAY;
    }
    if (!candidate.automatic()) {
      return Step.NOT_AUTOMATIC;
    }
    if (!candidate.ready()) {
      return Step.NOT_READY;
    }
    if (verdict(observed, candidate.target()) != Verdict.ALIVE) {
      return Step.TARGET_NOT_ALIVE;
    }
    if (hour.stream().anyMatch(b -> b.tenant().equals(candidate.id()))) {
      return Step.FAILED_OVER_LATELY;
    }
    if (isTooMuch(candidate)) {
      return Step.UNREPLICATED;
    }
    if (!sources.contains(candidate.source()) && sources.size() >= brakes.sourcesPerHour()) {
      return Step.SOURCES_PER_HOUR;
    }
    return room > 0 ? Step.BEGIN : Step.WAITS_FOR_ITS_TURN;
  }

  private boolean isTooMuch(Candidate candidate) {
    Long bytes = candidate.unreplicatedBytes();
    Duration time = candidate.unreplicated();
    return bytes == null
        || time == null
        || bytes > brakes.maxUnreplicatedBytes()
        || time.compareTo(brakes.maxUnreplicated()) > 0;
  }

  private static List<Candidate> ordered(List<Candidate> candidates) {
    return candidates.stream()
        .sorted(
            Comparator.comparing(Candidate::tier)
                .thenComparing(c -> c.unreplicatedBytes() == null ? Long.MAX_VALUE : c.unreplicatedBytes())
                .thenComparing(Candidate::name))
        .toList();
  }

  private static Verdict verdict(ObservedEndpoints observed, String endpoint) {
    return observed.of(endpoint).map(Observation::verdict).orElse(Verdict.SUSPECT);
  }
}
