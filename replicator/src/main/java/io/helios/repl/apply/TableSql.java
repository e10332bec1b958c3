package io.helios.repl.apply;

import io.helios.repl.apply.StatementPipeline.Parameter;
import io.helios.repl.apply.StatementPipeline.Statement;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.CharBytes;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import io.helios.repl.postgres.TableStorage;
import io.helios.repl.postgres.Tuple;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The statements that write one table. Values are parameters, and what they are is left to the target: a binary value goes
 * as the source's type and is assigned, a text value is cast to the column's type.
 *
 * <p>Sets of rows go as one binary array a column, opened by {@code unnest}: on a backlog as cheap as COPY into a staging
 * table and a join with it, and without their round trips. The texts know no row counts, so each is parsed once a connection.
 * Owned by the session's thread.
 */
final class TableSql {

  /** Hand-assigned OIDs mean the same type on every server ({@code FirstGenbkiObjectId}). */
  private static final int FIRST_VARYING_OID = 10_000;

  private static final int TEXT = 25;

  private final TablePlan plan;
  private final Map<Integer, Integer> arrayTypes;
  private final String table;
  private final String from;
  private final Map<Shape, String> texts = new HashMap<>();

  /** What a text depends on: the kind of statement, the columns, and which of them are binary. */
  private record Shape(char kind, List<Integer> columns, List<Integer> match, String formats) {}

  /** @param arrayTypes OID of the array type by OID of the element type, for built-in types */
  TableSql(TablePlan plan, Map<Integer, Integer> arrayTypes) {
    this.plan = plan;
    this.arrayTypes = arrayTypes;
    this.table = plan.sqlName();
    this.from = TableStorage.source(plan.target().definition());
  }

  /** The table as it stands in FROM, UPDATE and DELETE: without the tables that inherit from it. */
  String from() {
    return from;
  }

  TablePlan plan() {
    return plan;
  }

  // Sets of rows.

  Statement insert(List<Tuple> rows, byte[] formats) {
    int[] columns = plan.written();
    String sql = text('I', columns, plan.key(), formats, () -> "INSERT INTO " + table + " (" + names(columns) + ")"
        + (plan.overriding() ? " OVERRIDING SYSTEM VALUE" : "")
        + " SELECT " + assigned(columns, formats) + " FROM " + opened(columns));
    return new Statement(sql, arrays(columns, rows, columns.length, rows, formats));
  }

  /**
   * The same as a COPY, where the values came in the one form that it would have; else null.
   *
   * @param formats text or binary for each column; 0 where only nulls came, which go with either
   */
  @Nullable CopyRows copy(List<Tuple> rows, byte[] formats) {
    int[] columns = plan.written();
    if (columns.length == 0) {
      return null;
    }
    byte form = 0;
    for (int place : columns) {
      boolean sameType = plan.relation().columns().get(place).typeOid() == plan.column(place).definition().typeOid();
      if (formats[place] != 0) {
        if (form != 0 && formats[place] != form || formats[place] == Tuple.BINARY && !sameType) {
          return null;
        }
        form = formats[place];
      }
    }
    boolean binary = form == Tuple.BINARY;
    String sql = text(binary ? 'B' : 'C', columns, plan.key(), NONE,
        () -> "COPY " + table + " (" + names(columns) + ") FROM STDIN (FORMAT " + (binary ? "binary" : "text") + ")");
    return new CopyRows(sql, binary, columns, rows);
  }

  /** @param keys where each row's key stands; the row's own tuple or the old one */
  Statement update(List<Tuple> rows, List<Tuple> keys, int[] assigned, byte[] formats) {
    int[] columns = join(join(assigned, plan.fixed()), plan.key());
    int fromRows = columns.length - plan.key().length;
    String sql = text('U', assigned, plan.key(), formats, () -> {
      StringBuilder set = new StringBuilder();
      for (int i = 0; i < assigned.length; i++) {
        set.append(i == 0 ? "" : ", ").append(name(assigned[i])).append(" = ").append(assigned(i, assigned[i], formats));
      }
      return "UPDATE " + from + " AS t SET " + set + " FROM " + opened(columns) + " WHERE "
          + matched(assigned.length, join(plan.fixed(), plan.key()), formats);
    });
    return new Statement(sql, arrays(columns, rows, fromRows, keys, formats));
  }

