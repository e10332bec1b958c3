package io.helios.repl.apply;

import io.helios.repl.tenant.Tenancy;
import org.jspecify.annotations.Nullable;

/**
 * Where a tenant's rows come from, and how they stand in the target's tables.
 *
 * @param tenancy the source's; it decides which rows of a table are the tenant's
 * @param reference whether this "tenant" is the source's reference tables, which are its own as a whole
 * @param sourceSystem the source's system identifier, from {@code IDENTIFY_SYSTEM}
 * @param sourceRegion what a client that writes to the replica is told
 */
public record Replicated(
    Tenancy tenancy, boolean reference, String sourceName, long sourceSystem, String sourceRegion) {

  /** The column that says whose a row is; null when a table is the tenant's as a whole. */
  public @Nullable String tenantColumn() {
    return !reference && tenancy instanceof Tenancy.ByColumn(String column) ? column : null;
  }
}
