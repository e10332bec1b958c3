package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableName;
import io.helios.repl.postgres.schema.LiveTable;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Follows the source's schema on one session's connection: notices a table whose shape is not the one that the tenant's
 * stream showed last, and either changes the target in a transaction of its own, or stops the tenant with the SQL. The
 * change and its note are one transaction, and each statement may be repeated: tenants that share a table come here one
 * after the other. Owned by the session's thread.
 */
final class SchemaFollower {

  /** OIDs below are built in: {@code FirstNormalObjectId} in {@code access/transam.h}. */
  private static final int FIRST_OF_USERS = 16384;

  /** Readers queue behind an ALTER that waits: better to come again. */
  private static final String LOCK_TIMEOUT = "SET LOCAL lock_timeout = '500ms'";

  /** Writes what the session holds back. */
  interface Flush {
    void run() throws SQLException, RejectedBatchException;
  }

  private record Checked(UUID tenant, Relation relation) {}

  private record Tried(UUID tenant, Lsn lsn) {}

  private final String targetName;
  private final Connection connection;
  private final SourceCatalog sources;
  private final @Nullable DdlPolicy policy;
  private final Map<Checked, Relation> checked = new HashMap<>();
  private @Nullable UUID lastTenant;
  private @Nullable Relation last;
  private @Nullable Relation lastFollowed;
  private @Nullable Tried tried;

  SchemaFollower(String targetName, Connection connection, SourceCatalog sources, @Nullable DdlPolicy policy) {
    this.targetName = targetName;
    this.connection = connection;
    this.sources = sources;
    this.policy = policy;
  }

  /**
   * To be called before a change is applied.
   *
   * @param flush called before rows are changed here
   * @return the relation by the name that the target's table has: the stream may still have to come to a rename that
   *     somebody followed already
   * @throws SchemaChangedException when the target was changed: everything since the last commit was rolled back
   * @throws OperatorException when the tenant must stop
   * @throws TransientException when the source or a lock is not to be had now
   */
  Relation follow(Tenant tenant, Replicated what, Relation relation, Lsn lsn, Flush flush)
      throws SQLException, RejectedBatchException {
    Relation before = lastFollowed;
    if (relation == last && before != null && tenant.id().equals(lastTenant)) {
      return before;
    }
    Checked key = new Checked(tenant.id(), relation);
    Relation followed = checked.get(key);
    if (followed == null) {
      followed = named(tenant, what, relation);
      check(tenant, what, followed, lsn, flush);
      checked.put(key, followed);
    }
    last = relation;
    lastFollowed = followed;
    lastTenant = tenant.id();
    return followed;
  }

  void forget() {
    checked.clear();
    last = null;
    lastFollowed = null;
    lastTenant = null;
  }

  private void check(Tenant tenant, Replicated what, Relation relation, Lsn lsn, Flush flush)
      throws SQLException, RejectedBatchException {
    Optional<SeenTable> found = SeenTables.find(connection, tenant.id(), relation.schema(), relation.name());
    if (found.isEmpty()) {
      return;
    }
    SeenTable seen = found.get();
    boolean lacking = seen.columns().stream().anyMatch(c -> relation.indexOf(c.name()) < 0);
    if (lsn.isBefore(seen.seenAt()) || lsn.equals(seen.seenAt()) && isOlder(relation, seen)) {
      return;
    }
    boolean asSeen = isAsSeen(relation, seen);
    if (asSeen && lsn.equals(seen.seenAt()) && !seen.remade().isEmpty()) {
      clear(tenant, what, relation, seen, flush);
    }
    if (asSeen && !lacking) {
      return;
    }
    LiveTable target = target(relation);
    if (target == null) {
      return;
    }
    if (asSeen) {
      refuseWhatMustBeGiven(tenant, relation, seen, target);
      return;
    }
    LiveTable source = sources.table(what.sourceName(), relation.oid()).orElseThrow(() -> gone(tenant, relation));
    SchemaChange change = new SchemaChange(tenant.name(), relation, seen, source, target, typesThere(source));
    refuseWhatMustBeGiven(tenant, relation, change.after(lsn), target);
    carryOut(tenant, relation, change.statements(), () -> {
      for (SchemaChange.Fill fill : change.fills()) {
        fill(tenant, what, relation, fill);
      }
      SeenTables.put(
          connection, tenant.id(), new TableName(relation.schema(), relation.name()), change.after(lsn));
    });
  }

  /** Of the transaction that brought this shape: whether the relation is from before it came. */
  private static boolean isOlder(Relation relation, SeenTable seen) {
    return !isAsSeen(relation, seen)
        && relation.columns().stream().allMatch(c -> seen.column(c.name())
            .filter(s -> seen.remade().contains(s.name())
                || Widening.holds(c.typeOid(), c.typeModifier(), s.typeOid(), s.typeModifier()))
            .isPresent());
  }

