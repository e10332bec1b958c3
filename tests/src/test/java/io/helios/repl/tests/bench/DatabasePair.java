package io.helios.repl.tests.bench;

import io.helios.repl.demo.LocalPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** A source database and a contender's own target database. Tenants are 1, 2, … {@code tenants}. */
record DatabasePair(
    LocalPostgres source, String sourceDatabase, LocalPostgres target, String targetDatabase, int tenants) {

  Connection connectSource() throws SQLException {
    return source.connect(sourceDatabase);
  }

  Connection connectTarget() throws SQLException {
    return target.connect(targetDatabase);
  }

  /** Runs statements as superuser, each on its own. */
  static void execute(LocalPostgres server, String database, String... statements) throws SQLException {
    try (Connection connection = server.connect(database);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** The first column of the first row. */
  static String value(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      if (!row.next()) {
        throw new IllegalStateException("no row: " + sql);
      }
      return String.valueOf(row.getString(1));
    }
  }
}
