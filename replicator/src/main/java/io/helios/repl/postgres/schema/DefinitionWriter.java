package io.helios.repl.postgres.schema;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.SqlStates;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Creates entries of a dump within the caller's transaction, each under a savepoint: what cannot be made is left out by
 * name. What shows less is not left out: where it cannot be made, nothing is.
 */
final class DefinitionWriter {

  /** A relation, an object, a function or a schema of that name is there already. */
  private static final Set<String> THERE = Set.of("42P07", SqlStates.DUPLICATE_OBJECT, "42723", "42P06");

  /** Schemas, then tables, with which their sequences go, then the rest. */
  private static final Comparator<ArchiveEntry> BY_OWNER =
      Comparator.comparingInt(entry -> entry.kind().equals("SCHEMA") ? 0 : entry.kind().equals("TABLE") ? 1 : 2);

  private final Connection target;
  private final Statement statement;
  private final List<String> statements = new ArrayList<>();
  private final List<String> leftOut = new ArrayList<>();
  private final Map<String, Integer> counts = new LinkedHashMap<>();
  private final Map<String, List<String>> policies = new LinkedHashMap<>();
  private final Map<String, String> closed = new LinkedHashMap<>();

  /** @param statement of that connection, which is in a transaction */
  DefinitionWriter(Connection target, Statement statement) {
    this.target = target;
    this.statement = statement;
  }

  /** What was run, but for the entries of the dump. */
  List<String> statements() {
    return statements;
  }

  /** How many entries of each kind were made. */
  Map<String, Integer> counts() {
    return counts;
  }

  List<String> leftOut() {
    return leftOut;
  }

  void run(String sql) throws SQLException {
    statement.execute(sql);
    statements.add(sql);
  }

  /** Runs it, or leaves {@code what} out. Returns whether it was run. */
  boolean attempt(String what, String sql) throws SQLException {
    SQLException refused = refusal(sql, null);
    if (refused == null) {
      statements.add(sql);
      return true;
    }
    leftOut.add(what + ": " + SqlStates.reason(refused));
    return false;
  }

  /** All entries that are to be made, around the tables that are made already. */
  void write(List<ArchiveEntry> entries, Made made, DefinitionRules rules) throws SQLException {
    for (ArchiveEntry entry : entries.stream().filter(made::has).sorted(BY_OWNER).toList()) {
      String giveAway = rules.giveAway(entry);
      if (giveAway != null) {
        attempt("owner " + entry.owner() + " of " + entry.name(), giveAway);
      }
    }
    for (ArchiveEntry entry : entries) {
      if (entry.kind().equals("TABLE") && made.has(entry) && entry.schema() != null) {
        String table = Identifiers.quote(entry.schema(), entry.tag());
        if (rules.isForced(table)) {
          require(entry, "ALTER TABLE " + table + " FORCE ROW LEVEL SECURITY");
        }
      }
    }
    // Whoever is to own something needs CREATE on its schema first.
    for (ArchiveEntry entry : entries) {
      if (rules.isGrantOnSchema(entry) && rules.judge(entry, made).act() == DefinitionRules.Act.MAKE) {
        grant(entry);
      }
    }
    for (ArchiveEntry entry : entries) {
      if (!rules.isGrant(entry)) {
        make(entry, made, rules);
      }
    }
    closePolicies();
    for (ArchiveEntry entry : entries) {
      if (rules.isGrant(entry) && !rules.isGrantOnSchema(entry)
          && rules.judge(entry, made).act() == DefinitionRules.Act.MAKE) {
        grant(entry);
      }
    }
  }

