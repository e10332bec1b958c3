package io.helios.repl.postgres.schema;

import java.util.ArrayList;
import java.util.List;

/** The statements of what pg_dump writes about rights: nothing is quoted in them but names. */
final class GrantStatements {

  private GrantStatements() {}

  /**
   * GRANT, REVOKE and ALTER DEFAULT PRIVILEGES, one by one. In whose name another role had granted something is left out:
   * the right is the same.
   */
  static List<String> of(String definition) {
    List<String> statements = new ArrayList<>();
    int begin = 0;
    boolean quoted = false;
    for (int i = 0; i < definition.length(); i++) {
      char c = definition.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ';' && !quoted) {
        String statement = definition.substring(begin, i).strip();
        if (statement.startsWith("GRANT ") || statement.startsWith("REVOKE ")
            || statement.startsWith("ALTER DEFAULT PRIVILEGES ")) {
          statements.add(statement);
        }
        begin = i + 1;
      }
    }
    return statements;
  }
}
