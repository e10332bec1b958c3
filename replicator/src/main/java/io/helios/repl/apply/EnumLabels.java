package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.schema.LiveTable;
import java.util.ArrayList;
import java.util.List;

/** What an enum of the target lacks of the source's, as SQL. Pure. Labels are SQL literals throughout. */
final class EnumLabels {

  private EnumLabels() {}

  /**
   * Statements that add what is lacking, in its place. PostgreSQL can add labels and rename them, never take them away:
   * a label that the source lacks besides was renamed.
   */
  static List<String> added(LiveTable.NamedType type, List<String> there, Relation relation, String tenant, Lsn lsn) {
    List<String> wanted = type.labels();
    List<String> lacking = wanted.stream().filter(label -> !there.contains(label)).toList();
    List<String> extra = there.stream().filter(label -> !wanted.contains(label)).toList();
    if (!lacking.isEmpty() && !extra.isEmpty()) {
      throw new OperatorException(new Problem(
              ErrorCode.ENUM_CHANGED,
              "type " + type.sqlName() + " lacks " + String.join(", ", lacking) + " at the target, and has "
                  + String.join(", ", extra) + " that the source lacks",
              "a value was renamed at the source, or the target has values of its own",
              "ALTER TYPE " + type.sqlName() + " RENAME VALUE " + extra.getFirst() + " TO " + lacking.getFirst()
                  + "; (or ADD VALUE); then: helios-repl tenant start " + tenant)
          .at(lsn.toString(), relation.qualifiedName()));
    }
    List<String> statements = new ArrayList<>();
    for (int i = 0; i < wanted.size(); i++) {
      if (!there.contains(wanted.get(i))) {
        // What stands before it is there by now; before the first, what stands first at the target.
        statements.add("ALTER TYPE " + type.sqlName() + " ADD VALUE IF NOT EXISTS " + wanted.get(i)
            + (i > 0 ? " AFTER " + wanted.get(i - 1) : " BEFORE " + there.getFirst()));
      }
    }
    return statements;
  }
}
