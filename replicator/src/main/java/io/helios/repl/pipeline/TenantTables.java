package io.helios.repl.pipeline;

import io.helios.repl.change.TenantTable;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Predicate;

/**
 * Which of a source's tables are a tenant's, and which of their rows.
 *
 * @param reference whether it is asked for the source's reference tables, which are a tenant of their own
 * @param which those of them that it is asked for
 */
record TenantTables(SourceSettings source, boolean reference, Predicate<TableDefinition> which) {

  /** All of them. */
  TenantTables(SourceSettings source, boolean reference) {
    this(source, reference, table -> true);
  }

  /** Those of them that are such. */
  TenantTables only(Predicate<TableDefinition> such) {
    return new TenantTables(source, reference, which.and(such));
  }

  /** As the source's catalog has them now. */
  List<TenantTable> read(Connection connection, Tenant tenant) throws SQLException {
    List<TableDefinition> all =
        Catalog.tables(
                connection,
                (schema, name) ->
                    reference
                        ? source.referenceTables() != null && source.referenceTables().matches(schema, name)
                        : source.tables().matches(schema, name))
            .stream()
            .filter(which)
            .toList();
    return reference
        ? all.stream().map(TenantTable::whole).toList()
        : TenantTable.of(all, source.tenancy(), tenant.key(), tenant.tables(), source.referenceTables());
  }
}
