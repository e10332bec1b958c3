package io.helios.repl.tests.property;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * A table of a random shape, and random values for it. Sessions share it: its columns grow while they work, under its
 * lock, by whoever alters the table.
 */
final class RandomTable {

  /** A type and an expression of its values; {@code %d} takes a number. */
  private enum Kind {
    SMALL("smallint", "(%d %% 30000)::smallint"),
    INT("int", "%d"),
    BIG("bigint", "%d * 5000000000"),
    AMOUNT("numeric(10,3)", "(%d %% 1000000) / 8.0"),
    ANY_NUMBER("numeric", "CASE %1$d %% 5 WHEN 0 THEN 'NaN' ELSE %1$d / 7.0 END::numeric"),
    REAL("float8", "CASE %1$d %% 6 WHEN 0 THEN '-Infinity' ELSE %1$d / 7.0 END::float8"),
    TEXT("text", "repeat('é\\' || %1$d, %1$d %% 9)"),
    SHORT("varchar(12)", "left(md5('%d'), 12)"),
    PADDED("char(7)", "left(md5('%d'), 5)"),
    BOOL("boolean", "%d %% 2 = 0"),
    BYTES("bytea", "decode(md5('%d'), 'hex')"),
    UUID("uuid", "md5('%d')::uuid"),
    DAY("date", "date '2000-01-01' + %d %% 9000"),
    MOMENT("timestamptz", "timestamptz '1999-12-31 23:59:59.999999+05:30' + %d * interval '1 second'"),
    SPAN("interval", "%d * interval '1 month 1 day 1.5 second'"),
    JSON("jsonb", "jsonb_build_object('k', %1$d, 'n', NULL, 'a', ARRAY[%1$d])"),
    RAW_JSON("json", "('{ \"k\":  %d, \"k\": 1}')::json"),
    ARRAY("int[]", "ARRAY[%d, NULL, 3]"),
    WORDS("text[]", "ARRAY['a,\"b', NULL, 'x%d']"),
    RANGE("int4range", "int4range(%1$d, %1$d + 5)"),
    ADDRESS("inet", "('10.0.' || %1$d %% 256 || '.1/24')::inet"),
    BITS("bit varying(40)", "(%d)::bit(32)::bit varying(40)"),
    LARGE("text", "large(%d)"),
    MOOD("mood", "(enum_range(NULL::mood))[1 + %d %% 3]");

    private final String sql;
    private final String value;

    Kind(String sql, String value) {
      this.sql = sql;
      this.value = value;
    }
  }

  private record Column(String name, Kind kind) {}

  private final String name;
  private final boolean partitioned;
  private final boolean unique;
  private final boolean deferrable;

  /** Whether a column with a default may be added: where it cannot be followed, the tenant stops. */
  private final boolean fills;

  private final char identity;
  private final List<Column> columns = new ArrayList<>();
  private int named;
  private int first;
  private boolean defaulted;
  private boolean widened;

  /**
   * @param sourceMajor PostgreSQL's version at the source
   * @param moods whether the first table has a column of a type that is not built in, so that the stream begins as text
   */
  RandomTable(RandomGenerator random, int number, int sourceMajor, boolean moods) {
    this(random, number, sourceMajor, moods, false);
  }

  /** @param keyed whether it has a primary key in any case */
  RandomTable(RandomGenerator random, int number, int sourceMajor, boolean moods, boolean keyed) {
    this.name = number == 0 ? "\"Odd \"\"name\"" : "t" + number;
    this.partitioned = random.nextInt(4) == 0;
    char any = (partitioned ? "kkkff" : "kkkif").charAt(random.nextInt(5));
    this.identity = keyed ? 'k' : any;
    this.unique = identity != 'f' && random.nextInt(2) == 0;
    this.fills = sourceMajor > 14 || !partitioned || identity != 'f';
    this.deferrable = unique && random.nextInt(2) == 0;
    int count = 1 + random.nextInt(7);
    for (int i = 0; i < count; i++) {
      columns.add(new Column("c" + named++, i == 0 && number == 0 && moods ? Kind.MOOD : kind(random, moods)));
    }
    first = count;
  }

  private static Kind kind(RandomGenerator random, boolean moods) {
    return Kind.values()[random.nextInt(Kind.values().length - (moods ? 0 : 1))];
  }

  List<String> create() {
    List<String> sql = new ArrayList<>();
    String body =
        columns.stream().map(c -> c.name() + " " + c.kind().sql).collect(Collectors.joining(", "))
            + ", tenant_id text NOT NULL, id bigint NOT NULL, code bigint"
            + (identity == 'k' ? ", PRIMARY KEY (tenant_id, id)" : "")
            + (unique ? ", UNIQUE (tenant_id, code)" + (deferrable ? " DEFERRABLE INITIALLY DEFERRED" : "") : "");
    sql.add("CREATE TABLE " + name + " (" + body + ")" + (partitioned ? " PARTITION BY HASH (tenant_id)" : ""));
    List<String> holders = new ArrayList<>(List.of(name));
    if (partitioned) {
      for (int i = 0; i < 2; i++) {
        String leaf = name.startsWith("\"") ? "odd_" + i : name + "_" + i;
        sql.add("CREATE TABLE " + leaf + " PARTITION OF " + name + " FOR VALUES WITH (MODULUS 2, REMAINDER " + i + ")");
        holders.add(leaf);
      }
    }
    if (identity == 'i') {
      String index = name.startsWith("\"") ? "odd_identity" : name + "_identity";
      sql.add("CREATE UNIQUE INDEX " + index + " ON " + name + " (id, tenant_id)");
      sql.add("ALTER TABLE " + name + " REPLICA IDENTITY USING INDEX " + index);
    }
    if (identity == 'f') {
      holders.forEach(holder -> sql.add("ALTER TABLE " + holder + " REPLICA IDENTITY FULL"));
    }
    return sql;
  }

