package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Slots of helios-repl's name that nobody reads: what a source, or a move at its target, left behind. Read-only. */
public final class OrphanSlots {

  private static final String ORPHANS =
      """
      SELECT slot_name,
        CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END::int8 AS retained
      FROM pg_catalog.pg_replication_slots
      WHERE slot_name LIKE 'helios\\_%' AND slot_type = 'logical' AND NOT active AND NOT temporary AND slot_name <> ALL (?)
      ORDER BY slot_name""";

  private OrphanSlots() {}

  /**
   * Those of the server that the connection leads to.
   *
   * @param kind {@code source} or {@code target}
   * @param name the configured one, for messages and commands
   * @param used names of all slots that this server captures with, wherever they are
   */
  public static List<Finding> find(Connection connection, String kind, String name, Set<String> used)
      throws SQLException {
    List<Finding> findings = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(ORPHANS)) {
      query.setArray(1, connection.createArrayOf("text", used.toArray()));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          String slot = row.getString("slot_name");
          findings.add(
              new Finding(
                  Severity.WARN,
                  ErrorCode.SLOT_ORPHANED,
                  kind + " \"" + name + "\" has slot " + slot + ", which nobody reads; it holds back "
                      + HeldBack.mebibytes(row.getLong("retained")) + " of WAL",
                  "no source of this server uses it, nor a move, and it keeps WAL until the disk is full or"
                      + " max_slot_wal_keep_size is reached; make sure that no other helios-repl server needs it",
                  "helios-repl slot drop " + name + " " + slot));
        }
      }
    }
    return findings;
  }
}
