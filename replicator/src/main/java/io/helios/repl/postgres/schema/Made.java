package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.Identifiers;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/** What was made at a target in this transaction, and may therefore be added to. Names are quoted, but for schemas. */
final class Made {

  private final Set<String> relations;
  private final Set<String> schemas;
  private final Set<String> types;
  private final Set<Integer> entries = new HashSet<>();

  Made(Collection<String> relations, Collection<String> schemas, Collection<String> types) {
    this.relations = new HashSet<>(relations);
    this.schemas = new HashSet<>(schemas);
    this.types = new HashSet<>(types);
  }

  void add(ArchiveEntry entry) {
    entries.add(entry.number());
    if (entry.kind().endsWith("VIEW") && entry.schema() != null) {
      relations.add(Identifiers.quote(entry.schema(), entry.tag()));
    }
  }

  boolean hasRelation(String quotedName) {
    return relations.contains(quotedName);
  }

  boolean hasSchema(String name) {
    return schemas.contains(name);
  }

  /** Whether the entry's object is among it. */
  boolean has(ArchiveEntry entry) {
    String schema = entry.schema();
    return entries.contains(entry.number())
        || switch (entry.kind()) {
          case "SCHEMA" -> schemas.contains(entry.tag());
          case "TABLE", "SEQUENCE" -> schema != null && relations.contains(Identifiers.quote(schema, entry.tag()));
          case "TYPE", "DOMAIN" -> schema != null && types.contains(Identifiers.quote(schema, entry.tag()));
          default -> false;
        };
  }
}
