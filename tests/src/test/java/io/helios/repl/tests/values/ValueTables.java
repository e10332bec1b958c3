package io.helios.repl.tests.values;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.SessionSettings;
import io.helios.repl.tests.fixture.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Tables with a column for each type: one with a key, one without, and one whose changes the applier can take as sets (the
 * type of a single column decides that for its whole table); and a session of the source's that fills them,
 * pinned like those of the product whatever the database's settings are.
 */
final class ValueTables implements AutoCloseable {

  private static final String KEYED = "things.keyed";
  private static final String LOOSE = "things.loose";
  private static final String SETS = "things.sets";

  private final Connection source;
  private final Database target;
  private final String columns;
  private final String setColumns;
  private final int rows;

  private ValueTables(Connection source, Database target, List<Samples> samples) {
    this.source = source;
    this.target = target;
    this.columns = names(samples);
    this.setColumns = names(inSets(samples));
    this.rows = samples.stream().mapToInt(s -> s.values().size()).max().orElseThrow();
  }

  private static String names(List<Samples> samples) {
    return samples.stream().map(s -> Identifiers.quote(s.name())).collect(Collectors.joining(", "));
  }

  /** Binary arrays have no arrays as elements, and a text is no regclass to every cast: tables with such columns go row by row. */
  private static List<Samples> inSets(List<Samples> samples) {
    boolean binary = samples.stream().allMatch(Samples::portable);
    return samples.stream().filter(s -> binary ? !s.type().endsWith("[]") : !s.type().equals("regclass")).toList();
  }

  /** Makes the tables at the source, and fills them: row n has each type's n-th value, from the first on again. */
  static ValueTables create(Database sourceDatabase, Database target, List<Samples> samples) throws SQLException {
    Connection source = sourceDatabase.connect();
    SessionSettings.apply(source);
    ValueTables tables = new ValueTables(source, target, samples);
    String definition =
        samples.stream().map(s -> Identifiers.quote(s.name()) + " " + s.type()).collect(Collectors.joining(", "));
    tables.run("CREATE TABLE " + KEYED + " (id int PRIMARY KEY, " + definition + ")");
    tables.run("CREATE TABLE " + LOOSE + " (id int, " + definition + ")");
    tables.run("ALTER TABLE " + LOOSE + " REPLICA IDENTITY FULL");
    tables.run("CREATE TABLE things.nudge (id int PRIMARY KEY, n int)");
    tables.run("INSERT INTO things.nudge VALUES (1, 0)");
    for (int row = 0; row < tables.rows; row++) {
      int at = row;
      tables.run("INSERT INTO " + KEYED + " VALUES (" + (row + 1) + ", "
          + samples.stream().map(s -> s.values().get(at % s.values().size())).collect(Collectors.joining(", ")) + ")");
    }
    tables.run("INSERT INTO " + KEYED + " (id) VALUES (" + (tables.rows + 1) + ")");
    tables.run("INSERT INTO " + LOOSE + " SELECT * FROM " + KEYED);
    tables.run("CREATE TABLE " + SETS + " AS SELECT id, " + tables.setColumns + " FROM " + KEYED);
    tables.run("ALTER TABLE " + SETS + " ADD PRIMARY KEY (id)");
    return tables;
  }

  /** So many rows that the applier takes them as one array a column. */
  void insertSome() throws SQLException {
    run("INSERT INTO " + KEYED + " SELECT 1000 + id, " + columns + " FROM " + KEYED + " WHERE id < 100");
  }

  /**
   * So many rows that the applier takes them by COPY. Each has every eighth column only: a batch is also written when it has
   * some megabytes, and rows of all columns would reach that before the number that is worth a COPY.
   */
  void insertMany() throws SQLException {
    String[] names = columns.split(", ");
    StringBuilder some = new StringBuilder();
    for (int i = 0; i < names.length; i++) {
      some.append(", CASE WHEN g % 8 = ").append(i % 8).append(" THEN ").append(names[i]).append(" END");
    }
    run("INSERT INTO " + KEYED + " SELECT 2000 + g * 100 + id" + some + " FROM " + KEYED
        + ", generate_series(1, " + (8 + 600 / rows) + ") AS g WHERE id < 100");
  }

  /** Every statement on the table of sets is noted at the target from now on. */
  void watchSets() throws SQLException {
    try (Connection connection = target.connect();
        Statement statement = connection.createStatement()) {
      SessionSettings.apply(connection);
      for (String sql : List.of(
          "CREATE TABLE things.seen (query text)",
          "CREATE FUNCTION things.note() RETURNS trigger LANGUAGE plpgsql AS"
              + " $$ BEGIN INSERT INTO things.seen VALUES (pg_catalog.current_query()); RETURN NULL; END $$",
          "CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON " + SETS + " FOR EACH STATEMENT EXECUTE FUNCTION things.note()",
          "ALTER TABLE " + SETS + " ENABLE ALWAYS TRIGGER note")) {
        statement.execute(sql);
      }
    }
  }

  /** Inserts, updates and deletes, in transactions of their own: folded into one they would be fewer kinds. */
  void changeSets() throws SQLException {
    run("INSERT INTO " + SETS + " SELECT 1000 + id, " + setColumns + " FROM " + SETS + " WHERE id < 100",
        "INSERT INTO " + SETS + " SELECT 2000 + id, " + setColumns + " FROM " + SETS + " WHERE id < 100");
  }

  void updateSets() throws SQLException {
    run("UPDATE " + SETS + " AS t SET (" + setColumns + ") = (SELECT " + setColumns + " FROM " + SETS
        + " AS s WHERE s.id = (t.id + 1) % 1000 % " + (rows + 1) + " + 1) WHERE t.id > 1000");
  }

