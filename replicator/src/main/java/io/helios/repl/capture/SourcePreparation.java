package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.Publication;
import io.helios.repl.postgres.ReplicationSlot;
import io.helios.repl.postgres.ReplicationSlot.SlotState;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.status.Finding;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes a source ready, in the only safe order: replica identities first (a published table without one refuses its
 * application's updates), then the publication, then the slot (so that no change of a published table is before it).
 * Idempotent; leaves alone what fits, and what cannot take part at all.
 */
public final class SourcePreparation {

  private SourcePreparation() {}

  /**
   * What {@link #run} would do now, in order; the slot is made by a function call. Empty when all is prepared. For a source
   * that is polled: indexes that would help, which their tables' owners may want to make; nothing does it for them.
   */
  public static List<String> plan(Connection connection, SourceScope scope) throws SQLException {
    try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
      if (scope.capture() instanceof CaptureMode.Checkpoint checkpoint) {
        return new CheckpointTableCheck(connection, checkpoint, scope.source(), new ArrayList<>())
            .indexes(scope.read(connection));
      }
      List<TableDefinition> candidates = candidates(connection, scope);
      IdentityPlan identities = IdentityPlan.read(connection, candidates);
      List<String> sql = new ArrayList<>();
      candidates.forEach(t -> sql.addAll(identities.mend(t, scope.tenantColumn(t))));
      sql.addAll(Publication.plan(connection, scope.publication(), candidates));
      sql.addAll(slotSql(connection, scope));
      return sql;
    }
  }

  /** What {@link #publish} would do now. */
  public static List<String> publishPlan(Connection connection, SourceScope scope) throws SQLException {
    if (isPolled(scope)) {
      return List.of();
    }
    try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
      List<String> sql =
          new ArrayList<>(Publication.plan(connection, scope.publication(), publishable(connection, scope)));
      sql.addAll(slotSql(connection, scope));
      return sql;
    }
  }

  /**
   * Does all of it, statement by statement, and returns what was done.
   *
   * @param connection an ordinary one, in autocommit mode: indexes are built concurrently
   * @throws OperatorException when the server cannot be captured at all, when the publication leaves things out, or when
   *     rights are missing; the hint then is the SQL that is left to run
   * @throws io.helios.repl.error.TransientException when it may succeed later
   * @throws SQLException when the catalogs cannot be read
   */
  public static List<String> run(Connection connection, SourceScope scope) throws SQLException {
    return run(connection, scope, SourcePreparation::plan);
  }

  /**
   * The publication and the slot only, with the tables whose replica identity fits already: what a start may do without
   * being asked, since it changes no table. Else as {@link #run}.
   */
  public static List<String> publish(Connection connection, SourceScope scope) throws SQLException {
    return run(connection, scope, SourcePreparation::publishPlan);
  }

  private static List<String> run(Connection connection, SourceScope scope, Planner planner) throws SQLException {
    if (isPolled(scope)) {
      return List.of();
    }
    try (EmptySearchPath _ = EmptySearchPath.on(connection);
        Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      Optional<Finding> wrong = new SourceServerCheck(connection, scope)
          .run(true).stream().filter(f -> f.isError() && mustHoldFirst(f.code())).findFirst();
      if (wrong.isPresent()) {
        throw new OperatorException(wrong.get().problem());
      }
      List<String> done = new ArrayList<>();
      for (String sql : planner.plan(connection, scope)) {
        try {
          statement.execute(sql);
        } catch (SQLException e) {
          throw SqlStates.classify(
              e,
              ErrorCode.SOURCE_NOT_PREPARABLE,
              "source \"" + scope.source() + "\" cannot be prepared by role " + SourceCheck.role(connection),
              SourceCheck.lines(planner.plan(connection, scope)));
        }
        done.add(sql);
      }
      refuseUnfitPublication(connection, scope);
      return done;
    }
  }

  /** Polling takes nothing but SELECT: there is nothing to make. */
  private static boolean isPolled(SourceScope scope) {
    return scope.capture() instanceof CaptureMode.Checkpoint;
  }

  /** What is to be done now. */
  private interface Planner {
    List<String> plan(Connection connection, SourceScope scope) throws SQLException;
  }

  /** Slots used up and the like do not matter as long as nothing needs one. */
  private static boolean mustHoldFirst(ErrorCode code) {
    return switch (code) {
      case WAL_LEVEL_NOT_LOGICAL, SOURCE_VERSION, SOURCE_STANDBY, SLOT_UNFIT -> true;
      default -> false;
    };
  }

  private static void refuseUnfitPublication(Connection connection, SourceScope scope) throws SQLException {
    Publication publication = Publication.find(connection, scope.publication()).orElse(null);
    List<String> mending = publication == null ? List.of() : publication.mend(publishable(connection, scope));
    if (!mending.isEmpty()) {
      throw new OperatorException(new Problem(
          ErrorCode.PUBLICATION_UNFIT,
          "source \"" + scope.source() + "\": publication " + scope.publication()
              + " does not publish everything as it is",
          "what it leaves out, or calls by another name, would be missing at the target",
          SourceCheck.lines(mending)));
    }
  }

  /** Tables that can take part and that the publication does not have, as {@code schema.table}; none without a publication. */
  public static List<String> unpublished(Connection connection, SourceScope scope) throws SQLException {
    if (isPolled(scope)) {
      return List.of();
    }
    try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
      Publication publication = Publication.find(connection, scope.publication()).orElse(null);
      return publication == null
          ? List.of()
          : candidates(connection, scope).stream()
              .filter(t -> !publication.covers(t))
              .map(TableDefinition::qualifiedName)
              .toList();
    }
  }

  /** The tables that can take part: logged, and with a tenant column that is in the WAL where they need one. */
  private static List<TableDefinition> candidates(Connection connection, SourceScope scope) throws SQLException {
    List<TableDefinition> tables = scope.read(connection);
    Set<Long> unlogged = new HashSet<>();
    try (PreparedStatement query = connection.prepareStatement(
            "SELECT oid::pg_catalog.int8 FROM pg_catalog.pg_class WHERE relpersistence = 'u' AND relkind IN ('r', 'p')");
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        unlogged.add(row.getLong(1));
      }
    }
    return tables.stream()
        .filter(t -> !unlogged.contains(Integer.toUnsignedLong(t.oid())))
        .filter(t -> hasTenant(t, scope.tenantColumn(t)))
        .toList();
  }

  private static boolean hasTenant(TableDefinition table, @Nullable String tenantColumn) {
    return tenantColumn == null || table.column(tenantColumn).filter(c -> !c.isGenerated()).isPresent();
  }

  /** Those of them that are safe to publish as they are now. */
  static List<TableDefinition> publishable(Connection connection, SourceScope scope) throws SQLException {
    List<TableDefinition> candidates = candidates(connection, scope);
    IdentityPlan identities = IdentityPlan.read(connection, candidates);
    return candidates.stream()
        .filter(t -> identities.mend(t, scope.tenantColumn(t)).isEmpty())
        .toList();
  }

  /** The calls that make the slot, if there is none of that name, or one that has lost its WAL and is of no use to anybody. */
  static List<String> slotSql(Connection connection, SourceScope scope) throws SQLException {
    Optional<SlotState> found = ReplicationSlot.find(connection, scope.slot());
    if (found.isPresent() && !found.get().isLost()) {
      return List.of();
    }
    String creation = ReplicationSlot.creation(connection, scope.slot());
    return found.isEmpty()
        ? List.of(creation)
        : List.of("SELECT pg_catalog.pg_drop_replication_slot('" + scope.slot() + "')", creation);
  }
}