  Statement delete(List<Tuple> keys, byte[] formats) {
    int[] columns = plan.key();
    String sql = text('D', columns, plan.key(), formats,
        () -> "DELETE FROM " + from + " AS t USING " + opened(columns) + " WHERE " + matched(0, columns, formats));
    return new Statement(sql, arrays(columns, keys, columns.length, keys, formats));
  }

  /**
   * Writes each row whether it is there or not, and counts it: a row is not counted where one with its key is there that
   * may not be made equal to it. Without ON CONFLICT, which would want an index on just the key (a partitioned target may
   * have none), and takes neither deferrable keys nor tables with rules.
   *
   * @param assigned what an update sets; not empty
   */
  Statement upsert(List<Tuple> rows, int[] assigned, byte[] formats) {
    int[] columns = upserted();
    String sql = text('P', columns, assigned, formats, () -> upsert(columns, assigned,
        "SELECT " + unnested(columns), i -> assigned(i, columns[i], formats), i -> matching(i, columns[i], formats)));
    return new Statement(sql, arrays(columns, rows, columns.length, rows, formats));
  }

  /** The columns that are written, and those of the key that are not (the target generates them). */
  private int[] upserted() {
    return IntStream.concat(
            IntStream.of(plan.written()),
            IntStream.of(plan.key()).filter(k -> IntStream.of(plan.written()).noneMatch(place -> place == k)))
        .toArray();
  }

  /**
   * @param given the rows, with columns {@code c0}, {@code c1}, …
   * @param value the value to assign, by its place in {@code columns}
   * @param compared the value to compare with
   */
  private String upsert(
      int[] columns, int[] assigned, String given, IntFunction<String> value, IntFunction<String> compared) {
    List<Integer> places = boxed(columns);
    StringBuilder set = new StringBuilder();
    for (int place : assigned) {
      set.append(set.isEmpty() ? "" : ", ").append(name(place)).append(" = ").append(value.apply(places.indexOf(place)));
    }
    StringBuilder values = new StringBuilder();
    for (int place : plan.written()) {
      values.append(values.isEmpty() ? "" : ", ").append(value.apply(places.indexOf(place)));
    }
    return "WITH v AS MATERIALIZED (" + given + "), there AS (UPDATE " + from + " AS t SET " + set + " FROM v WHERE "
        + equal(join(plan.fixed(), plan.key()), places, compared) + " RETURNING true), added AS (INSERT INTO " + table
        + " (" + names(plan.written()) + ")" + (plan.overriding() ? " OVERRIDING SYSTEM VALUE" : "") + " SELECT " + values
        + " FROM v WHERE NOT EXISTS (SELECT FROM " + from + " AS t WHERE " + equal(plan.key(), places, compared)
        + ") RETURNING true) SELECT true FROM there UNION ALL SELECT true FROM added";
  }

  private String equal(int[] condition, List<Integer> places, IntFunction<String> compared) {
    StringBuilder all = new StringBuilder();
    for (int place : condition) {
      all.append(all.isEmpty() ? "" : " AND ").append("t.").append(name(place)).append(' ')
          .append(plan.column(place).equals()).append(' ').append(compared.apply(places.indexOf(place)));
    }
    return all.toString();
  }

  // One row.

  /** See {@link #upsert}. */
  Statement upsertRow(Tuple row, int[] assigned) {
    int[] columns = upserted();
    String sql = text('p', columns, assigned, NONE, () -> {
      StringBuilder given = new StringBuilder();
      for (int i = 0; i < columns.length; i++) {
        given.append(i == 0 ? "SELECT " : ", ").append(value(columns[i])).append(" AS c").append(i);
      }
      return upsert(columns, assigned, given.toString(), i -> "v.c" + i, i -> "v.c" + i);
    });
    return new Statement(sql, values(columns, row, new ArrayList<>()));
  }

