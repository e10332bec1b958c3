package io.helios.repl.failover;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a tenant's old home had committed and its replica never got. Nothing of it is merged or thrown away: people decide.
 *
 * @param missing why more may have been lost than is listed; null when this is all
 * @param first commit time at the old home of the first such transaction; null when there are none
 * @param last of the last
 */
public record Account(
    @Nullable String missing, long transactions, @Nullable Instant first, @Nullable Instant last, List<Table> tables) {

  public Account {
    tables = List.copyOf(tables);
  }

  /** @param keys how many keys the exported account names */
  public record Table(String table, long inserts, long updates, long deletes, long truncates, long keys) {}
}