  /** In the open transaction, where the stream is just past the making of these columns: what was in them is gone. */
  private void clear(Tenant tenant, Replicated what, Relation relation, SeenTable seen, Flush flush)
      throws SQLException, RejectedBatchException {
    LiveTable source = sources.table(what.sourceName(), relation.oid()).orElseThrow(() -> gone(tenant, relation));
    flush.run();
    for (String name : seen.remade()) {
      LiveTable.Column column = source.column(name).orElseThrow(() -> gone(tenant, relation));
      fill(tenant, what, relation, SchemaChange.anew(column));
    }
  }

  private static boolean isAsSeen(Relation relation, SeenTable seen) {
    return relation.oid() == seen.oid()
        && relation.columns().stream().allMatch(c -> seen.column(c.name())
            .filter(s -> s.typeOid() == c.typeOid() && s.typeModifier() == c.typeModifier())
            .isPresent());
  }

  /**
   * To be called when a text was no value of its type: a label that was added to an enum does not show in the stream. Does
   * nothing where that is not the reason.
   */
  void followTypes(Tenant tenant, Replicated what, Relation relation, Lsn lsn)
      throws SQLException, SchemaChangedException {
    List<Integer> ours = relation.columns().stream()
        .map(Relation.Column::typeOid)
        .filter(oid -> Integer.compareUnsigned(oid, FIRST_OF_USERS) >= 0)
        .distinct()
        .toList();
    if (ours.isEmpty()) {
      return;
    }
    List<String> statements = new ArrayList<>();
    for (LiveTable.NamedType type : sources.types(what.sourceName(), ours)) {
      List<String> there = type.kind() == 'e' ? labels(type.sqlName()) : List.of();
      if (!there.isEmpty()) {
        statements.addAll(EnumLabels.added(type, there, relation, tenant.name(), lsn));
      }
    }
    Tried now = new Tried(tenant.id(), lsn);
    if (!statements.isEmpty()) {
      carryOut(tenant, relation, statements, () -> {});
    } else if (!now.equals(tried)) {
      // Another session may have added it since this one was refused: once more tells.
      tried = now;
      throw new SchemaChangedException(relation.qualifiedName());
    }
  }

  private interface Work {
    void run() throws SQLException;
  }