  void deleteSets() throws SQLException {
    run("DELETE FROM " + SETS + " WHERE id > 2000");
  }

  /** The applier has taken them as sets. */
  void assertSets() {
    for (String kind : List.of("INSERT", "UPDATE", "DELETE")) {
      assertThat(target.query("SELECT query FROM things.seen WHERE query LIKE '" + kind + "%'"))
          .isNotEmpty()
          .allMatch(query -> query.contains("pg_catalog.unnest("));
    }
  }

  void updateAndDelete() throws SQLException {
    run(
        update(KEYED, "BETWEEN 1001 AND 1999"),
        "DELETE FROM " + KEYED + " WHERE id > 2000 AND id % 2 = 0");
  }

  /** Changes of keys, which go one by one. */
  void moveKeys() throws SQLException {
    run("UPDATE " + KEYED + " SET id = id + 100000 WHERE id BETWEEN 1001 AND 1999 AND id % 3 = 0",
        "UPDATE " + KEYED + " SET id = id + 200000 WHERE id < 100 AND id % 4 = 0");
  }

  /** Changes of rows that are found by all of their values. */
  void changeLoose() throws SQLException {
    run(
        "INSERT INTO " + LOOSE + " SELECT 1000 + id, " + columns + " FROM " + KEYED + " WHERE id < 100",
        update(LOOSE, "BETWEEN 1001 AND 1999"),
        "DELETE FROM " + LOOSE + " WHERE id < 100 AND id % 2 = 0");
  }

  /** Changes in one transaction with one that meets a conflict at the target: all of them go one by one. */
  void changeOneByOne() throws SQLException {
    try (Connection connection = target.connect();
        Statement statement = connection.createStatement()) {
      SessionSettings.apply(connection);
      statement.execute("SET session_replication_role = replica");
      statement.execute("DELETE FROM things.nudge");
    }
    run(
        "UPDATE things.nudge SET n = n + 1",
        "INSERT INTO " + KEYED + " SELECT 50000 + id, " + columns + " FROM " + KEYED + " WHERE id BETWEEN 1 AND 99",
        "INSERT INTO " + KEYED + " SELECT 60000 + id, " + columns + " FROM " + KEYED + " WHERE id BETWEEN 1 AND 99",
        update(KEYED, "BETWEEN 60001 AND 60999"),
        "DELETE FROM " + KEYED + " WHERE id BETWEEN 2001 AND 2999 AND id % 5 = 0");
  }

  private String update(String table, String ids) {
    return "UPDATE " + table + " AS t SET (" + columns + ") = (SELECT " + columns + " FROM " + KEYED
        + " AS s WHERE s.id = t.id % 1000 % " + (rows + 1) + " + 1) WHERE t.id " + ids;
  }

  private void run(String... statements) throws SQLException {
    source.setAutoCommit(false);
    try (Statement statement = source.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
    source.commit();
    source.setAutoCommit(true);
  }

  /** Each column of each table has the same bytes on both sides. */
  void assertEqual() throws SQLException {
    try (Connection there = target.connect()) {
      SessionSettings.apply(there);
      for (String table : List.of(KEYED, LOOSE, SETS)) {
        assertThat(digests(there, table)).as(table).isEqualTo(digests(source, table));
      }
    }
  }

  /** A digest of each column: its values' text, and where their bytes hold no number of a type, these too. */
  private static List<String> digests(Connection connection, String table) throws SQLException {
    List<String> names = new ArrayList<>();
    List<String> digests = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      try (ResultSet column = statement.executeQuery(
          """
          SELECT a.attname, CASE
            WHEN b.typsend = 0 OR b.typtype = 'c' OR b.typname ~ '^_?reg' OR e.oid >= 16384 OR e.typsend = 0 OR r.typtype = 'c' THEN NULL
            ELSE b.typsend::pg_catalog.regproc::pg_catalog.text END,
            CASE WHEN a1.typtype <> 'p' AND a1.oid <> b.oid THEN pg_catalog.format_type(a1.oid, NULL) END
          FROM pg_catalog.pg_attribute a
          JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
          JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
          LEFT JOIN pg_catalog.pg_proc p ON p.oid = b.typsend
          LEFT JOIN pg_catalog.pg_type a1 ON a1.oid = p.proargtypes[0]
          LEFT JOIN pg_catalog.pg_type e ON e.oid = b.typelem
          LEFT JOIN pg_catalog.pg_type r ON r.oid = e.oid
          WHERE a.attrelid = '%s'::pg_catalog.regclass AND a.attnum > 0
          ORDER BY a.attname COLLATE "C"
          """.formatted(table))) {
        while (column.next()) {
          String quoted = Identifiers.quote(column.getString(1));
          String send = column.getString(2);
          String sent = column.getString(3) == null ? quoted : "CAST(" + quoted + " AS " + column.getString(3) + ")";
          names.add(column.getString(1));
          digests.add("pg_catalog.md5(pg_catalog.string_agg(pg_catalog.format('%L', " + quoted + ")"
              + (send == null ? "" : " || coalesce(pg_catalog.encode(" + send + "(" + sent + "), 'hex'), '')")
              + ", ',' ORDER BY id))");
        }
      }
      List<String> found = new ArrayList<>();
      try (ResultSet row =
          statement.executeQuery("SELECT pg_catalog.count(*), " + String.join(", ", digests) + " FROM " + table)) {
        row.next();
        found.add("rows " + row.getString(1));
        for (int i = 0; i < names.size(); i++) {
          found.add(names.get(i) + " " + row.getString(i + 2));
        }
      }
      return found;
    }
  }

  @Override
  public void close() throws SQLException {
    source.close();
  }
}