  /** @param conflicts what follows {@code ON CONFLICT}: empty for none */
  Statement insertRow(Tuple row, String conflicts) {
    int[] columns = plan.written();
    String sql = text(conflicts.isEmpty() ? 'i' : 'o', columns, plan.key(), NONE, () -> {
      StringBuilder values = new StringBuilder();
      for (int place : columns) {
        values.append(values.isEmpty() ? "" : ", ").append(value(place));
      }
      String into = "INSERT INTO " + table;
      return (columns.length == 0
          ? into + " DEFAULT VALUES"
          : into + " (" + names(columns) + ")" + (plan.overriding() ? " OVERRIDING SYSTEM VALUE" : "") + " VALUES ("
              + values + ")") + conflicts;
    });
    return new Statement(sql, values(columns, row, new ArrayList<>()));
  }

  /** Updates the one row with the key in {@code keyTuple}, if columns that cannot be set are as they must be. */
  Statement updateRow(Tuple keyTuple, Tuple row, int[] assigned) {
    int[] fixed = plan.fixed();
    String sql = text('u', assigned, plan.key(), NONE, () -> "UPDATE " + from + " AS t SET " + set(assigned) + " WHERE "
        + matchedRow() + (fixed.length == 0 ? "" : " AND " + equalTo("t", fixed)));
    return new Statement(
        sql, values(fixed, row, values(plan.key(), keyTuple, values(assigned, row, new ArrayList<>()))));
  }

  /**
   * Puts the row in the place of the one with the key in {@code keyTuple}: the way to change what no update may set.
   * What was not sent, and what only the target has, stays.
   */
  Statement replaceRow(Tuple keyTuple, Tuple row) {
    List<Parameter> parameters = values(plan.key(), keyTuple, new ArrayList<>());
    StringBuilder names = new StringBuilder();
    StringBuilder values = new StringBuilder();
    for (int place : plan.written()) {
      names.append(names.isEmpty() ? "" : ", ").append(name(place));
      values.append(values.isEmpty() ? "" : ", ").append(row.isUnchanged(place) ? "g." + name(place) : value(place));
      if (!row.isUnchanged(place)) {
        values(new int[] {place}, row, parameters);
      }
    }
    for (ColumnDefinition column : plan.target().definition().columns()) {
      if (!column.isGenerated() && plan.relation().indexOf(column.name()) < 0) {
        names.append(", ").append(Identifiers.quote(column.name()));
        values.append(", g.").append(Identifiers.quote(column.name()));
      }
    }
    return new Statement("WITH gone AS (DELETE FROM " + from + " AS t WHERE " + matchedRow() + " RETURNING t.*) INSERT INTO "
        + table + " (" + names + ") OVERRIDING SYSTEM VALUE SELECT " + values + " FROM gone AS g", parameters);
  }

  Statement deleteRow(Tuple keyTuple) {
    String sql =
        text('d', plan.key(), plan.key(), NONE, () -> "DELETE FROM " + from + " AS t WHERE " + matchedRow());
    return new Statement(sql, values(plan.key(), keyTuple, new ArrayList<>()));
  }

  /** Counts the rows that hold the row's values in these columns. */
  Statement countRows(List<Integer> columns, Tuple row) {
    int[] places = columns.stream().mapToInt(Integer::intValue).toArray();
    String sql = text('c', places, plan.key(), NONE, () -> "SELECT FROM " + from + " AS t WHERE " + equalTo("t", places));
    return new Statement(sql, values(places, row, new ArrayList<>()));
  }

  // One row of a table without a key: one of those that are equal as text, whichever.

  Statement updateWholeRow(Tuple old, Tuple row, int[] assigned) {
    String sql = text('w', assigned, plan.key(), NONE,
        () -> "UPDATE " + from + " AS t SET " + set(assigned) + " WHERE " + oneOfWholeRows());
    return new Statement(sql, wholeRow(old, values(assigned, row, new ArrayList<>())));
  }

  Statement deleteWholeRow(Tuple old) {
    String sql = text('x', plan.written(), plan.key(), NONE,
        () -> "DELETE FROM " + from + " AS t WHERE " + oneOfWholeRows());
    return new Statement(sql, wholeRow(old, new ArrayList<>()));
  }

  /** The tenant's rows of a shared table. */
  Statement deleteAll(String tenantKey) {
    return new Statement(
        "DELETE FROM " + from + " AS t WHERE " + equalTo("t", new int[] {plan.tenant()}),
        List.of(Parameter.text(tenantKey)));
  }

  private static final byte[] NONE = {};

