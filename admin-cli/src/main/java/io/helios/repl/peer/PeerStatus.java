package io.helios.repl.peer;

import io.helios.repl.error.Problem;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a peer was when it was last asked.
 *
 * @param at when that was; null when it has not been asked yet
 * @param answer null when there was none
 * @param error why there was none; null when there was, or nobody has asked yet
 */
public record PeerStatus(
    String region, URI url, @Nullable Instant at, @Nullable Answer answer, @Nullable Problem error) {

  public boolean reachable() {
    return answer != null;
  }

  /**
   * What it said, and what its connection shows.
   *
   * @param publicKey that tenants' keys are sealed to for it, as {@link PinnedKeys#text} has it: the pinned one
   * @param certificateEnds when the first of its certificates ends
   * @param clockAhead how far its clock is ahead of ours, right to half of {@code roundTrip}
   * @param capacities bytes that the disks of its targets hold, of those that are open to us and say so
   */
  public record Answer(
      String version,
      String publicKey,
      Instant certificateEnds,
      Duration clockAhead,
      Duration roundTrip,
      Map<String, Long> capacities) {

    public Answer {
      capacities = Map.copyOf(capacities);
    }
  }
}
