package io.helios.repl.apply;

import io.helios.repl.apply.StatementPipeline.Parameter;
import io.helios.repl.apply.StatementPipeline.Statement;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
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
  private final Map<Shape, String> texts = new HashMap<>();

  /** What a text depends on: the kind of statement, the columns, and which of them are binary. */
  private record Shape(char kind, List<Integer> columns, List<Integer> match, String formats) {}

  /** @param arrayTypes OID of the array type by OID of the element type, for built-in types */
  TableSql(TablePlan plan, Map<Integer, Integer> arrayTypes) {
    this.plan = plan;
    this.arrayTypes = arrayTypes;
    this.table = plan.sqlName();
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
    int[] columns = join(assigned, plan.key());
    String sql = text('U', assigned, plan.key(), formats, () -> {
      StringBuilder set = new StringBuilder();
      for (int i = 0; i < assigned.length; i++) {
        set.append(i == 0 ? "" : ", ").append(name(assigned[i])).append(" = ").append(assigned(i, assigned[i], formats));
      }
      return "UPDATE " + table + " AS t SET " + set + " FROM " + opened(columns) + " WHERE "
          + matched(assigned.length, formats);
    });
    return new Statement(sql, arrays(columns, rows, assigned.length, keys, formats));
  }

  Statement delete(List<Tuple> keys, byte[] formats) {
    int[] columns = plan.key();
    String sql = text('D', columns, plan.key(), formats,
        () -> "DELETE FROM " + table + " AS t USING " + opened(columns) + " WHERE " + matched(0, formats));
    return new Statement(sql, arrays(columns, keys, columns.length, keys, formats));
  }

  // One row.

  /** @param conflicts what follows {@code ON CONFLICT}: empty for none */
  Statement insertRow(Tuple row, String conflicts) {
    int[] columns = plan.written();
    String sql = text(conflicts.isEmpty() ? 'i' : 'o', columns, plan.key(), NONE, () -> {
      StringBuilder values = new StringBuilder();
      for (int place : columns) {
        values.append(values.isEmpty() ? "" : ", ").append(value(place));
      }
      return "INSERT INTO " + table + " (" + names(columns) + ")"
          + (plan.overriding() ? " OVERRIDING SYSTEM VALUE" : "") + " VALUES (" + values + ")" + conflicts;
    });
    return new Statement(sql, values(columns, row, new ArrayList<>()));
  }

  /** Updates the one row with the key in {@code keyTuple}. */
  Statement updateRow(Tuple keyTuple, Tuple row, int[] assigned) {
    String sql = text('u', assigned, plan.key(), NONE,
        () -> "UPDATE " + table + " AS t SET " + set(assigned) + " WHERE " + matchedRow());
    return new Statement(sql, values(plan.key(), keyTuple, values(assigned, row, new ArrayList<>())));
  }

  Statement deleteRow(Tuple keyTuple) {
    String sql =
        text('d', plan.key(), plan.key(), NONE, () -> "DELETE FROM " + table + " AS t WHERE " + matchedRow());
    return new Statement(sql, values(plan.key(), keyTuple, new ArrayList<>()));
  }

  /** Counts the rows that hold the row's values in these columns. */
  Statement countRows(List<Integer> columns, Tuple row) {
    int[] places = columns.stream().mapToInt(Integer::intValue).toArray();
    String sql = text('c', places, plan.key(), NONE, () -> "SELECT FROM " + table + " AS t WHERE " + equalTo(places));
    return new Statement(sql, values(places, row, new ArrayList<>()));
  }

  // One row of a table without a key: one of those that are equal as text, whichever.

  Statement updateWholeRow(Tuple old, Tuple row, int[] assigned) {
    String sql = text('w', assigned, plan.key(), NONE,
        () -> "UPDATE " + table + " AS t SET " + set(assigned) + " WHERE " + oneOfWholeRows());
    return new Statement(sql, wholeRow(old, values(assigned, row, new ArrayList<>())));
  }

  Statement deleteWholeRow(Tuple old) {
    String sql = text('x', plan.written(), plan.key(), NONE,
        () -> "DELETE FROM " + table + " AS t WHERE " + oneOfWholeRows());
    return new Statement(sql, wholeRow(old, new ArrayList<>()));
  }

  /** The tenant's rows of a shared table. */
  Statement deleteAll(String tenantKey) {
    return new Statement(
        "DELETE FROM " + table + " AS t WHERE " + equalTo(new int[] {plan.tenant()}),
        List.of(Parameter.text(tenantKey)));
  }

  /** As TRUNCATE names it: without the tables that inherit from it, which are tables of their own; partitions are not. */
  String truncated() {
    return (plan.target().definition().kind() == 'r' ? "ONLY " : "") + table;
  }

  /** Finds a value that several rows hold, in columns that must be unique and have no nulls there. */
  Statement duplicates(List<Integer> columns) {
    StringBuilder names = new StringBuilder();
    StringBuilder condition = new StringBuilder();
    for (int place : columns) {
      names.append(names.isEmpty() ? "" : ", ").append(name(place));
      condition.append(condition.isEmpty() ? "" : " AND ").append(name(place)).append(" IS NOT NULL");
    }
    return new Statement("SELECT FROM " + table + " WHERE " + condition + " GROUP BY " + names
        + " HAVING pg_catalog.count(*) > 1 LIMIT 1", List.of());
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

  private String name(int place) {
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
    StringBuilder arrays = new StringBuilder("(SELECT ");
    for (int i = 0; i < columns.length; i++) {
      arrays.append(i == 0 ? "" : ", ").append("pg_catalog.unnest(?) AS c").append(i);
    }
    return arrays.append(") AS v").toString();
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

  /** The key's columns are the ones from {@code first} on. */
  private String matched(int first, byte[] formats) {
    StringBuilder condition = new StringBuilder();
    int[] key = plan.key();
    for (int k = 0; k < key.length; k++) {
      TargetTable.Column column = plan.column(key[k]);
      boolean sameType = formats[key[k]] == Tuple.BINARY
          && plan.relation().columns().get(key[k]).typeOid() == column.definition().typeOid();
      String value = "v.c" + (first + k);
      condition.append(k == 0 ? "" : " AND ").append("t.").append(name(key[k])).append(' ').append(column.equals())
          .append(' ').append(sameType ? value : "CAST(" + value + " AS " + column.castType() + ")");
    }
    return condition.toString();
  }

  private String value(int place) {
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
    return equalTo(plan.key());
  }

  private String equalTo(int[] places) {
    StringBuilder condition = new StringBuilder();
    for (int place : places) {
      condition.append(condition.isEmpty() ? "" : " AND ").append("t.").append(name(place)).append(' ')
          .append(plan.column(place).equals()).append(' ').append(value(place));
    }
    return condition.toString();
  }

  private String oneOfWholeRows() {
    StringBuilder condition = new StringBuilder();
    if (plan.tenant() >= 0) {
      condition.append("x.").append(name(plan.tenant())).append(' ').append(plan.column(plan.tenant()).equals())
          .append(' ').append(value(plan.tenant()));
    }
    for (int place : plan.written()) {
      condition.append(condition.isEmpty() ? "" : " AND ").append("CAST(x.").append(name(place))
          .append(" AS pg_catalog.text) COLLATE pg_catalog.\"C\" IS NOT DISTINCT FROM CAST(").append(value(place))
          .append(" AS pg_catalog.text) COLLATE pg_catalog.\"C\"");
    }
    return "(t.tableoid, t.ctid) = (SELECT x.tableoid, x.ctid FROM " + table + " AS x WHERE " + condition + " LIMIT 1)";
  }

  private List<Parameter> wholeRow(Tuple old, List<Parameter> parameters) {
    if (plan.tenant() >= 0) {
      values(new int[] {plan.tenant()}, old, parameters);
    }
    return values(plan.written(), old, parameters);
  }

  private List<Parameter> values(int[] columns, Tuple row, List<Parameter> parameters) {
    boolean binary = false;
    for (int i = 0; i < row.columnCount(); i++) {
      binary |= row.kind(i) == Tuple.BINARY;
    }
    for (int place : columns) {
      parameters.add(value(place, row, binary));
    }
    return parameters;
  }

  /** One column's value as a parameter. */
  Parameter value(int place, Tuple row) {
    return value(place, row, row.kind(place) == Tuple.BINARY);
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
    return Parameter.text(text(value, place));
  }

  /** Java would put another character for what is not UTF-8: a {@code "char"} before PostgreSQL 16 may be any byte. */
  private String text(byte[] value, int place) {
    String text = new String(value, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') >= 0 && !Arrays.equals(text.getBytes(StandardCharsets.UTF_8), value)) {
      String column = plan.relation().columns().get(place).name();
      throw new OperatorException(new Problem(
              ErrorCode.TEXT_NOT_UTF8,
              "a value of column \"" + column + "\" of " + plan.name() + " is not valid UTF-8",
              "text travels as UTF-8 and is never changed on the way; a \"char\" of PostgreSQL 15 or earlier may hold any byte",
              "make it ASCII at the source, then: helios-repl tenant resync NAME; or exclude the table (tables: \"!"
                  + plan.name() + "\")")
          .at(null, plan.name()));
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