  private String text(char kind, int[] columns, int[] match, byte[] formats, Supplier<String> made) {
    Shape shape = new Shape(kind, boxed(columns), boxed(match), new String(formats, StandardCharsets.ISO_8859_1));
    String known = texts.get(shape);
    if (known == null) {
      known = made.get();
      texts.put(shape, known);
    }
    return known;
  }

  String name(int place) {
    return Identifiers.quote(plan.relation().columns().get(place).name());
  }

  private String names(int[] columns) {
    StringBuilder names = new StringBuilder();
    for (int place : columns) {
      names.append(names.isEmpty() ? "" : ", ").append(name(place));
    }
    return names.toString();
  }

  /**
   * The arrays as rows. In a select list they are opened one element after the other (ProjectSet), in a FROM clause they
   * would be written to a tuple store first ({@code nodeFunctionscan.c}).
   */
  private static String opened(int[] columns) {
    return "(SELECT " + unnested(columns) + ") AS v";
  }

  private static String unnested(int[] columns) {
    StringBuilder arrays = new StringBuilder();
    for (int i = 0; i < columns.length; i++) {
      arrays.append(i == 0 ? "" : ", ").append("pg_catalog.unnest(?) AS c").append(i);
    }
    return arrays.toString();
  }

  private String assigned(int[] columns, byte[] formats) {
    StringBuilder values = new StringBuilder();
    for (int i = 0; i < columns.length; i++) {
      values.append(i == 0 ? "" : ", ").append(assigned(i, columns[i], formats));
    }
    return values.toString();
  }

  private String assigned(int i, int place, byte[] formats) {
    return formats[place] == Tuple.BINARY ? "v.c" + i : "CAST(v.c" + i + " AS " + plan.column(place).castType() + ")";
  }

  /** @param key the columns that must be equal; they are opened from {@code first} on */
  private String matched(int first, int[] key, byte[] formats) {
    StringBuilder condition = new StringBuilder();
    for (int k = 0; k < key.length; k++) {
      condition.append(k == 0 ? "" : " AND ").append("t.").append(name(key[k])).append(' ')
          .append(plan.column(key[k]).equals()).append(' ').append(matching(first + k, key[k], formats));
    }
    return condition.toString();
  }

  private String matching(int i, int place, byte[] formats) {
    TargetTable.Column column = plan.column(place);
    boolean sameType = formats[place] == Tuple.BINARY
        && plan.relation().columns().get(place).typeOid() == column.definition().typeOid();
    return sameType ? "v.c" + i : "CAST(v.c" + i + " AS " + column.castType() + ")";
  }

  /** A parameter for one column's value, cast to its type. */
  String value(int place) {
    return "CAST(? AS " + plan.column(place).castType() + ")";
  }

  private String set(int[] assigned) {
    StringBuilder set = new StringBuilder();
    for (int place : assigned) {
      set.append(set.isEmpty() ? "" : ", ").append(name(place)).append(" = ").append(value(place));
    }
    return set.toString();
  }

  private String matchedRow() {
    return equalTo("t", plan.key());
  }

  String equalTo(String alias, int[] places) {
    StringBuilder condition = new StringBuilder();
    for (int place : places) {
      condition.append(condition.isEmpty() ? "" : " AND ").append(alias).append('.').append(name(place)).append(' ')
          .append(plan.column(place).equals()).append(' ').append(value(place));
    }
    return condition.toString();
  }

  /** Over alias {@code t}: whether it is the one row to take of those that are equal to {@link #wholeRow}. */
  String oneOfWholeRows() {
    StringBuilder condition = new StringBuilder(plan.written().length == 0 ? "true" : "");
    if (plan.tenant() >= 0) {
      condition.append("x.").append(name(plan.tenant())).append(' ').append(plan.column(plan.tenant()).equals())
          .append(' ').append(value(plan.tenant()));
    }
    for (int place : plan.written()) {
      condition.append(condition.isEmpty() ? "" : " AND ").append("CAST(x.").append(name(place))
          .append(" AS pg_catalog.text) COLLATE pg_catalog.\"C\" IS NOT DISTINCT FROM CAST(").append(value(place))
          .append(" AS pg_catalog.text) COLLATE pg_catalog.\"C\"");
    }
    return "(t.tableoid, t.ctid) = (SELECT x.tableoid, x.ctid FROM " + from + " AS x WHERE " + condition + " LIMIT 1)";
  }

