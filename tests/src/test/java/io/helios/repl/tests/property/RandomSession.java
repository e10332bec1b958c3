package io.helios.repl.tests.property;

import io.helios.repl.tests.fixture.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/** One session of an application: transactions of a few statements, some rolled back, in part or as a whole. */
final class RandomSession {

  static final List<String> TENANTS = List.of("a", "b", "nobody's");

  /**
   * What random work may meet: keys that are taken or NULL, locks, columns that another session is just altering, a TRUNCATE while a
   * deferred constraint of the table is still to be checked.
   */
  private static final Set<String> EXPECTED = Set.of("23505", "23502", "40P01", "55P03", "55006", "42703", "40001");

  private final Database database;
  private final List<RandomTable> tables;
  private final RandomGenerator random;
  private final boolean alters;
  private final boolean removes;
  private int labels;

  /** @param alters whether it changes the schema, too: one session does, so that its changes have an order */
  RandomSession(Database database, List<RandomTable> tables, RandomGenerator random, boolean alters) {
    this(database, tables, random, alters, true);
  }

  /** @param removes whether rows go: deleted, or to another key or tenant */
  RandomSession(
      Database database, List<RandomTable> tables, RandomGenerator random, boolean alters, boolean removes) {
    this.removes = removes;
    this.database = database;
    this.tables = tables;
    this.random = random;
    this.alters = alters;
  }

  void run(int transactions) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET lock_timeout = '2s'");
      for (int i = 0; i < transactions; i++) {
        if (alters && random.nextInt(6) == 0) {
          alter(statement);
        } else {
          transaction(connection, statement);
        }
      }
    }
  }

  private void alter(Statement statement) throws SQLException {
    if (random.nextInt(4) == 0) {
      statement.execute("ALTER TYPE mood ADD VALUE 'mood " + labels++ + "' "
          + (random.nextInt(2) == 0 ? "BEFORE 'sad'" : "AFTER 'glad'"));
      return;
    }
    String sql = table().alter(random);
    for (int tries = 1; ; tries++) {
      try {
        statement.execute(sql);
        return;
      } catch (SQLException e) {
        if (tries == 50 || !"55P03".equals(e.getSQLState()) && !"40P01".equals(e.getSQLState())) {
          throw e;
        }
      }
    }
  }

  private void transaction(Connection connection, Statement statement) throws SQLException {
    connection.setAutoCommit(false);
    try {
      int statements = 1 + random.nextInt(6);
      for (int i = 0; i < statements; i++) {
        boolean saved = random.nextInt(4) == 0;
        if (saved) {
          statement.execute("SAVEPOINT s");
        }
        statement.execute(sql());
        if (saved && random.nextBoolean()) {
          statement.execute("ROLLBACK TO s");
        }
      }
      if (random.nextInt(8) == 0) {
        connection.rollback();
      } else {
        connection.commit();
      }
    } catch (SQLException e) {
      connection.rollback();
      if (e.getSQLState() == null || !EXPECTED.contains(e.getSQLState())) {
        throw e;
      }
    } finally {
      connection.setAutoCommit(true);
    }
  }

  private String sql() {
    RandomTable table = table();
    String tenant = tenant();
    return switch (random.nextInt(removes ? 20 : 12)) {
      case 0, 1, 2, 3, 4, 5, 6 -> table.insert(random, tenant);
      case 7, 8, 9, 10 -> table.update(random, tenant);
      case 11 -> removes ? table.update(random, tenant) : table.swapCodes(random, tenant);
      case 12, 13, 14 -> table.delete(random, tenant);
      case 15 -> table.changeKeys(random, tenant);
      case 16, 17 -> table.swapCodes(random, tenant);
      case 18 -> table.move(random, tenant, tenant());
      default -> random.nextInt(6) == 0 ? table.truncate() : table.insert(random, tenant);
    };
  }

  private RandomTable table() {
    return tables.get(random.nextInt(tables.size()));
  }

  private String tenant() {
    return TENANTS.get(random.nextInt(TENANTS.size())).replace("'", "''");
  }
}
