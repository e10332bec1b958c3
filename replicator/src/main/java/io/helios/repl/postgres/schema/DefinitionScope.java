package io.helios.repl.postgres.schema;

import io.helios.repl.postgres.Identifiers;
import java.util.ArrayList;
import java.util.List;

/**
 * Whose definitions are meant: those of some schemas, or of the whole database without what is ours in it.
 *
 * @param database whether it is the whole database; then {@code schemas} is empty
 */
public record DefinitionScope(boolean database, List<String> schemas) {

  /** Everything of a database. */
  public static final DefinitionScope DATABASE = new DefinitionScope(true, List.of());

  public DefinitionScope {
    schemas = List.copyOf(schemas);
  }

  public static DefinitionScope of(String schema) {
    return new DefinitionScope(false, List.of(schema));
  }

  public boolean takes(String schema) {
    return database
        ? !schema.equals("helios") && !schema.equals("information_schema") && !schema.startsWith("pg_")
        : schemas.contains(schema);
  }

  /** A condition on the schema's name, as SQL; {@link #parameter} is its one parameter, a {@code text[]}. */
  String condition(String name) {
    return database
        ? "(" + name + " <> ALL (?) AND " + name + " !~ '^pg_')"
        : name + " = ANY (?)";
  }

  Object[] parameter() {
    return database ? new Object[] {"helios", "information_schema"} : schemas.toArray();
  }

  /**
   * pg_dump's arguments for it. They are patterns: between double quotes everything means itself. What is not ASCII is
   * written as {@code *}, since how an argument is encoded depends on the locale of the one that starts a process; what is
   * taken too many is left aside by {@link #takes}.
   */
  List<String> arguments() {
    if (database) {
      return List.of("--exclude-schema=helios");
    }
    List<String> arguments = new ArrayList<>(List.of("--strict-names"));
    schemas.forEach(schema -> arguments.add(
        "--schema=" + Identifiers.quote(schema).replaceAll("[^\\x00-\\x7f]+", "\"*\"")));
    return arguments;
  }
}
