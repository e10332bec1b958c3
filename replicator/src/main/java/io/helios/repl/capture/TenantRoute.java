package io.helios.repl.capture;

import io.helios.repl.tenant.TableFilter;
import java.util.UUID;

/**
 * Whose changes are wanted. Several may share one key: the same tenant going to two targets.
 *
 * @param epoch under which its frames are made
 * @param key its value in the tenant column, or in the schema pattern; means nothing to a reference route, nor to tenancy
 *     by database
 * @param tables which of the source's tables it takes
 */
public record TenantRoute(UUID tenant, long epoch, Kind kind, String key, TableFilter tables) {

  public enum Kind {
    /** A tenant as the source tells tenants apart. */
    KEYED,
    /** The tables without a tenant in them, whole. */
    REFERENCE
  }
}
