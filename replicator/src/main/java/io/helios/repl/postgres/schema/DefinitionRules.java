package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.Identifiers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of each entry of a dump at a target. Two rules are not about what is possible, but about whom a tenant may
 * become by it: nothing that a tenant wrote runs with our role's rights, neither now nor while rows are applied; and what
 * runs with its owner's rights gets the owner that it has at the source, or is not made.
 */
final class DefinitionRules {

  enum Act {
    /** It is created. */
    MAKE,
    /** Nothing is to be done, or to be told. */
    PASS,
    /** It is not created, and that is told. */
    LEAVE
  }

  record Verdict(Act act, String why) {
    static final Verdict MAKE = new Verdict(Act.MAKE, "");
    static final Verdict PASS = new Verdict(Act.PASS, "");

    static Verdict leave(String why) {
      return new Verdict(Act.LEAVE, why);
    }
  }

  /** Made from the catalog, or by nobody. */
  private static final Set<String> ELSEWHERE = Set.of(
      "ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE", "DATABASE PROPERTIES", "SCHEMA", "EXTENSION", "TYPE", "DOMAIN",
      "SHELL TYPE", "DEFAULT", "CONSTRAINT", "CHECK CONSTRAINT", "INDEX ATTACH", "TABLE ATTACH", "SEQUENCE OWNED BY",
      "SEQUENCE SET", "STATISTICS DATA", "BLOB", "BLOBS", "BLOB METADATA");

  private static final Set<String> OF_RELATIONS = Set.of("TRIGGER", "RULE", "POLICY", "FK CONSTRAINT", "STATISTICS");

  private static final Set<String> FREE = Set.of(
      "FUNCTION", "PROCEDURE", "AGGREGATE", "VIEW", "MATERIALIZED VIEW", "OPERATOR", "COLLATION",
      "TEXT SEARCH CONFIGURATION", "TEXT SEARCH DICTIONARY");

  /** What is owned by itself, and named in SQL by what follows DROP. */
  private static final Set<String> NAMED_BY_DROP = Set.of("FUNCTION", "PROCEDURE", "AGGREGATE", "OPERATOR");

  private static final Set<String> NAMED_BY_TAG = Set.of(
      "VIEW", "MATERIALIZED VIEW", "COLLATION", "TEXT SEARCH CONFIGURATION", "TEXT SEARCH DICTIONARY", "STATISTICS",
      "TABLE", "TYPE", "DOMAIN", "SEQUENCE", "SCHEMA");

  private final DefinitionScope scope;
  private final Map<Integer, ArchiveEntry> entries;
  private final DefinitionFacts facts;
  private final DefinitionFacts.Roles roles;
  private final TargetInventory before;
  private final DefinitionNames here;
  private final DefinitionNames there;
  private final Map<String, List<String>> ownerless = new TreeMap<>();

  /** @param before what the target had before its tables were made */
  DefinitionRules(
      DefinitionScope scope,
      List<ArchiveEntry> entries,
      DefinitionFacts facts,
      DefinitionFacts.Roles roles,
      TargetInventory before,
      DefinitionNames here,
      DefinitionNames there) {
    this.scope = scope;
    this.entries = new HashMap<>(entries.stream().collect(Collectors.toMap(ArchiveEntry::number, e -> e)));
    this.facts = facts;
    this.roles = roles;
    this.before = before;
    this.here = here;
    this.there = there;
  }

  /** Whether it only says more of something else. */
  boolean isDetail(ArchiveEntry entry) {
    return isGrant(entry) || entry.kind().equals("COMMENT") || entry.kind().equals("ROW SECURITY");
  }

  /** Grants come when everything is made, as pg_restore does it. */
  boolean isGrant(ArchiveEntry entry) {
    return entry.kind().equals("ACL") || entry.kind().equals("DEFAULT ACL");
  }

  boolean isGrantOnSchema(ArchiveEntry entry) {
    return entry.kind().equals("ACL")
        && entry.uses().stream().map(entries::get).anyMatch(about -> about != null && about.kind().equals("SCHEMA"));
  }

  DefinitionFacts.Fact fact(ArchiveEntry entry) {
    return facts.of(entry);
  }

  boolean isForced(String table) {
    return facts.isForced(table);
  }

