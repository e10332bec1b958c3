package io.helios.repl.migration.traffic;

/**
 * One tenant's traffic on its way from one home to another. The way back is another move, with the homes exchanged and an
 * epoch of its own: see {@link #back}.
 *
 * @param tenant its name
 * @param key its value in the tenant column
 * @param epoch the one that the move brings about: each move of a tenant has a higher one than the last
 */
public record TrafficMove(String tenant, String key, long epoch, HomeAddress from, HomeAddress to) {

  /** The move that undoes this one. */
  public TrafficMove back(long nextEpoch) {
    return new TrafficMove(tenant, key, nextEpoch, to, from);
  }
}
