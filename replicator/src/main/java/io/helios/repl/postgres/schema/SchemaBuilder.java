package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.SequenceState;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.schema.SourceRelations.Column;
import io.helios.repl.postgres.schema.SourceRelations.Constraint;
import io.helios.repl.postgres.schema.SourceRelations.Index;
import io.helios.repl.postgres.schema.SourceRelations.SourceRelation;
import io.helios.repl.postgres.schema.UserTypes.UserType;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes DDL for what a target lacks, from the source's catalog: schemas, types, sequences, tables with their
 * partitions, keys, plain checks, indexes, replica identities. A table that the target has is left as it is, but for
 * partitions that it lacks. Foreign keys, triggers, rules, policies, and whatever calls functions that a fresh database
 * does not have are left out, by name.
 *
 * <p>Both connections are sessions pinned as {@code SessionSettings} does it: constants are written and read back under
 * the same DateStyle and standard_conforming_strings. One use, one thread. Throws {@link SQLException} as it comes.
 */
public final class SchemaBuilder {

  /** Two creators of one target wait for each other: {@code pg_advisory_xact_lock} of this number. */
  static final long LOCK = 0x68656C696F73L;

  private final UserTypes types;
  private final SourceRelations relations;
  private final List<SequenceState> sequences;
  private final TargetInventory target;

  private final Set<String> schemas = new LinkedHashSet<>();
  private final Map<String, String> extensions = new LinkedHashMap<>();
  private final List<String> typeSql = new ArrayList<>();
  private final Set<String> sequenceSql = new LinkedHashSet<>();
  private final List<String> tableSql = new ArrayList<>();
  private final List<String> ownerSql = new ArrayList<>();
  private final List<String> partitionIndexSql = new ArrayList<>();
  private final List<String> indexSql = new ArrayList<>();
  private final List<String> identitySql = new ArrayList<>();
  private final List<String> leftOut = new ArrayList<>();

  /** SQL for defaults that call functions which may be there afterwards, by their line in {@link #leftOut}. */
  private final Map<String, String> lateDefaults = new LinkedHashMap<>();

  private final @Nullable DefinitionScope scope;
  private final Needs.Available available;
  private final Map<Long, Optional<String>> typeObstacles = new HashMap<>();
  private final Set<String> created = new HashSet<>();
  private final Set<String> createdSequences = new HashSet<>();
  private final Set<String> createdTypes = new HashSet<>();
  private final Set<String> skippedIndexes = new HashSet<>();

  private SchemaBuilder(
      UserTypes types,
      SourceRelations relations,
      List<SequenceState> sequences,
      TargetInventory target,
      @Nullable DefinitionScope scope) {
    this.scope = scope;
    this.types = types;
    this.relations = relations;
    this.sequences = sequences;
    this.target = target;
    this.available = new Needs.Available(new HashSet<>(target.extensions()), target.collations());
  }

  /** Reads both catalogs and writes nothing. {@code tables}: as {@code Catalog.tables} gave them for the source. */
  public static SchemaPlan plan(Connection source, Connection target, Collection<TableDefinition> tables)
      throws SQLException {
    List<Integer> oids = tables.stream().map(TableDefinition::oid).toList();
    if (oids.isEmpty()) {
      return new SchemaPlan(List.of(), List.of());
    }
    return new SchemaBuilder(
            UserTypes.read(source),
            SourceRelations.read(source, oids),
            SequenceState.read(source, oids),
            TargetInventory.read(target),
            null)
        .build();
  }

  /**
   * The part of tables where everything else of the scope is made after them: with all its types, and without a word of
   * what belongs to tables and comes later.
   *
   * @param schemas to be there, whether tables are in them or not
   */
  static Tables tables(
      Connection source,
      TargetInventory target,
      Collection<TableDefinition> tables,
      DefinitionScope scope,
      Collection<String> schemas)
      throws SQLException {
    List<Integer> oids = tables.stream().map(TableDefinition::oid).toList();
    SchemaBuilder builder = new SchemaBuilder(
        UserTypes.read(source), SourceRelations.read(source, oids), SequenceState.read(source, oids), target, scope);
    builder.schemas.addAll(schemas);
    SchemaPlan plan = builder.build();
    Set<String> made = new HashSet<>(builder.created);
    made.addAll(builder.createdSequences);
    Set<String> madeSchemas = new HashSet<>(builder.schemas);
    madeSchemas.removeAll(target.schemas());
    return new Tables(plan, builder.lateDefaults, made, madeSchemas, builder.createdTypes);
  }

