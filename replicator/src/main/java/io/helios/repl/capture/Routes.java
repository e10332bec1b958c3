package io.helios.repl.capture;

import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that capture must know of who is replicated. Immutable; a change of anything is a new one with a higher version.
 *
 * @param sourceTables which tables take part at all; reference tables need not be among them
 * @param referenceTables tables that go to reference routes only; null for none
 */
public record Routes(
    long version,
    Tenancy tenancy,
    TableFilter sourceTables,
    @Nullable TableFilter referenceTables,
    List<TenantRoute> tenants) {

  public Routes {
    tenants = List.copyOf(tenants);
  }
}
