package io.helios.repl.change;

import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A table that holds rows of a tenant, and which of its rows they are. Schema and table have the same names at the
 * target.
 *
 * @param definition the table as the source's catalog has it
 * @param keyColumn the column that says whose a row is; null when every row is the tenant's
 * @param key the tenant's value in that column, in the form in which PostgreSQL prints it; null when there is no such
 *     column. Never part of SQL text.
 */
public record TenantTable(TableDefinition definition, @Nullable String keyColumn, @Nullable String key) {

  public TenantTable {
    if ((keyColumn == null) != (key == null)) {
      throw new IllegalArgumentException("a key needs its column");
    }
  }

  /** Every row is the tenant's: tenancy by schema or database, or a reference table. */
  public static TenantTable whole(TableDefinition definition) {
    return new TenantTable(definition, null, null);
  }

  /**
   * Those of the tables that hold rows of the tenant with this key.
   *
   * @param reference the source's reference tables, which are nobody's; null for none
   * @param own which tables the tenant takes
   */
  public static List<TenantTable> of(
      List<TableDefinition> tables, Tenancy tenancy, String key, TableFilter own, @Nullable TableFilter reference) {
    List<TenantTable> selected = new ArrayList<>();
    for (TableDefinition table : tables) {
      boolean taken = own.matches(table.schema(), table.name())
          && (reference == null || !reference.matches(table.schema(), table.name()));
      switch (tenancy) {
        case Tenancy.ByColumn(String column) when taken && table.column(column).isPresent() ->
          selected.add(new TenantTable(table, column, key));
        case Tenancy.BySchema schema when taken && table.schema().equals(schema.schemaOf(key)) ->
          selected.add(whole(table));
        case Tenancy.ByDatabase _ when taken -> selected.add(whole(table));
        default -> {
          // Not this tenant's.
        }
      }
    }
    return List.copyOf(selected);
  }

  /** {@code schema.table} for people; not SQL. */
  public String qualifiedName() {
    return definition.qualifiedName();
  }

  /** Neither names nor keys of tenants belong into a log by accident. */
  @Override
  public String toString() {
    return "TenantTable[" + qualifiedName() + (keyColumn == null ? "" : " by " + keyColumn) + "]";
  }
}
