package io.helios.repl.verify;

import io.helios.repl.postgres.SessionSettings;
import io.helios.repl.status.DifferingKeys;
import io.helios.repl.status.TableEvidence;
import java.util.List;
import java.util.stream.Collectors;

/**
 * SQL that lists the rows in which a table differs. An operator runs it at the source and at the target, with his own
 * rights: so row values are shown to who may read them, and are in nothing that is kept. Pure.
 *
 * <p>It names rows by the hashes of their keys, and makes its session's settings those under which they were hashed.
 */
public final class RowQuery {

  /** Those of the pinned settings on which it depends how a value reads, or which rows are seen. */
  private static final List<String> SETTINGS =
      List.of("datestyle", "intervalstyle", "timezone", "extra_float_digits", "bytea_output", "lc_monetary", "row_security");

  private RowQuery() {}

  /**
   * The query as lines of SQL.
   *
   * @param tenantKey the tenant's value in the tenant column; used where the table has one
   * @return empty when the table does not differ
   */
  public static String of(TableEvidence table, String tenantKey) {
    DifferingKeys keys = table.keys();
    return keys == null ? "" : head(table, keys) + query(keys, tenantKey);
  }

  private static String head(TableEvidence table, DifferingKeys keys) {
    StringBuilder head = new StringBuilder("-- " + comment(table.table()) + " at " + table.lsn() + ": " + table.altered()
        + " altered, " + table.missing() + " missing at the target, " + table.extra() + " only at the target.\n");
    if (keys.hashes().size() < table.differing()) {
      head.append("-- The first ").append(keys.hashes().size()).append(" keys of ").append(table.differing()).append(".\n");
    }
    head.append(keys.wholeRow()
        ? "-- Run it at the source and at the target. The table has no key: a row that changed since is not found.\n"
        : "-- Run it at the source and at the target. Rows show as they are now.\n");
    return head.toString();
  }

  private static String query(DifferingKeys keys, String tenantKey) {
    String settings = SETTINGS.stream()
        .map(name -> "SET LOCAL " + name + " = " + literal(SessionSettings.pinned().getOrDefault(name, "")) + ";\n")
        .collect(Collectors.joining());
    String ofTenant =
        keys.tenantColumn() == null ? "" : "\n  WHERE t." + keys.tenantColumn() + " = " + literal(tenantKey);
    return "BEGIN READ ONLY;\nSET LOCAL search_path = '';\n" + settings
        + "SELECT * FROM (\n  SELECT encode(substr(" + keys.hashSql() + ", 1, 16), 'hex') AS \"helios key hash\", t.*\n  FROM "
        + keys.relation() + " t" + ofTenant + ") r\nWHERE \"helios key hash\" = ANY ('{"
        + String.join(",", keys.hashes()) + "}')\nORDER BY 1;\nCOMMIT;\n";
  }

  /** A line break in a name would end the comment. */
  private static String comment(String name) {
    return name.replaceAll("\\p{Cntrl}", " ");
  }

  private static String literal(String value) {
    String quoted = "'" + value.replace("'", "''").replace("\\", "\\\\") + "'";
    return value.contains("\\") ? "E" + quoted : quoted;
  }
}
