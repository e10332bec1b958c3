package io.helios.repl.apply;

import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL database as target. Any thread. */
public final class JdbcTarget implements Target {

  /** Others wait with whoever waits for a lock: in the same transaction, or for a worker. */
  private static final Duration LOCK_PATIENCE = Duration.ofSeconds(2);

  private final String name;
  private final ConnectionSettings connection;
  private final ApplySettings settings;
  private final @Nullable SourceCatalog sources;
  private final @Nullable DdlPolicy ddl;

  /** One that never changes the target's tables. */
  public JdbcTarget(String name, ConnectionSettings connection, ApplySettings settings) {
    this(name, connection, settings, null, DdlPolicy.STOP);
  }

  /**
   * @param sources where to ask when a table has changed; null: changes are not followed
   * @param ddl what becomes of such changes; null: it depends on who made the table
   */
  public JdbcTarget(
      String name,
      ConnectionSettings connection,
      ApplySettings settings,
      @Nullable SourceCatalog sources,
      @Nullable DdlPolicy ddl) {
    this.sources = sources;
    this.ddl = ddl;
    this.name = name;
    this.connection = connection;
    this.settings = settings;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public TargetSession connect() {
    Connection opened = PgConnections.open(connection, "apply", null);
    try {
      pin(opened);
      return new JdbcTargetSession(
          name, opened, settings, sources == null ? null : new SchemaFollower(name, opened, sources, ddl));
    } catch (SQLException e) {
      try {
        opened.close();
      } catch (SQLException close) {
        e.addSuppressed(close);
      }
      throw TargetErrors.classify(e, name);
    }
  }

  /**
   * Triggers, foreign keys and the guard are off for this session. Sets come as arrays of a length that the planner does
   * not know, and are always joined by the table's key: with hash and merge joins and sequential scans out of its way it
   * takes the index whatever it believes of the table, and one plan serves all lengths.
   */
  private void pin(Connection opened) throws SQLException {
    try (Statement statement = opened.createStatement()) {
      WriterSession.pin(statement, LOCK_PATIENCE);
      statement.execute("SET enable_hashjoin = off");
      statement.execute("SET enable_mergejoin = off");
      statement.execute("SET enable_seqscan = off");
      statement.execute("SET plan_cache_mode = force_generic_plan");
      statement.execute("SET jit = off");
      statement.execute("SET work_mem = '32MB'");
      if (!settings.synchronousCommit()) {
        statement.execute("SET synchronous_commit = off");
      }
    }
    opened.setAutoCommit(false);
  }
}
