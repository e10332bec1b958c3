package io.helios.repl.postgres.schema;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What an expression, index or constraint calls on that a fresh database may lack. Functions are taken from the stored
 * node tree, since dependencies on built-in ones are not recorded (PostgreSQL: {@code IsPinnedObject} in
 * {@code dependency.c}); operator classes, collations and the like from {@code pg_depend}.
 */
record Needs(List<Function> functions, List<Other> others) {

  /** @param volatility {@code i}, {@code s} or {@code v}; {@code extension} is empty for none */
  record Function(char volatility, String extension, String schema, String name) {}

  /**
   * @param kind as {@code pg_identify_object} says it, for example {@code operator class}
   * @param quotedName as {@link io.helios.repl.postgres.Identifiers#quote(String, String)} writes it, where it has one
   */
  record Other(String kind, String extension, String identity, String quotedName) {}

  /** What a target offers: extensions by name, collations by quoted name. */
  record Available(Set<String> extensions, Set<String> collations) {

    boolean offers(Function function) {
      return function.schema().equals("pg_catalog") || extensions.contains(function.extension());
    }

    boolean offers(Other other) {
      return extensions.contains(other.extension())
          || (other.kind().equals("collation") && collations.contains(other.quotedName()));
    }
  }

  static final Needs NONE = new Needs(List.of(), List.of());

  private static final String SEPARATOR = "\u0001";

  /** Volatile, built in or of uuid-ossp, and without any effect: fit for a default. */
  private static final Set<String> HARMLESS = Set.of(
      "gen_random_uuid", "uuidv4", "uuidv7", "random", "clock_timestamp", "timeofday", "uuid_generate_v4",
      "uuid_generate_v1", "uuid_generate_v1mc");

  /** The functions in a node tree: a select list item. {@code tree} is SQL of type text, null for none. */
  static String functionsOf(String tree) {
    return """
        ARRAY(
          SELECT DISTINCT pg_catalog.concat_ws(pg_catalog.chr(1), np.provolatile, coalesce(ne.extname, ''),
            nn.nspname, np.proname)
          FROM pg_catalog.regexp_matches(%s, ':(?:funcid|opfuncid) ([0-9]+)', 'g') AS nm (groups)
          JOIN pg_catalog.pg_proc np ON np.oid = nm.groups[1]::pg_catalog.oid
          JOIN pg_catalog.pg_namespace nn ON nn.oid = np.pronamespace
          LEFT JOIN pg_catalog.pg_depend nd ON nd.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
            AND nd.objid = np.oid AND nd.deptype = 'e'
          LEFT JOIN pg_catalog.pg_extension ne ON ne.oid = nd.refobjid
          ORDER BY 1)"""
        .formatted(tree);
  }

  /** What else an object outside pg_catalog depends on: a select list item. {@code oids}: SQL list of OIDs. */
  static String othersOf(String catalog, String oids) {
    return """
        ARRAY(
          SELECT DISTINCT pg_catalog.concat_ws(pg_catalog.chr(1), no.type, coalesce(ne.extname, ''), no.identity,
            %s)
          FROM pg_catalog.pg_depend nd
          CROSS JOIN LATERAL pg_catalog.pg_identify_object(nd.refclassid, nd.refobjid, nd.refobjsubid) no
          LEFT JOIN pg_catalog.pg_depend nx ON nx.classid = nd.refclassid AND nx.objid = nd.refobjid
            AND nx.deptype = 'e'
          LEFT JOIN pg_catalog.pg_extension ne ON ne.oid = nx.refobjid
          WHERE nd.classid = 'pg_catalog.%s'::pg_catalog.regclass AND nd.objid IN (%s) AND nd.objsubid = 0
            AND nd.refclassid NOT IN (
              'pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass,
              'pg_catalog.pg_constraint'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass,
              'pg_catalog.pg_namespace'::pg_catalog.regclass, 'pg_catalog.pg_extension'::pg_catalog.regclass)
            AND no.schema IS DISTINCT FROM 'pg_catalog'
          ORDER BY 1)"""
        .formatted(quoted("no.schema", "no.name"), catalog, oids);
  }

  /** A name as {@link io.helios.repl.postgres.Identifiers#quote(String, String)} writes it: a select list item. */
  static String quoted(String schema, String name) {
    return "pg_catalog.concat('\"', pg_catalog.replace(" + schema + ", '\"', '\"\"'), '\".\"', pg_catalog.replace(" + name
        + ", '\"', '\"\"'), '\"')";
  }

  static Needs read(ResultSet row, int functions, int others) throws SQLException {
    List<Function> calls = texts(row, functions).stream()
        .map(text -> text.split(SEPARATOR, -1))
        .map(part -> new Function(part[0].charAt(0), part[1], part[2], part[3]))
        .toList();
    List<Other> objects = texts(row, others).stream()
        .map(text -> text.split(SEPARATOR, -1))
        .map(part -> new Other(part[0], part[1], part[2], part[3]))
        .toList();
    return calls.isEmpty() && objects.isEmpty() ? NONE : new Needs(calls, objects);
  }

  static List<String> texts(ResultSet row, int column) throws SQLException {
    java.sql.Array array = row.getArray(column);
    return array == null ? List.of() : Arrays.asList((String[]) array.getArray());
  }

  boolean calls(String function) {
    return functions.stream().anyMatch(f -> f.schema().equals("pg_catalog") && f.name().equals(function));
  }

  /** Why it cannot stand on a target that offers this; empty when it can. */
  Optional<String> obstacle(Available available) {
    return functions.stream()
        .filter(f -> !available.offers(f))
        .map(f -> "calls " + f.schema() + "." + f.name() + owner(f.extension()))
        .findFirst()
        .or(() -> others.stream()
            .filter(o -> !available.offers(o))
            .map(o -> "uses " + o.kind() + " " + o.identity() + owner(o.extension()))
            .findFirst());
  }

  /** The same for a default: what it calls must have no effects. {@code nextval} is judged by the caller. */
  Optional<String> obstacleToDefault(Available available) {
    return obstacle(available).or(() -> functions.stream()
        .filter(f -> f.volatility() == 'v' && !f.name().equals("nextval") && !HARMLESS.contains(f.name()))
        .map(f -> "calls the volatile function " + f.name())
        .findFirst());
  }

  /** The same for a check, which must refuse no row that the source took, at whatever time it is applied. */
  Optional<String> obstacleToCheck(Available available) {
    return obstacle(available).or(() -> functions.stream()
        .filter(f -> f.volatility() != 'i')
        .map(f -> "calls " + f.name() + ", whose result depends on when it is asked")
        .findFirst());
  }

  private static String owner(String extension) {
    return extension.isEmpty() ? "" : " of extension " + extension;
  }
}
