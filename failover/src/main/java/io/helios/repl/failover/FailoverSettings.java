package io.helios.repl.failover;

import io.helios.repl.failover.lease.LeaseSettings;
import io.helios.repl.failover.observation.Endpoint;
import io.helios.repl.failover.observation.Thresholds;
import io.helios.repl.failover.policy.Brakes;
import io.helios.repl.tenant.Fencing;
import java.time.Duration;
import java.util.List;

/**
 * What {@code failover:} of the configuration says.
 *
 * @param observer what this server's votes are signed with: each server has a name of its own
 * @param observers so many observers are known at least, whether they have voted or not; a verdict takes a majority of them
 * @param votesFresh a vote that has not changed for longer is none
 * @param drainPatience how long a promotion waits for what was captured to be applied
 * @param fencing of tenants that have no other
 * @param lease how long a home may take writes without hearing from its server; only with {@link Fencing#LEASE}
 * @param observed databases that are observed beside this server's own sources and targets
 */
public record FailoverSettings(
    String observer,
    int observers,
    Thresholds thresholds,
    Duration votesFresh,
    Duration drainPatience,
    Brakes brakes,
    Fencing fencing,
    Duration lease,
    List<Endpoint> observed) {

  public FailoverSettings {
    observed = List.copyOf(observed);
  }

  /** As where nothing is configured. */
  public static FailoverSettings of(String region) {
    return new FailoverSettings(
        region,
        1,
        Thresholds.DEFAULT,
        Duration.ofSeconds(2),
        Duration.ofSeconds(2),
        Brakes.DEFAULT,
        Fencing.EPOCH,
        LeaseSettings.DEFAULTS.ttl(),
        List.of());
  }
}