  /**
   * @param lateDefaults SQL that may be run once functions are there, by the line of {@code plan.leftOut()} that it makes untrue
   * @param made quoted names of the tables, partitions and sequences in the plan
   * @param schemas names of its schemas
   * @param types quoted names of its types
   */
  record Tables(
      SchemaPlan plan, Map<String, String> lateDefaults, Set<String> made, Set<String> schemas, Set<String> types) {}

  /**
   * Plans and runs, in one transaction on the target, which is committed; the target connection must not be in one.
   * Returns what was run. When it fails nothing has happened, and it can be called again.
   */
  public static SchemaPlan create(Connection source, Connection target, Collection<TableDefinition> tables)
      throws SQLException {
    boolean autoCommit = target.getAutoCommit();
    target.setAutoCommit(false);
    try (EmptySearchPath _ = EmptySearchPath.on(target);
        Statement statement = target.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute("SET LOCAL standard_conforming_strings = on");
      statement.execute("SELECT pg_catalog.pg_advisory_xact_lock(" + LOCK + ")");
      SchemaPlan plan = plan(source, target, tables);
      for (String sql : plan.statements()) {
        statement.execute(sql);
      }
      target.commit();
      return plan;
    } catch (SQLException e) {
      target.rollback();
      throw e;
    } finally {
      target.setAutoCommit(autoCommit);
    }
  }

  private SchemaPlan build() {
    for (SourceRelation relation : relations.relations()) {
      if (target.relations().containsKey(relation.sqlName()) || !takesPartitionsOf(relation)) {
        continue;
      }
      Optional<String> obstacle = relation.isRoot() ? obstacleToTable(relation) : obstacleToPartition(relation);
      obstacle.ifPresentOrElse(
          why -> leftOut.add("table " + relation.qualifiedName() + ": " + why), () -> create(relation));
    }
    if (scope == null) {
      notCarried();
    } else {
      types.all().stream().filter(t -> scope.takes(t.schema()) && t.extension().isEmpty()).forEach(this::requireAlone);
    }
    List<String> statements = new ArrayList<>();
    schemas.stream()
        .filter(s -> !target.schemas().contains(s))
        .forEach(s -> statements.add("CREATE SCHEMA IF NOT EXISTS " + Identifiers.quote(s)));
    extensions.forEach((name, schema) -> statements.add("CREATE EXTENSION IF NOT EXISTS " + Identifiers.quote(name)
        + " WITH SCHEMA " + Identifiers.quote(schema)));
    statements.addAll(typeSql);
    statements.addAll(sequenceSql);
    statements.addAll(tableSql);
    statements.addAll(ownerSql);
    statements.addAll(partitionIndexSql);
    statements.addAll(indexSql);
    statements.addAll(identitySql);
    return new SchemaPlan(statements, leftOut);
  }

  private void notCarried() {
    relations.relations().stream()
        .filter(r -> created.contains(r.sqlName()))
        .forEach(r -> relations
            .notCarried()
            .getOrDefault(r.oid(), List.of())
            .forEach(what -> leftOut.add(what + " of " + r.qualifiedName())));
  }

  private void requireAlone(UserType type) {
    if (type.standsFor() == 0) {
      requireType(type.oid()).ifPresent(why -> leftOut.add("type " + type.qualifiedName() + ": " + why));
    }
  }

  private Optional<String> obstacleToTable(SourceRelation table) {
    if (!table.extension().isEmpty()) {
      return Optional.of("belongs to extension " + table.extension());
    }
    Optional<String> key = table.partitionKeyNeeds().obstacle(available);
    if (key.isPresent()) {
      return Optional.of("its partition key " + key.get());
    }
    for (Column column : table.columns()) {
      Optional<String> obstacle = requireType(column.typeOid());
      if (obstacle.isPresent()) {
        return Optional.of("column " + column.name() + ": " + obstacle.get());
      }
    }
    return Optional.empty();
  }

