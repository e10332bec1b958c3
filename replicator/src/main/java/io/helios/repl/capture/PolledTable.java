package io.helios.repl.capture;

import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import io.helios.repl.postgres.TableStorage;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A table as it is polled: its queries, as SQL. Rows come as {@code COPY} prints them, which is what pgoutput sends as text:
 * one at a time, however many and however large they are. Immutable.
 *
 * <p>No query sorts, and none counts: all that a poll finds is of one snapshot and one transaction of ours, so the order in which
 * its rows come means nothing, and there is no border between two batches for equal values to fall into.
 */
final class PolledTable {

  static final String SEEN = "helios.seen";
  static final String NEWEST = "helios.newest";
  static final String SPAN = "helios.span";
  static final String KEYS = "helios.keys";

  /** A query reads each setting once, not for each row: uncorrelated subqueries ({@code InitPlan}). */
  private static final String NEWEST_ID = setting(NEWEST, "int8");

  private static final String SPAN_IDS = setting(SPAN, "int8");
  private static final String SEEN_BITS =
      "(SELECT pg_catalog.decode(pg_catalog.current_setting('" + SEEN + "'), 'base64'))";
  private static final String SEEN_LENGTH =
      "(SELECT pg_catalog.length(pg_catalog.decode(pg_catalog.current_setting('" + SEEN
          + "'), 'base64'))::pg_catalog.int8 OPERATOR(pg_catalog.*) 8)";

  /** How far the id of the transaction that wrote the row is below the newest; see {@link SeenRows}. */
  private static final String BEHIND =
      "((" + NEWEST_ID
          + " OPERATOR(pg_catalog.-) t.xmin::pg_catalog.text::pg_catalog.int8) OPERATOR(pg_catalog.&) 4294967295)";

  private static final String PLACE = "(" + SPAN_IDS + " OPERATOR(pg_catalog.-) " + BEHIND + ")";

  private static final String UNSEEN =
      "CASE WHEN " + BEHIND + " OPERATOR(pg_catalog.>) " + SPAN_IDS + " THEN false"
          + " WHEN " + PLACE + " OPERATOR(pg_catalog.>=) " + SEEN_LENGTH + " THEN true"
          + " ELSE pg_catalog.get_bit(" + SEEN_BITS + ", " + PLACE + ") OPERATOR(pg_catalog.=) 0 END";

  private final Relation relation;
  private final TableDefinition definition;
  private final CheckpointColumn column;
  private final @Nullable String tenantColumn;

  /**
   * @param relation as frames will describe it: whole rows by their primary key
   * @param tenantColumn by whose values rows are left out at the source; null to have all
   */
  PolledTable(
      Relation relation, TableDefinition definition, CheckpointColumn column, @Nullable String tenantColumn) {
    this.relation = relation;
    this.definition = definition;
    this.column = column;
    this.tenantColumn = tenantColumn;
  }

  static Relation relation(TableDefinition table) {
    return new Relation(
        table.oid(),
        table.schema(),
        table.name(),
        'd',
        table.columns().stream()
            .filter(c -> !c.isGenerated())
            .map(c -> new Relation.Column(
                c.name(), c.typeOid(), c.typeModifier(), table.primaryKey().contains(c.name())))
            .toList());
  }

  Relation relation() {
    return relation;
  }

  int oid() {
    return relation.oid();
  }

  CheckpointColumn column() {
    return column;
  }

  /** Rows that were not found yet, from the horizon on if there is one; those without a value only if there is none. */
  String news(boolean horizon) {
    return copy(horizon ? column.fromHorizon() + " AND " + UNSEEN : UNSEEN);
  }

  /** Rows without a value that were not found yet. */
  String newsWithoutValue() {
    return copy(column.sql() + " IS NULL AND " + UNSEEN);
  }

  /** Rows above the highest value, if there is one. */
  String above(boolean highest) {
    return copy((highest ? column.above() + " AND " : "") + column.present() + " AND " + UNSEEN);
  }

  /** The highest value that is not in the future, above the highest before if there was one; no row when there is none. */
  String highest(boolean highest) {
    return "SELECT " + column.sql() + "::pg_catalog.text FROM " + TableStorage.source(definition) + " t WHERE "
        + (highest ? column.above() + " AND " : "") + column.present() + " ORDER BY " + column.sql() + " DESC LIMIT 1";
  }

  private String copy(String which) {
    String columns = definition.columns().stream()
        .filter(c -> !c.isGenerated())
        .map(ColumnDefinition::name)
        .map(name -> "t." + Identifiers.quote(name))
        .collect(Collectors.joining(", "));
    String mine = tenantColumn == null
        ? ""
        : " AND t." + Identifiers.quote(tenantColumn)
            + "::pg_catalog.text OPERATOR(pg_catalog.=) ANY ((SELECT pg_catalog.current_setting('" + KEYS
            + "')::pg_catalog.text[])::pg_catalog.text[])";
    return "COPY (SELECT t.xmin, " + columns + " FROM " + TableStorage.source(definition) + " t WHERE "
        + which + mine + ") TO STDOUT";
  }

  private static String setting(String name, String type) {
    return "(SELECT pg_catalog.current_setting('" + name + "')::pg_catalog." + type + ")";
  }
}