  private void make(ArchiveEntry entry, Made made, DefinitionRules rules) throws SQLException {
    DefinitionRules.Verdict verdict = rules.judge(entry, made);
    switch (verdict.act()) {
      case PASS -> {}
      case LEAVE -> leave(entry, verdict.why(), rules);
      case MAKE -> {
        if (entry.kind().equals("ROW SECURITY")) {
          require(entry, entry.definition());
          return;
        }
        SQLException refused = refusal(asOne(entry.definition()), rules.giveAway(entry));
        if (refused == null) {
          made(entry, made, rules);
        } else if (!THERE.contains(String.valueOf(refused.getSQLState())) && !entry.kind().equals("COMMENT")) {
          leave(entry, SqlStates.reason(refused), rules);
        }
      }
    }
  }

  private void made(ArchiveEntry entry, Made made, DefinitionRules rules) {
    made.add(entry);
    DefinitionFacts.Fact fact = rules.fact(entry);
    if (entry.kind().equals("POLICY") && fact.relation() != null) {
      policies.computeIfAbsent(fact.relation(), table -> new ArrayList<>()).add(fact.name());
    }
    if (!rules.isDetail(entry)) {
      counts.merge(entry.kind().toLowerCase(Locale.ROOT), 1, Integer::sum);
    }
  }

  private void leave(ArchiveEntry entry, String why, DefinitionRules rules) {
    leftOut.add(entry.name() + ": " + why);
    DefinitionFacts.Fact fact = rules.fact(entry);
    if (entry.kind().equals("POLICY") && fact.restrictive() && fact.relation() != null) {
      closed.put(fact.relation(), entry.name());
    }
  }

  /** A restrictive policy takes rows away from what the others show. Without it they show none. */
  private void closePolicies() throws SQLException {
    for (Map.Entry<String, String> table : closed.entrySet()) {
      for (String policy : policies.getOrDefault(table.getKey(), List.of())) {
        statement.execute("DROP POLICY " + Identifiers.quote(policy) + " ON " + table.getKey());
        counts.merge("policy", -1, Integer::sum);
      }
      leftOut.add("every policy on " + table.getKey() + ": without " + table.getValue()
          + " they would show more than at the source, so nobody whom policies bind sees a row");
    }
  }

  /** Statement by statement: a role that the target does not have has no rights there, to be given or to be taken. */
  private void grant(ArchiveEntry entry) throws SQLException {
    for (String sql : GrantStatements.of(entry.definition())) {
      SQLException refused = refusal(sql, null);
      if (refused == null) {
        continue;
      }
      if (!sql.startsWith("REVOKE ")) {
        leftOut.add("grant on " + entry.tag() + ": " + SqlStates.reason(refused));
      } else if (!SqlStates.UNDEFINED_OBJECT.equals(refused.getSQLState())) {
        throw opensMore(entry, refused);
      }
    }
  }

  private void require(ArchiveEntry entry, String sql) throws SQLException {
    SQLException refused = refusal(sql, null);
    if (refused != null) {
      throw opensMore(entry, refused);
    }
  }

  private static OperatorException opensMore(ArchiveEntry entry, SQLException e) {
    return new OperatorException(
        new Problem(
            ErrorCode.DEFINITION_OPENS_MORE,
            entry.name() + " cannot be made as it is at the source",
            SqlStates.reason(e),
            "give our role the right, or make the tables by hand, or pg-dump: none in the configuration"),
        SqlStates.clean(e));
  }

  /** Why it cannot be run, and what is to be run with it; null when both were. What may pass by itself is thrown. */
  private @Nullable SQLException refusal(String sql, @Nullable String then) throws SQLException {
    Savepoint before = target.setSavepoint();
    try {
      statement.execute(sql);
      if (then != null) {
        statement.execute(then);
      }
      target.releaseSavepoint(before);
      return null;
    } catch (SQLException e) {
      if (SqlStates.isTransient(e)) {
        throw e;
      }
      target.rollback(before);
      target.releaseSavepoint(before);
      return e;
    }
  }

  /** The server takes the text apart into its statements, not the driver: who wrote it may have meant to confuse one. */
  private static String asOne(String definition) {
    String execute = "BEGIN EXECUTE " + SchemaBuilder.literal(definition) + "; END";
    return "DO " + SchemaBuilder.literal(execute);
  }
}
