package io.helios.repl.capture;

import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What of a source takes part, and by which names: what checking and preparing it need to know.
 *
 * @param source the configured name, for messages
 * @param capture how its changes are found
 * @param referenceTables tables that carry no tenant; null for none
 */
public record SourceScope(
    String source,
    CaptureMode capture,
    Tenancy tenancy,
    TableFilter tables,
    @Nullable TableFilter referenceTables,
    String publication,
    String slot) {

  /** Captured from the WAL. */
  public SourceScope(
      String source,
      Tenancy tenancy,
      TableFilter tables,
      @Nullable TableFilter referenceTables,
      String publication,
      String slot) {
    this(source, new CaptureMode.Wal(), tenancy, tables, referenceTables, publication, slot);
  }

  /** Whether the table is to be published: a reference table, or one that can be some tenant's. */
  public boolean takes(String schema, String table) {
    return isReference(schema, table) || (tables.matches(schema, table) && isTenantSchema(schema));
  }

  public boolean isReference(String schema, String table) {
    return referenceTables != null && referenceTables.matches(schema, table);
  }

  /** The column that the table's changes must carry, or null: other tenancies and reference tables need none. */
  public @Nullable String tenantColumn(TableDefinition table) {
    return tenancy instanceof Tenancy.ByColumn byColumn && !isReference(table.schema(), table.name())
        ? byColumn.column()
        : null;
  }

  /** The tables that take part, as the catalog has them now. */
  public List<TableDefinition> read(Connection connection) throws SQLException {
    return Catalog.tables(connection, this::takes);
  }

  private boolean isTenantSchema(String schema) {
    if (!(tenancy instanceof Tenancy.BySchema bySchema)) {
      return true;
    }
    int key = bySchema.pattern().indexOf("{key}");
    String before = bySchema.pattern().substring(0, key);
    String after = bySchema.pattern().substring(key + "{key}".length());
    return schema.length() > before.length() + after.length() && schema.startsWith(before) && schema.endsWith(after);
  }
}
