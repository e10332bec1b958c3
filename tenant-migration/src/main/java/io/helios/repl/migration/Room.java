package io.helios.repl.migration;

import org.jspecify.annotations.Nullable;

/**
 * How much of a target's disk is taken, and what the tenant needs there.
 *
 * @param capacityBytes what an operator has said that it holds
 * @param takenBytes by all of its server's databases and its WAL
 * @param missingBytes about what the tenant's copy will add
 * @param unseen what of it could not be looked at, in an operator's words; null when all was
 */
public record Room(long capacityBytes, long takenBytes, long missingBytes, @Nullable String unseen) {

  /** A disk that is fuller than that is full as soon as somebody reorganizes a table, or a slot holds WAL back for an hour. */
  private static final int LEFT_OVER = 20;

  /** Whether it all fits, with a twentieth left over. */
  boolean suffices() {
    return takenBytes + missingBytes <= capacityBytes - capacityBytes / LEFT_OVER;
  }
}
