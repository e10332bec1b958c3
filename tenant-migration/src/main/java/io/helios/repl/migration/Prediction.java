package io.helios.repl.migration;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The pause that rehearsals let expect, with its parts. Of fewer than a hundred rehearsals the longest stands for p99.
 *
 * @param rehearsals how many it is made of
 */
public record Prediction(Instant at, int rehearsals, Share lock, Share drain, Share traffic, Share pause) {

  /** Milliseconds that half of all, or all but one of a hundred, do not exceed. */
  public record Share(double p50, double p99) {}

  /**
   * @param trafficNanos what the traffic's check took, once for each rehearsal: pausing, changing and resuming go the same way
   */
  public static Prediction of(Instant at, List<TenantEnds.Rehearsal> rehearsals, List<Long> trafficNanos) {
    List<Long> lock = rehearsals.stream().map(TenantEnds.Rehearsal::lockNanos).toList();
    List<Long> drain = rehearsals.stream().map(TenantEnds.Rehearsal::drainNanos).toList();
    List<Long> whole = new ArrayList<>();
    for (int i = 0; i < rehearsals.size(); i++) {
      whole.add(lock.get(i) + drain.get(i) + trafficNanos.get(i));
    }
    return new Prediction(at, rehearsals.size(), share(lock), share(drain), share(trafficNanos), share(whole));
  }

  private static Share share(List<Long> nanos) {
    List<Long> sorted = nanos.stream().sorted().toList();
    return new Share(at(sorted, 0.50), at(sorted, 0.99));
  }

  private static double at(List<Long> sorted, double share) {
    return sorted.isEmpty() ? 0 : millis(sorted.get(Math.max(0, (int) Math.ceil(share * sorted.size()) - 1)));
  }

  static double millis(long nanos) {
    return Math.round(nanos / 10_000.0) / 100.0;
  }
}