  private void carryOut(Tenant tenant, Relation relation, List<String> statements, Work then)
      throws SQLException, SchemaChangedException {
    if (!statements.isEmpty() && !mayApply(relation)) {
      throw refused(tenant, relation, statements, "policy ddl: stop is in force for this table", null);
    }
    connection.rollback();
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(LOCK_TIMEOUT);
      for (String sql : statements) {
        statement.execute(sql);
      }
      then.run();
      connection.commit();
    } catch (SQLException e) {
      if (SqlStates.isTransient(e)) {
        throw new TransientException(new Problem(
                ErrorCode.SCHEMA_CHANGE_WAITS,
                "changing table " + relation.qualifiedName() + " at target \"" + targetName
                    + "\" as at the source has to wait",
                SqlStates.reason(e),
                "nothing, if it passes; else end long transactions at the target that use the table")
            .at(null, relation.qualifiedName()), SqlStates.clean(e));
      }
      throw refused(tenant, relation, statements, SqlStates.reason(e), SqlStates.clean(e));
    }
    throw new SchemaChangedException(relation.qualifiedName());
  }

  private boolean mayApply(Relation relation) throws SQLException {
    return policy != null
        ? policy == DdlPolicy.APPLY
        : SeenTables.isCreated(connection, relation.schema(), relation.name());
  }

  private OperatorException refused(
      Tenant tenant, Relation relation, List<String> statements, String why, @Nullable Throwable cause) {
    return new OperatorException(new Problem(
            ErrorCode.SCHEMA_CHANGE_REFUSED,
            "table " + relation.qualifiedName() + " has changed at the source, and target \"" + targetName
                + "\" was not changed",
            why,
            statements.stream().map(s -> s + ";").collect(Collectors.joining("\n")) + "\nthen: helios-repl tenant start "
                + tenant.name())
        .at(null, relation.qualifiedName()), cause);
  }

  /** All of the tenant's rows, for its stream has come to the first change under the new shape only now. */
  private void fill(Tenant tenant, Replicated what, Relation relation, SchemaChange.Fill fill) throws SQLException {
    String column = Identifiers.quote(fill.column());
    String value = "CAST(? AS " + fill.typeSql() + ")";
    String mine = what.tenantColumn() == null
        ? ""
        : Identifiers.quote(what.tenantColumn()) + "::pg_catalog.text OPERATOR(pg_catalog.=) ? AND ";
    try (PreparedStatement update = connection.prepareStatement("UPDATE "
        + Identifiers.quote(relation.schema(), relation.name()) + " SET " + column + " = " + value + " WHERE " + mine
        + column + "::pg_catalog.text IS DISTINCT FROM " + value + "::pg_catalog.text")) {
      int place = 1;
      update.setString(place++, fill.value());
      if (what.tenantColumn() != null) {
        update.setString(place++, tenant.key());
      }
      update.setString(place, fill.value());
      update.executeUpdate();
    }
  }

  private @Nullable LiveTable target(Relation relation) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT pg_catalog.to_regclass(?)::pg_catalog.oid::pg_catalog.int8")) {
      query.setString(1, Identifiers.quote(relation.schema(), relation.name()));
      try (ResultSet row = query.executeQuery()) {
        row.next();
        long oid = row.getLong(1);
        return row.wasNull() ? null : LiveTable.read(connection, (int) oid).orElse(null);
      }
    }
  }

  private Set<String> typesThere(LiveTable source) throws SQLException {
    Set<String> there = new HashSet<>();
    try (PreparedStatement query =
        connection.prepareStatement("SELECT pg_catalog.to_regtype(?) IS NOT NULL")) {
      for (LiveTable.Column column : source.columns()) {
        for (LiveTable.NamedType type : column.types()) {
          query.setString(1, type.sqlName());
          try (ResultSet row = query.executeQuery()) {
            row.next();
            if (row.getBoolean(1)) {
              there.add(type.sqlName());
            }
          }
        }
      }
    }
    return there;
  }

  /** As SQL literals, in order; empty when the target has no such enum. */
  private List<String> labels(String typeSql) throws SQLException {
    List<String> labels = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(
        "SELECT pg_catalog.quote_literal(enumlabel) FROM pg_catalog.pg_enum"
            + " WHERE enumtypid = pg_catalog.to_regtype(?) ORDER BY enumsortorder")) {
      query.setString(1, typeSql);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          labels.add(row.getString(1));
        }
      }
    }
    return labels;
  }

  /**
   * A table that was seen under another name: where the source calls it so now, and the target too, the stream only has
   * not come to its rename yet. Else it has come to one that nobody has followed.
   */
  private Relation named(Tenant tenant, Replicated what, Relation relation) throws SQLException {
    Optional<TableName> seen = SeenTables.nameOf(connection, tenant.id(), relation.oid());
    if (seen.isPresent() && !seen.get().equals(new TableName(relation.schema(), relation.name()))) {
      TableName old = seen.get();
      LiveTable now = sources.table(what.sourceName(), relation.oid()).orElseThrow(() -> gone(tenant, relation));
      if (now.schema().equals(old.schema()) && now.name().equals(old.name())) {
        return new Relation(
            relation.oid(), old.schema(), old.name(), relation.replicaIdentity(), relation.columns());
      }
      String move = old.schema().equals(relation.schema())
          ? ""
          : "ALTER TABLE " + Identifiers.quote(old.schema(), old.name()) + " SET SCHEMA "
              + Identifiers.quote(relation.schema()) + "; ";
      String rename = old.name().equals(relation.name())
          ? ""
          : "ALTER TABLE " + Identifiers.quote(relation.schema(), old.name()) + " RENAME TO "
              + Identifiers.quote(relation.name()) + "; ";
      throw new OperatorException(new Problem(
          ErrorCode.TABLE_RENAMED,
          "table " + old + " of the source is called " + relation.qualifiedName() + " now",
          "it was renamed at the source; everything before that is applied",
          move + rename + "then: helios-repl tenant start " + tenant.name()));
    }
    return relation;
  }

  /** A column that the source has dropped stays at the target, as long as rows can do without it. */
  private static void refuseWhatMustBeGiven(Tenant tenant, Relation relation, SeenTable seen, LiveTable target) {
    for (LiveTable.Column column : target.columns()) {
      if (relation.indexOf(column.name()) < 0
          && seen.column(column.name()).isPresent()
          && column.notNull()
          && !column.identity()
          && !column.generated()
          && column.earlier() == LiveTable.Earlier.NULL) {
        String alter = "ALTER TABLE " + Identifiers.quote(relation.schema(), relation.name()) + " ";
        throw new OperatorException(new Problem(
            ErrorCode.COLUMN_DROPPED,
            "table " + relation.qualifiedName() + " of the source has no column \"" + column.name()
                + "\" any more, and the target insists on it",
            "it is NOT NULL without a default at the target",
            alter + "ALTER COLUMN " + Identifiers.quote(column.name()) + " DROP NOT NULL; or: " + alter + "DROP COLUMN "
                + Identifiers.quote(column.name()) + "; then: helios-repl tenant start " + tenant.name()));
      }
    }
  }

  private static OperatorException gone(Tenant tenant, Relation relation) {
    return new OperatorException(new Problem(
        ErrorCode.SCHEMA_MOVED_ON,
        "table " + relation.qualifiedName() + " has changed at the source, and is gone there since",
        "what the change was is no longer to be seen in the source's catalog",
        "make the target's table like the source's, then: helios-repl tenant resync " + tenant.name()));
  }
}
