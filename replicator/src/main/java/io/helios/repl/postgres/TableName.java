package io.helios.repl.postgres;

/** A table by name: what is the same at source and target, where OIDs are not. */
public record TableName(String schema, String name) {

  public static TableName of(TableDefinition table) {
    return new TableName(table.schema(), table.name());
  }

  /** {@code "schema"."table"}, for SQL. */
  public String sql() {
    return Identifiers.quote(schema, name);
  }

  /** {@code schema.table} for people; not SQL. */
  @Override
  public String toString() {
    return schema + "." + name;
  }
}
