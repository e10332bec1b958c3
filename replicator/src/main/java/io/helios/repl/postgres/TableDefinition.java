package io.helios.repl.postgres;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A table as the catalog has it now, of source or target: what copying, applying, checking and creating need to know.
 *
 * @param kind {@code r} ordinary or {@code p} partitioned root ({@code pg_class.relkind}); partitions are no tables of
 *     their own here
 * @param replicaIdentity {@code pg_class.relreplident}
 * @param columns live columns in the order of {@code attnum}
 * @param primaryKey its columns in key order; empty without one
 * @param identityKey the columns that name a row in the WAL: the primary key (unless it is deferrable), or the identity
 *     index's columns; with replica identity full all columns that are not generated; empty when updates and deletes
 *     cannot be published
 * @param uniqueKeys the column lists of every unique constraint and index besides the primary key, partial ones too; an
 *     index on an expression lists the columns that the expression reads
 * @param deferrableKeys whether any unique constraint or the primary key is deferrable
 * @param estimatedRows {@code reltuples}, partitions included; -1 when never analysed
 * @param bytes {@code pg_table_size}, partitions included
 */
public record TableDefinition(
    int oid,
    String schema,
    String name,
    char kind,
    char replicaIdentity,
    List<ColumnDefinition> columns,
    List<String> primaryKey,
    List<String> identityKey,
    List<List<String>> uniqueKeys,
    boolean deferrableKeys,
    long estimatedRows,
    long bytes) {

  /**
   * @param number {@code attnum}
   * @param typeSql the type as SQL, schema-qualified where it is not in pg_catalog ({@code format_type} under an empty
   *     search_path), typmod included
   * @param typeKind {@code pg_type.typtype}: b, c, d, e, p, r, m
   * @param defaultSql the default expression, or the generation expression; null without one
   * @param identity {@code a}lways, {@code d}efault, or a space
   * @param generated {@code s}tored, {@code v}irtual, or a space: never written, never copied
   */
  public record ColumnDefinition(
      String name,
      int number,
      int typeOid,
      int typeModifier,
      String typeSql,
      char typeKind,
      boolean notNull,
      @Nullable String defaultSql,
      char identity,
      char generated) {

    public boolean isGenerated() {
      return generated != ' ';
    }
  }

  public Optional<ColumnDefinition> column(String column) {
    return columns.stream().filter(c -> c.name().equals(column)).findFirst();
  }

  /** {@code schema.table} for people; not SQL. */
  public String qualifiedName() {
    return schema + "." + name;
  }

  /** {@code "schema"."table"}, for SQL. */
  public String sqlName() {
    return Identifiers.quote(schema) + "." + Identifiers.quote(name);
  }
}