  /**
   * Whether the relation's parent, if it has one, is ours or partitioned as on the source. A target that keeps the rows
   * in a plain table, or in partitions of its own, needs none of the source's.
   */
  private boolean takesPartitionsOf(SourceRelation relation) {
    String parent = relation.parent();
    if (parent == null || created.contains(parent)) {
      return true;
    }
    return relations.relations().stream()
        .filter(r -> r.sqlName().equals(parent))
        .anyMatch(r -> r.partitionKey() != null && r.partitionKey().equals(target.relations().get(parent)));
  }

  private Optional<String> obstacleToPartition(SourceRelation partition) {
    if (partition.kind() == 'f') {
      return Optional.of("is a foreign table");
    }
    return partition.partitionKeyNeeds().obstacle(available).map(o -> "its partition key " + o);
  }

  private void create(SourceRelation relation) {
    schemas.add(relation.schema());
    TableStatement statement = new TableStatement(relation, sequencesOf(relation), available, target);
    sequencesOf(relation).stream().filter(s -> s.tie() == 'i').forEach(s -> createdSequences.add(s.sqlName()));
    statement.sequences().forEach(s -> {
      schemas.add(s.schema());
      if (!target.relations().containsKey(s.sqlName())) {
        sequenceSql.add(TableStatement.createSequence(s));
        createdSequences.add(s.sqlName());
        if (s.tie() == 'a') {
          ownerSql.add("ALTER SEQUENCE " + s.sqlName() + " OWNED BY " + relation.sqlName() + "."
              + Identifiers.quote(s.column()));
        }
      }
    });
    tableSql.add(statement.sql());
    created.add(relation.sqlName());
    leftOut.addAll(statement.leftOut());
    lateDefaults.putAll(statement.lateDefaults());
    statement.leftOutIndexes().forEach(name -> skippedIndexes.add(Identifiers.quote(relation.schema(), name)));
    for (Index index : relation.indexes()) {
      createIndex(relation, index);
    }
    identify(relation);
  }

  private List<SequenceState> sequencesOf(SourceRelation relation) {
    return sequences.stream()
        .filter(s -> Integer.toUnsignedLong(s.tableOid()) == relation.oid())
        .toList();
  }

  private void createIndex(SourceRelation relation, Index index) {
    String name = Identifiers.quote(relation.schema(), index.name());
    Optional<String> obstacle = index.needs().obstacle(available);
    if (target.relations().containsKey(name)) {
      obstacle = Optional.of("the target has something else of that name");
    } else if (!index.valid()) {
      obstacle = Optional.of("is not valid on the source");
    } else if (obstacle.isEmpty()) {
      obstacle = TableStatement.obstacleInVersion(index.definition(), target.majorVersion());
    }
    if (obstacle.isPresent()) {
      leftOut.add("index " + index.name() + " of " + relation.qualifiedName() + ": " + obstacle.get());
      skippedIndexes.add(name);
      return;
    }
    (relation.isRoot() ? indexSql : partitionIndexSql)
        .add("CREATE " + (index.unique() ? "UNIQUE " : "") + "INDEX IF NOT EXISTS " + Identifiers.quote(index.name())
            + " ON " + relation.sqlName() + " " + index.definition());
  }

  private void identify(SourceRelation relation) {
    String alter = "ALTER TABLE " + relation.sqlName() + " REPLICA IDENTITY ";
    switch (relation.replicaIdentity()) {
      case 'f' -> identitySql.add(alter + "FULL");
      case 'n' -> identitySql.add(alter + "NOTHING");
      case 'i' -> identifyByIndex(relation, alter);
      default -> {}
    }
  }

