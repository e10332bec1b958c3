package io.helios.repl.tui.fleet;

import java.util.List;

/**
 * What a server says each second of failing over.
 *
 * @param failovers all there are where the update is full, else those that changed
 * @param removed tenants that have none any more
 * @param observations all of them
 * @param leases all of them
 */
public record FailoverNews(
    List<Failover> failovers, List<String> removed, List<Observation> observations, List<Lease> leases) {

  /** From a server that tells of none. */
  public static final FailoverNews NONE = new FailoverNews(List.of(), List.of(), List.of(), List.of());

  public FailoverNews {
    failovers = List.copyOf(failovers);
    removed = List.copyOf(removed);
    observations = observations.stream().sorted(Observation.ORDER).toList();
    leases = List.copyOf(leases);
  }
}
