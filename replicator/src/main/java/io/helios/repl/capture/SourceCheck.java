package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.Publication;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Whether a source can be captured: read-only, everything that is wrong or worth knowing at once, each with what to run.
 * Empty of errors means that capture can start (once it is prepared). The role needs no rights to ask.
 */
public final class SourceCheck {

  private SourceCheck() {}

  /**
   * Looks at everything.
   *
   * @param connection an ordinary one as the configured role; stays as it was
   * @param streaming whether the asking server reads the slot itself now, so that it being in use is no finding
   * @return errors first
   */
  public static List<Finding> run(Connection connection, SourceScope scope, boolean streaming) throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
      List<Finding> findings = new ArrayList<>(switch (scope.capture()) {
        case CaptureMode.Wal _ -> new SourceServerCheck(connection, scope).run(streaming);
        case CaptureMode.Checkpoint polled -> new CheckpointServerCheck(connection, scope.source(), polled).run();
      });
      int major = Catalog.majorVersion(connection);
      if (major >= 14) {
        List<TableDefinition> tables = scope.read(connection);
        findings.addAll(new SourceTableCheck(connection, scope, role(connection)).run(tables));
        if (scope.capture() instanceof CaptureMode.Wal) {
          findings.addAll(publication(connection, scope));
          findings.addAll(slot(connection, scope));
        }
      }
      findings.sort(Comparator.comparing(Finding::severity));
      return findings;
    }
  }

  private static List<Finding> publication(Connection connection, SourceScope scope) throws SQLException {
    List<TableDefinition> wanted = SourcePreparation.publishable(connection, scope);
    List<Finding> findings = new ArrayList<>();
    Optional<Publication> found = Publication.find(connection, scope.publication());
    String publication = "source \"" + scope.source() + "\": publication " + scope.publication();
    List<String> mending = found.map(p -> p.mend(wanted)).orElse(List.of());
    if (!mending.isEmpty()) {
      findings.add(new Finding(
          Severity.ERROR,
          ErrorCode.PUBLICATION_UNFIT,
          publication + " does not publish everything as it is",
          "what it leaves out, or calls by another name, would be missing at the target",
          lines(mending)));
    }
    List<String> planned = Publication.plan(connection, scope.publication(), wanted);
    if (!planned.isEmpty()) {
      List<String> obstacles = obstacles(connection, found, wanted);
      findings.add(
          obstacles.isEmpty()
              ? new Finding(
                  Severity.INFO,
                  ErrorCode.SOURCE_NOT_PREPARED,
                  publication + (found.isPresent() ? " lacks tables" : " does not exist yet"),
                  "preparing, or the first start of a tenant, does it",
                  lines(planned))
              : new Finding(
                  Severity.ERROR,
                  ErrorCode.PUBLICATION_NOT_PERMITTED,
                  publication + " cannot be made by role " + role(connection) + ": " + String.join(", ", obstacles),
                  "a publication takes CREATE on the database and ownership of each table",
                  lines(planned)));
    }
    return findings;
  }

  private static List<String> obstacles(
      Connection connection, Optional<Publication> found, List<TableDefinition> wanted) throws SQLException {
    List<String> obstacles = new ArrayList<>();
    if (found.isPresent() && !found.get().ownedByUs()) {
      obstacles.add("it does not own the publication");
    }
    try (PreparedStatement query = connection.prepareStatement(
            """
            SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),
              (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
            """);
        ResultSet row = query.executeQuery()) {
      row.next();
      if (row.getBoolean(2)) {
        return List.of();
      }
      if (found.isEmpty() && !row.getBoolean(1)) {
        obstacles.add("it has no CREATE on the database");
      }
    }
    List<TableDefinition> lacking =
        wanted.stream().filter(t -> found.isEmpty() || !found.get().covers(t)).toList();
    try (PreparedStatement query = connection.prepareStatement(
        """
        SELECT n.nspname, c.relname
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = ANY (?::pg_catalog.int8[]::pg_catalog.oid[]) AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
        ORDER BY 1, 2
        """)) {
      query.setArray(
          1,
          connection.createArrayOf(
              "int8", lacking.stream().map(t -> Integer.toUnsignedLong(t.oid())).toArray()));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          obstacles.add("it does not own " + row.getString(1) + "." + row.getString(2));
        }
      }
    }
    return obstacles;
  }

  private static List<Finding> slot(Connection connection, SourceScope scope) throws SQLException {
    List<String> creation = SourcePreparation.slotSql(connection, scope);
    return creation.stream()
        .filter(sql -> creation.size() == 1) // else it is there, but lost: which is said elsewhere
        .map(sql -> new Finding(
            Severity.INFO,
            ErrorCode.SOURCE_NOT_PREPARED,
            "source \"" + scope.source() + "\": slot " + scope.slot() + " does not exist yet",
            "preparing, or the first start of a tenant, does it",
            sql + ";"))
        .toList();
  }

  static String role(Connection connection) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement("SELECT current_user::pg_catalog.text");
        ResultSet row = query.executeQuery()) {
      row.next();
      return row.getString(1);
    }
  }

  /** Statements as a hint. */
  static String lines(List<String> sql) {
    return String.join("\n", sql.stream().map(s -> s + ";").toList());
  }
}
