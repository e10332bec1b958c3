package io.helios.repl.postgres;

/** The one quoter. Every name that reaches SQL text passes here; values never do (they are parameters). */
public final class Identifiers {

  private Identifiers() {}

  /** Always quotes, so that reserved words, case and odd characters need no rules. Refuses the zero byte. */
  public static String quote(String name) {
    if (name.indexOf('\0') >= 0 || name.isEmpty()) {
      throw new IllegalArgumentException("not an identifier");
    }
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  public static String quote(String schema, String name) {
    return quote(schema) + "." + quote(name);
  }
}