  Verdict judge(ArchiveEntry entry, Made made) {
    String schema = entry.schema();
    if (schema != null && !scope.takes(schema)) {
      return Verdict.PASS;
    }
    String kind = entry.kind();
    DefinitionFacts.Fact fact = facts.of(entry);
    if (ELSEWHERE.contains(kind) || fact.ours()) {
      return Verdict.PASS;
    }
    return switch (kind) {
      case "TABLE" -> made.has(entry) || isThere(entry)
          ? Verdict.PASS
          : Verdict.leave("it takes no part in what is replicated of the tenant, or cannot be made (see there)");
      case "SEQUENCE" -> made.has(entry) || isThere(entry)
          ? Verdict.PASS
          : Verdict.leave("it feeds no column, so that its value would not be kept; make it, and set it at the cutover");
      case "ROW SECURITY" -> schema != null && made.hasRelation(Identifiers.quote(schema, entry.tag()))
          ? Verdict.MAKE
          : Verdict.PASS;
      case "COMMENT", "ACL" -> entry.uses().stream().map(entries::get).anyMatch(about -> about != null && made.has(about))
          ? Verdict.MAKE
          : Verdict.PASS;
      case "DEFAULT ACL" -> schema != null && made.hasSchema(schema) ? Verdict.MAKE : Verdict.PASS;
      case "INDEX" -> fact.onTable() || fact.relation() == null || !made.hasRelation(fact.relation())
          ? Verdict.PASS
          : fact.obstacle() == null ? Verdict.MAKE : Verdict.leave(fact.obstacle());
      default -> OF_RELATIONS.contains(kind) ? ofRelation(entry, fact, made) : free(entry, fact);
    };
  }

  private boolean isThere(ArchiveEntry entry) {
    return entry.schema() != null && before.relations().containsKey(Identifiers.quote(entry.schema(), entry.tag()));
  }

  private Verdict ofRelation(ArchiveEntry entry, DefinitionFacts.Fact fact, Made made) {
    String relation = fact.relation();
    if (relation == null || there.has(here.of(entry))) {
      return Verdict.PASS;
    }
    if (fact.obstacle() != null) {
      return Verdict.leave(fact.obstacle());
    }
    if (!made.hasRelation(relation)) {
      return before.relations().containsKey(relation)
          ? Verdict.leave("the target had " + relation + " before, and it stays as it is")
          : Verdict.PASS; // what it belongs to is told of
    }
    String owner = entry.kind().equals("RULE") && fact.onTable() ? facts.ownerOf(relation) : "";
    return fact.ownersRights() && !owner.isEmpty() ? withOwner(owner) : Verdict.MAKE;
  }

  private Verdict free(ArchiveEntry entry, DefinitionFacts.Fact fact) {
    if (!FREE.contains(entry.kind())) {
      return Verdict.leave(
          switch (entry.kind()) {
            case "CAST", "OPERATOR CLASS", "OPERATOR FAMILY" -> "it would have a say in how values are applied";
            case "EVENT TRIGGER" -> "it would run for everybody who changes definitions there";
            case "FOREIGN TABLE", "SERVER", "USER MAPPING", "FOREIGN DATA WRAPPER" ->
                "how another server is reached is for whoever may reach it";
            default -> "it is for a superuser to make";
          });
    }
    if (fact.obstacle() != null) {
      return Verdict.leave(fact.obstacle());
    }
    return fact.ownersRights() ? withOwner(entry.owner()) : Verdict.MAKE;
  }

  private Verdict withOwner(String owner) {
    if (isGivable(owner) || facts.isSuperuser(owner)) {
      return Verdict.MAKE;
    }
    String why = "it runs with the rights of its owner, role " + Identifiers.quote(owner) + ", ";
    return Verdict.leave(
        roles.all().contains(owner)
            ? why + "which our role may not give it to: GRANT " + Identifiers.quote(owner) + " TO "
                + Identifiers.quote(roles.self())
            : why + "which the target does not have: CREATE ROLE " + Identifiers.quote(owner));
  }

  private boolean isGivable(String role) {
    return role.equals(roles.self()) || roles.givable().contains(role);
  }

  /** SQL that gives it the owner that it has at the source; null where nothing is to be changed, or can be. */
  @Nullable String giveAway(ArchiveEntry entry) {
    String owner = entry.owner();
    String object = named(entry);
    if (object == null || owner.isEmpty() || owner.equals(roles.self())) {
      return null;
    }
    if (!isGivable(owner)) {
      ownerless.computeIfAbsent(owner, role -> new ArrayList<>()).add(entry.name());
      return null;
    }
    return "ALTER " + object + " OWNER TO " + Identifiers.quote(owner);
  }

  private static @Nullable String named(ArchiveEntry entry) {
    String drop = entry.drop().strip();
    if (NAMED_BY_DROP.contains(entry.kind()) && drop.startsWith("DROP ") && drop.endsWith(";")) {
      return drop.substring("DROP ".length(), drop.length() - 1);
    }
    if (!NAMED_BY_TAG.contains(entry.kind())) {
      return null;
    }
    return entry.kind() + " "
        + (entry.schema() == null ? Identifiers.quote(entry.tag()) : Identifiers.quote(entry.schema(), entry.tag()));
  }

  /** One line a role that owns something at the source and not here. */
  List<String> missingOwners() {
    List<String> lines = new ArrayList<>();
    ownerless.forEach((role, names) -> lines.add(
        "owner " + DefinitionNames.printable(role) + " of " + names.size() + " definitions, which belong to "
            + DefinitionNames.printable(roles.self()) + ": "
            + (roles.all().contains(role)
                ? "GRANT " + Identifiers.quote(role) + " TO " + Identifiers.quote(roles.self())
                : "the target has no such role; make it before the tenant is started, or ALTER … OWNER afterwards")));
    return lines;
  }
}
