package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.schema.LiveTable;
import io.helios.repl.postgres.schema.LiveTable.Earlier;
import io.helios.repl.postgres.schema.SchemaBuilder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What has to be done at the target for a table whose shape in the stream is not the one that was last seen: decided from
 * the stream, from what was seen before, and from both catalogs, of which the source's may be further on than the
 * stream. Where these do not agree it throws rather than guess. Pure; one use.
 *
 * <p>The rules rest on column numbers. A name that is new with a number that is new is a new column; with a number that was
 * there, a renamed one. A name that was there with another number was dropped and made again; with its own, and another
 * type, it was altered. What a column's number is at the target tells whether somebody has followed suit there.
 */
final class SchemaChange {

  /**
   * A column in which all of the tenant's rows must hold one value, since no later one has come yet.
   *
   * @param value null for NULL
   */
  record Fill(String column, String typeSql, @Nullable String value) {}

  private final String tenant;
  private final Relation relation;
  private final SeenTable seen;
  private final LiveTable source;
  private final LiveTable target;
  private final Set<String> typesThere;
  private final String alter;

  private final Set<String> statements = new LinkedHashSet<>();
  private final List<Fill> fills = new ArrayList<>();
  private final Map<String, SeenTable.Column> columns = new LinkedHashMap<>();
  private final TreeSet<Integer> added = new TreeSet<>();
  private final Set<Integer> fresh = new HashSet<>();
  private final List<String> remade = new ArrayList<>();

  /**
   * @param tenant its name, for hints
   * @param typesThere types that are not built in and that the target has, as SQL
   * @throws OperatorException when it cannot be carried out
   */
  SchemaChange(
      String tenant, Relation relation, SeenTable seen, LiveTable source, LiveTable target, Set<String> typesThere) {
    this.tenant = tenant;
    this.relation = relation;
    this.seen = seen;
    this.source = source;
    this.target = target;
    this.typesThere = typesThere;
    this.alter = "ALTER TABLE " + Identifiers.quote(relation.schema(), relation.name()) + " ";
    if (relation.oid() != seen.oid() && target.oid() == seen.targetOid()) {
      throw stop(
          ErrorCode.TABLE_RECREATED,
          "was dropped and made again, or another table took its name",
          "what its rows were is gone, without a change in the stream",
          "helios-repl tenant resync " + tenant);
    }
    seen.columns().forEach(c -> columns.put(c.name(), c));
    for (Relation.Column column : relation.columns()) {
      Optional<SeenTable.Column> before = relation.oid() == seen.oid() ? seen.column(column.name()) : Optional.empty();
      if (before.isPresent()) {
        known(column, before.get());
      } else if (relation.oid() != seen.oid()) {
        keep(column, source.column(column.name()).map(LiveTable.Column::number).orElse(0));
      } else {
        unknown(column);
      }
    }
    for (int number = seen.highest() + 1; !added.isEmpty() && number <= added.last(); number++) {
      if (!fresh.contains(number)) {
        throw movedOn("columns came and went between this change and now");
      }
    }
  }

  /** SQL for the target, in order. */
  List<String> statements() {
    return List.copyOf(statements);
  }

  List<Fill> fills() {
    return fills;
  }

  /** What is to be noted once it is done. */
  SeenTable after(Lsn at) {
    int highest = columns.values().stream().mapToInt(SeenTable.Column::number).max().orElse(0);
    return new SeenTable(
        relation.oid(), Math.max(seen.highest(), highest), at, target.oid(), List.copyOf(columns.values()),
        remade);
  }

  private void known(Relation.Column column, SeenTable.Column before) {
    LiveTable.Column now = source.column(column.name()).orElse(null);
    LiveTable.Column there = target.column(column.name()).orElse(null);
    if (now != null && now.number() != before.number()) {
      if (there == null || there.number() == before.targetNumber()) {
        throw stop(
            ErrorCode.COLUMN_RECREATED,
            "column \"" + column.name() + "\" was dropped and made again",
            "what rows held in it is gone, without a change in the stream",
            alter + "DROP COLUMN " + Identifiers.quote(column.name()) + ", " + addColumn(now) + "; then: "
                + goOn() + " (or: helios-repl tenant resync " + tenant + ")");
      }
      if (now.earlier() == Earlier.UNKNOWN) {
        throw notAddable(column, now, "what rows that were there before hold in it is not one constant");
      }
      remade.add(column.name());
      keep(column, now.number());
    } else if (before.typeOid() != column.typeOid() || before.typeModifier() != column.typeModifier()) {
      if (there != null) {
        retype(column, before.typeOid(), before.typeModifier(), now, there);
      }
      keep(column, before.number());
    }
  }

  private void unknown(Relation.Column column) {
    LiveTable.Column now = source.column(column.name())
        .orElseThrow(() -> movedOn("it has no column \"" + column.name() + "\" any more"));
    LiveTable.Column there = target.column(column.name()).orElse(null);
    if (now.number() > seen.highest()) {
      add(column, now, there);
    } else if (there == null || there.generated()) {
      SeenTable.Column before = seen.column(now.number()).orElse(null);
      if (before == null) {
        throw notAddable(column, now, "it was there before, but not in the stream");
      }
      throw stop(
          ErrorCode.COLUMN_RENAMED,
          "column \"" + before.name() + "\" is called \"" + column.name() + "\" now",
          "it was renamed at the source",
          alter + "RENAME COLUMN " + Identifiers.quote(before.name()) + " TO " + Identifiers.quote(column.name())
              + "; then: " + goOn());
    } else {
      seen.column(now.number()).ifPresent(before -> columns.remove(before.name()));
    }
    keep(column, now.number());
  }

