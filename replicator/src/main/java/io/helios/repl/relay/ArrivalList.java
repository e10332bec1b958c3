package io.helios.repl.relay;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Tenants in the order in which they last had news, newest last, linked through themselves: who asks what is new since
 * a mark walks only over what is. Guarded by the index's lock.
 */
final class ArrivalList {

  private @Nullable TenantFrames newest;

  void touch(TenantFrames tenant, long mark) {
    remove(tenant);
    tenant.arrival = mark;
    tenant.older = newest;
    if (newest != null) {
      newest.newer = tenant;
    }
    newest = tenant;
  }

  void remove(TenantFrames tenant) {
    TenantFrames older = tenant.older;
    TenantFrames newer = tenant.newer;
    if (older != null) {
      older.newer = newer;
    }
    if (newer != null) {
      newer.older = older;
    } else if (newest == tenant) {
      newest = older;
    }
    tenant.older = null;
    tenant.newer = null;
  }

  /** Those whose news has waited longest first. */
  List<UUID> since(long mark) {
    List<UUID> tenants = new ArrayList<>();
    for (TenantFrames at = newest; at != null && at.arrival > mark; at = at.older) {
      tenants.add(at.tenant);
    }
    Collections.reverse(tenants);
    return tenants;
  }
}
