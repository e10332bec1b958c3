package io.helios.repl.tests.simulation;

import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import java.util.List;
import java.util.Objects;

/** The source's tables: a key with the tenant in it; a key without, and the whole row as identity; no key at all. */
enum SimulatedTable {
  ORDERS('d', List.of(key("tenant_id", 23), key("id", 20), column("version", 20), column("body", 25))),
  NOTES('f', List.of(key("id", 20), key("tenant_id", 23), key("version", 20), key("body", 25))),
  VISITS('f', List.of(key("tenant_id", 23), key("page", 20)));

  private final Relation relation;
  private final String quoted;
  private final int idColumn;

  SimulatedTable(char identity, List<Relation.Column> columns) {
    this.relation = new Relation(16_500 + ordinal(), "public", name().toLowerCase(java.util.Locale.ROOT), identity, columns);
    this.quoted = Identifiers.quote(relation.schema(), relation.name());
    this.idColumn = Math.max(relation.indexOf("id"), relation.indexOf("page"));
  }

  private static Relation.Column key(String name, int type) {
    return new Relation.Column(name, type, -1, true);
  }

  private static Relation.Column column(String name, int type) {
    return new Relation.Column(name, type, -1, false);
  }

  static SimulatedTable of(Relation relation) {
    return values()[relation.oid() - 16_500];
  }

  Relation relation() {
    return relation;
  }

  /** As the copies' records name it. */
  String quoted() {
    return quoted;
  }

  long id(Tuple tuple) {
    return Long.parseLong(Objects.requireNonNull(tuple.text(idColumn)));
  }

  /** @param before where a body that was not sent is taken from */
  TenantRows.Row row(Tuple tuple, TenantRows.Row before) {
    int body = relation.indexOf("body");
    long version = Long.parseLong(Objects.requireNonNull(tuple.text(relation.indexOf("version"))));
    return new TenantRows.Row(version, tuple.isUnchanged(body) ? before.body() : tuple.text(body));
  }
}