  private void identifyByIndex(SourceRelation relation, String alter) {
    SourceRelations.IdentityOf index = relation.identityIndex();
    if (index == null) {
      identitySql.add(alter + "NOTHING");
      return;
    }
    String name = index.inherited() ? index.name() : Identifiers.quote(relation.schema(), index.name());
    if (skippedIndexes.contains(name)) {
      leftOut.add("replica identity of " + relation.qualifiedName() + ": its index is left out");
    } else if (index.inherited()) {
      identitySql.add(inheritedIdentity(relation.sqlName(), index.name()));
    } else {
      identitySql.add(alter + "USING INDEX " + Identifiers.quote(index.name()));
    }
  }

  /** What PostgreSQL called the partition's share of its root's index is known only once it is there. */
  private static String inheritedIdentity(String partition, String rootIndex) {
    String body =
        """
        BEGIN
          EXECUTE (
            SELECT pg_catalog.format('ALTER TABLE %%s REPLICA IDENTITY USING INDEX %%I', %1$s, c.relname)
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = %1$s::pg_catalog.regclass AND EXISTS (
              SELECT FROM pg_catalog.pg_partition_ancestors(i.indexrelid) a
              WHERE a.relid = %2$s::pg_catalog.regclass));
        END"""
            .formatted(literal(partition), literal(rootIndex));
    return "DO " + literal(body);
  }

  /** Text as a literal that means itself whatever {@code standard_conforming_strings} is. */
  public static String literal(String text) {
    String doubled = text.replace("'", "''");
    return text.indexOf('\\') < 0 ? "'" + doubled + "'" : "E'" + doubled.replace("\\", "\\\\") + "'";
  }

  /** Plans what the type needs, parts first; tells why it cannot be had. */
  private Optional<String> requireType(long oid) {
    if (!types.knows(oid)) {
      return Optional.of("its type is the row type of a table");
    }
    Optional<String> obstacle = Optional.empty();
    for (UserType type : types.closure(List.of(oid))) {
      obstacle = obstacle.or(() -> typeObstacles.computeIfAbsent(type.oid(), key -> createType(type)));
    }
    return obstacle;
  }

  private Optional<String> createType(UserType type) {
    if (target.types().contains(type.sqlName())) {
      return Optional.empty();
    }
    if (!type.extension().isEmpty()) {
      if (available.extensions().add(type.extension())) {
        extensions.put(type.extension(), type.extensionSchema());
        schemas.add(type.extensionSchema());
      }
      return Optional.empty();
    }
    if (type.obstacle() != null) {
      return Optional.of("type " + type.qualifiedName() + " " + type.obstacle());
    }
    if (!type.uses().stream().allMatch(types::knows)) {
      return Optional.of("type " + type.qualifiedName() + " is made of the row type of a table");
    }
    Optional<String> part = types.parts(type).stream()
        .flatMap(p -> typeObstacles.getOrDefault(p.oid(), Optional.empty()).stream())
        .findFirst();
    if (part.isPresent()) {
      return part;
    }
    schemas.add(type.schema());
    StringBuilder sql = new StringBuilder("CREATE ")
        .append(type.kind() == 'd' ? "DOMAIN " : "TYPE ")
        .append(type.sqlName())
        .append(' ')
        .append(type.body());
    if (type.defaultSql() != null) {
      Optional<String> obstacle = type.defaultNeeds().calls("nextval")
          ? Optional.of("calls nextval")
          : type.defaultNeeds().obstacleToDefault(available);
      obstacle.ifPresentOrElse(
          why -> leftOut.add("default of domain " + type.qualifiedName() + ": " + why),
          () -> sql.append(" DEFAULT ").append(type.defaultSql()));
    }
    if (type.notNull()) {
      sql.append(" NOT NULL");
    }
    for (UserTypes.Check check : type.checks()) {
      Optional<String> obstacle = check.validated()
          ? check.needs().obstacleToCheck(available)
          : Optional.of("was never validated");
      obstacle.ifPresentOrElse(
          why -> leftOut.add("check " + check.name() + " of domain " + type.qualifiedName() + ": " + why),
          () -> sql.append(" CONSTRAINT ").append(Identifiers.quote(check.name())).append(' ').append(check.definition()));
    }
    typeSql.add(sql.toString());
    createdTypes.add(type.sqlName());
    return Optional.empty();
  }
}
