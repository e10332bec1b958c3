package io.helios.repl.status;

/**
 * What a repair did to one table of a tenant. An altered row counts as one brought and one removed.
 *
 * @param table {@code schema.table}
 * @param rows of the tenant, as the source has them
 * @param brought rows written at the target
 * @param removed rows deleted there
 */
public record MendedTable(String table, long rows, long brought, long removed) {

  /** How many rows differed: altered, missing and extra ones together, no fewer than that. */
  public long differing() {
    return Math.max(brought, removed);
  }
}
