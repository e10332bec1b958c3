package io.helios.repl.capture;

import io.helios.repl.tenant.TableFilter;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whose changes are wanted. Several may share one key: the same tenant going to two targets.
 *
 * @param epoch under which its frames are made
 * @param key its value in the tenant column, or in the schema pattern; means nothing to a reference route, nor to tenancy
 *     by database
 * @param tables which of the source's tables it takes
 * @param opensAt the token of the marker from which on its changes are wanted, and its rows are written here at all: see
 *     {@link io.helios.repl.change.CutoverMarker}; null where they are wanted from now on
 */
public record TenantRoute(
    UUID tenant, long epoch, Kind kind, String key, TableFilter tables, @Nullable UUID opensAt) {

  /** Wanted from now on. */
  public TenantRoute(UUID tenant, long epoch, Kind kind, String key, TableFilter tables) {
    this(tenant, epoch, kind, key, tables, null);
  }

  /** The same, wanted from now on, under this epoch. */
  TenantRoute opened(long newEpoch) {
    return new TenantRoute(tenant, newEpoch, kind, key, tables, null);
  }

  /** Whether its changes are wanted by now. */
  boolean isOpen() {
    return opensAt == null;
  }

  public enum Kind {
    /** A tenant as the source tells tenants apart. */
    KEYED,
    /** The tables without a tenant in them, whole. */
    REFERENCE
  }
}
