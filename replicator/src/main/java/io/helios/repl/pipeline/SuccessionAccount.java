package io.helios.repl.pipeline;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a tenant's old home had committed behind what was promoted in its place.
 *
 * @param missing why there may be more; null when this is all
 * @param transactions of the tenant
 * @param first commit time of the first of them; null when there are none
 * @param last of the last
 */
public record SuccessionAccount(
    @Nullable String missing, long transactions, @Nullable Instant first, @Nullable Instant last, List<Table> tables) {

  public SuccessionAccount {
    tables = List.copyOf(tables);
  }

  /**
   * One table's.
   *
   * @param keys how many of these rows the document names
   */
  public record Table(String table, long inserts, long updates, long deletes, long truncates, long keys) {}
}