  private void add(Relation.Column column, LiveTable.Column now, LiveTable.@Nullable Column there) {
    fresh.add(now.number());
    if (source.losesEarlierValues() && now.earlier() == Earlier.VALUE) {
      throw stop(
          ErrorCode.EARLIER_VALUES_LOST,
          "column \"" + column.name() + "\" was added with a default",
          "PostgreSQL 14 does not send its value in old rows of partitions: which row is meant could not be told",
          "at the source: VACUUM FULL " + Identifiers.quote(relation.schema(), relation.name()) + ";\nat the target: "
              + alter + addColumn(now) + ";\nthen: helios-repl tenant resync " + tenant);
    }
    if (there != null) {
      retype(column, column.typeOid(), column.typeModifier(), now, there);
      fill(now, there);
      return;
    }
    if (now.identity() || now.earlier() == Earlier.UNKNOWN) {
      throw notAddable(
          column, now, "what rows that were there before hold in it is not one constant, or not known any more");
    }
    if (!Widening.holds(column.typeOid(), column.typeModifier(), now.typeOid(), now.typeModifier())) {
      throw movedOn("column \"" + column.name() + "\" has been altered again since");
    }
    added.add(now.number());
    for (LiveTable.NamedType type : now.types()) {
      if (!typesThere.contains(type.sqlName())) {
        String create = type.create();
        if (create == null) {
          throw notAddable(column, now, "the target lacks its type " + type.sqlName());
        }
        statements.add(create);
      }
    }
    statements.add(alter + addColumn(now));
  }

  /** What all rows hold in a column when it has just been made. */
  static Fill anew(LiveTable.Column column) {
    return new Fill(column.name(), column.typeSql(), column.value());
  }

  /** A column that is there already: another tenant's stream, or somebody's hand, has been here before. */
  private void fill(LiveTable.Column now, LiveTable.Column there) {
    boolean alike = now.earlier() == there.earlier() && Objects.equals(now.value(), there.value());
    if (!alike && now.earlier() != Earlier.UNKNOWN) {
      statements.add(alter + "ALTER COLUMN " + Identifiers.quote(now.name())
          + (now.earlier() == Earlier.NULL ? " DROP DEFAULT" : " SET DEFAULT " + constant(now)));
      fills.add(new Fill(now.name(), there.typeSql(), now.value()));
    }
  }

  /** Brings the target's column to the stream's type, from whatever it was before, if that is a widening throughout. */
  private void retype(
      Relation.Column column, int before, int beforeModifier, LiveTable.@Nullable Column now, LiveTable.Column there) {
    int type = column.typeOid();
    int modifier = column.typeModifier();
    boolean sameName =
        now != null
            && now.typeOid() == type
            && now.typeModifier() == modifier
            && now.typeSql().equals(there.typeSql());
    boolean widened = Widening.holds(before, beforeModifier, type, modifier);
    if (sameName
        || there.typeOid() == type && there.typeModifier() == modifier
        || widened && Widening.holds(type, modifier, there.typeOid(), there.typeModifier())) {
      return;
    }
    String sql = Widening.sql(type, modifier);
    if (!widened || sql == null || !Widening.holds(there.typeOid(), there.typeModifier(), type, modifier)) {
      String wanted = now != null ? now.typeSql() : "the source's type";
      throw stop(
          ErrorCode.COLUMN_TYPE_CHANGED,
          "column \"" + column.name() + "\" is " + wanted + " now, and " + there.typeSql() + " at the target",
          "this is no widening: values may have been rewritten, without a change in the stream",
          alter + "ALTER COLUMN " + Identifiers.quote(column.name()) + " TYPE " + wanted + " USING "
              + Identifiers.quote(column.name()) + "::" + wanted + " (as the source did it); then: " + goOn());
    }
    statements.add(alter + "ALTER COLUMN " + Identifiers.quote(column.name()) + " TYPE " + sql);
  }

  private void keep(Relation.Column column, int number) {
    columns.put(
        column.name(), new SeenTable.Column(column.name(), number, column.typeOid(), column.typeModifier(), 0));
  }

  private static String addColumn(LiveTable.Column column) {
    return "ADD COLUMN IF NOT EXISTS " + Identifiers.quote(column.name()) + " " + column.typeSql()
        + (column.collation() == null ? "" : " COLLATE " + column.collation())
        + (column.earlier() == Earlier.VALUE
            ? " DEFAULT " + constant(column) + (column.notNull() ? " NOT NULL" : "")
            : "");
  }

  private static String constant(LiveTable.Column column) {
    return SchemaBuilder.literal(Objects.requireNonNull(column.value())) + "::" + column.typeSql();
  }

  private OperatorException notAddable(Relation.Column column, LiveTable.Column now, String why) {
    return stop(
        ErrorCode.COLUMN_NOT_ADDABLE,
        "column \"" + column.name() + "\" is new at the source and cannot be added here by itself",
        why,
        alter + "ADD COLUMN " + Identifiers.quote(column.name()) + " " + now.typeSql() + "; then: " + goOn()
            + "; where rows that were there before are not empty in it at the source: helios-repl tenant resync "
            + tenant);
  }

  private OperatorException movedOn(String why) {
    return stop(
        ErrorCode.SCHEMA_MOVED_ON,
        "has changed, and again since: what this change was is no longer to be seen",
        why,
        "make the target's table like the source's, then: helios-repl tenant resync " + tenant);
  }

  private String goOn() {
    return "helios-repl tenant start " + tenant;
  }

  private OperatorException stop(ErrorCode code, String message, String why, String hint) {
    return new OperatorException(
        new Problem(code, "table " + relation.qualifiedName() + " of the source: " + message, why, hint));
  }
}