  List<Parameter> wholeRow(Tuple old, List<Parameter> parameters) {
    if (plan.tenant() >= 0) {
      values(new int[] {plan.tenant()}, old, parameters);
    }
    return values(plan.written(), old, parameters);
  }

  List<Parameter> values(int[] columns, Tuple row, List<Parameter> parameters) {
    boolean binary = false;
    for (int i = 0; i < row.columnCount(); i++) {
      binary |= row.kind(i) == Tuple.BINARY;
    }
    for (int place : columns) {
      parameters.add(value(place, row, binary));
    }
    return parameters;
  }

  /** @param binary whether the row has binary values at all: a NULL then has the type that its other values have */
  private Parameter value(int place, Tuple row, boolean binary) {
    int typeOid = plan.relation().columns().get(place).typeOid();
    byte[] value = row.value(place);
    if (value == null) {
      boolean builtIn = Integer.compareUnsigned(typeOid, FIRST_VARYING_OID) < 0;
      return Parameter.nothing(binary && builtIn ? typeOid : 0);
    }
    if (row.kind(place) == Tuple.BINARY) {
      checkReadable(place);
      return Parameter.binary(value, typeOid);
    }
    if (plan.misread(row, place)) {
      throw CharBytes.refused(plan.name(), plan.relation().columns().get(place).name());
    }
    return Parameter.text(text(value, place));
  }

  /** Java would put another character for what is not UTF-8: a {@code "char"} before PostgreSQL 15 may be any byte. */
  private String text(byte[] value, int place) {
    String text = new String(value, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') >= 0 && !Arrays.equals(text.getBytes(StandardCharsets.UTF_8), value)) {
      throw CharBytes.refused(plan.name(), plan.relation().columns().get(place).name());
    }
    return text;
  }

  /** The first {@code fromRows} columns come from the rows, the others from the keys. */
  private List<Parameter> arrays(int[] columns, List<Tuple> rows, int fromRows, List<Tuple> keys, byte[] formats) {
    List<Parameter> parameters = new ArrayList<>(columns.length);
    for (int i = 0; i < columns.length; i++) {
      int place = columns[i];
      int element = TEXT;
      if (formats[place] == Tuple.BINARY) {
        checkReadable(place);
        element = plan.relation().columns().get(place).typeOid();
      }
      parameters.add(Parameter.binary(
          BinaryArray.of(element, i < fromRows ? rows : keys, place), arrayTypes.getOrDefault(element, 0)));
    }
    return parameters;
  }

  /**
   * Whether rows of these formats may go as arrays: each binary column has an array type and is no array itself, and no text
   * would be cast by a function where the type's own input function is meant.
   */
  boolean asArrays(byte[] formats) {
    if (plan.written().length == 0) {
      return false;
    }
    for (int place : plan.written()) {
      if (formats[place] == Tuple.TEXT && plan.column(place).castByFunction()) {
        return false;
      }
      Relation.Column column = plan.relation().columns().get(place);
      if (formats[place] == Tuple.BINARY && (!arrayTypes.containsKey(column.typeOid()) || isArray(column.typeOid()))) {
        return false;
      }
    }
    return true;
  }

  private boolean isArray(int typeOid) {
    return arrayTypes.containsValue(typeOid);
  }

  private void checkReadable(int place) {
    Relation.Column column = plan.relation().columns().get(place);
    if (Integer.compareUnsigned(column.typeOid(), FIRST_VARYING_OID) >= 0) {
      throw new OperatorException(new Problem(
              ErrorCode.VALUE_UNREADABLE,
              "column \"" + column.name() + "\" of " + plan.name() + " came in binary form, and its type is not built in",
              "the type's number differs from server to server; an older release captured it so",
              "helios-repl tenant resync NAME")
          .at(null, plan.name()));
    }
  }

  private static int[] join(int[] a, int[] b) {
    int[] joined = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, joined, a.length, b.length);
    return joined;
  }

  private static List<Integer> boxed(int[] places) {
    return Arrays.stream(places).boxed().toList();
  }
}