  /** Gives it a column that each change of a row raises, with an index or without. */
  List<String> watched(RandomGenerator random) {
    List<String> sql = new ArrayList<>();
    sql.add("ALTER TABLE " + name + " ADD COLUMN changed timestamptz NOT NULL DEFAULT clock_timestamp()");
    sql.add("CREATE TRIGGER changes BEFORE UPDATE ON " + name + " FOR EACH ROW EXECUTE FUNCTION changes()");
    if (random.nextBoolean()) {
      sql.add("CREATE INDEX ON " + name + " (changed)");
    }
    return sql;
  }

  String name() {
    return name;
  }

  synchronized String insert(RandomGenerator random, String tenant) {
    long from = random.nextInt(400);
    String values = columns.stream().map(c -> value(c, random)).collect(Collectors.joining(", "));
    String names = columns.stream().map(Column::name).collect(Collectors.joining(", "));
    return "INSERT INTO " + name + " (" + names + ", tenant_id, id, code) SELECT " + values + ", '" + tenant
        + "', g, " + (unique ? "g" : "g % 7") + " FROM generate_series(" + from + ", " + (from + random.nextInt(12))
        + ") g" + (identity == 'f' || deferrable ? "" : " ON CONFLICT DO NOTHING");
  }

  /** The value depends on the row where it can, so that one statement writes many. */
  private static String value(Column column, RandomGenerator random) {
    return random.nextInt(8) == 0 ? "NULL" : column.kind().value.formatted(random.nextInt(1 << 20));
  }

  synchronized String update(RandomGenerator random, String tenant) {
    Column one = columns.get(random.nextInt(columns.size()));
    Column two = columns.get(random.nextInt(columns.size()));
    String set = one.name() + " = " + value(one, random)
        + (one.equals(two) ? "" : ", " + two.name() + " = " + value(two, random));
    return "UPDATE " + name + " SET " + set + where(random, tenant);
  }

  String changeKeys(RandomGenerator random, String tenant) {
    return "UPDATE " + name + " SET id = id + " + (random.nextInt(3) == 0 ? 1 : 500) + where(random, tenant);
  }

  /** Values of a unique constraint are swapped: in one statement where that is allowed, else over none in between. */
  String swapCodes(RandomGenerator random, String tenant) {
    int middle = random.nextInt(400);
    if (deferrable) {
      return "UPDATE " + name + " SET code = " + 2 * middle + " - code" + " WHERE tenant_id = '" + tenant
          + "' AND code BETWEEN " + (middle - 20) + " AND " + (middle + 20);
    }
    return "UPDATE " + name + " SET code = NULL" + where(random, tenant) + "; UPDATE " + name
        + " SET code = 100000 + id WHERE code IS NULL AND tenant_id = '" + tenant + "' AND id > " + middle;
  }

  /** Large values are written anew: the stream does not have those that an update leaves alone, which would stop the tenant. */
  synchronized String move(RandomGenerator random, String tenant, String to) {
    String large = columns.stream()
        .filter(c -> c.kind() == Kind.LARGE)
        .map(c -> ", " + c.name() + " = " + c.name() + " || ''")
        .collect(Collectors.joining());
    return "UPDATE " + name + " SET tenant_id = '" + to + "'" + large + where(random, tenant);
  }

  String delete(RandomGenerator random, String tenant) {
    return "DELETE FROM " + name + where(random, tenant);
  }

  String truncate() {
    return "TRUNCATE " + name;
  }

  private static String where(RandomGenerator random, String tenant) {
    int from = random.nextInt(400);
    return " WHERE tenant_id = '" + tenant + "' AND id BETWEEN " + from + " AND " + (from + random.nextInt(30));
  }

  /**
   * A change of the kinds that are carried out. A type is not widened with a rewrite once a default was added: the rewrite
   * takes from the catalog what earlier rows hold. Nor is a column dropped that came just now: the stream may not have come to it.
   */
  synchronized String alter(RandomGenerator random) {
    if (!defaulted && !widened && random.nextInt(3) == 0) {
      widened = true;
      return "ALTER TABLE " + name + " ALTER COLUMN code TYPE numeric";
    }
    if (first > 0 && columns.size() > 1 && random.nextInt(5) == 0) {
      return "ALTER TABLE " + name + " DROP COLUMN " + columns.remove(random.nextInt(first--)).name();
    }
    Kind kind = kind(random, true);
    Column column = new Column("c" + named++, kind);
    String constant = kind.value.formatted(random.nextInt(1 << 20));
    columns.add(column);
    boolean filled = fills && random.nextInt(2) == 0;
    defaulted |= filled;
    return "ALTER TABLE " + name + " ADD COLUMN " + column.name() + " " + kind.sql
        + (filled ? " DEFAULT " + constant + (random.nextInt(2) == 0 ? " NOT NULL" : "") : "");
  }

  /** Everything of some tenants' rows, as text. */
  synchronized String all(String tenants) {
    String names = columns.stream().map(Column::name).collect(Collectors.joining(", "));
    return "SELECT ROW(" + names + ", tenant_id, id, code)::text FROM " + name + " WHERE tenant_id IN (" + tenants
        + ") ORDER BY 1";
  }
}
