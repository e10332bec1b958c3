package io.helios.repl.apply;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** What could hurt a target that works today: replicas that their guard does not keep from being written. Read-only. */
public final class TargetHealth {

  /** So many tables are named; with more of them it is something else that is wrong. */
  private static final int NAMED = 20;

  private TargetHealth() {}

  /**
   * Looks at everything.
   *
   * @param connection as the configured role, in autocommit mode; stays as it was
   * @param name the configured name, for messages and commands
   */
  public static List<Finding> run(Connection connection, String name) throws SQLException {
    if (TargetSchema.installedVersion(connection) == 0) {
      return List.of();
    }
    return GuardGaps.read(connection).stream().limit(NAMED).map(gap -> finding(gap, name)).toList();
  }

  private static Finding finding(GuardGaps.Gap gap, String name) {
    String table = gap.schema() + "." + gap.table();
    String what =
        switch (gap.kind()) {
          case OFF -> "the triggers that keep it read-only are switched off";
          case MISSING -> "triggers that keep it read-only are missing";
          case UNKNOWN -> "schema helios does not have its guard any more";
        };
    String hint =
        switch (gap.kind()) {
          case OFF -> String.join("\n", gap.enable());
          case MISSING -> "helios-repl target prepare " + name;
          case UNKNOWN -> "helios-repl tenant resync " + gap.tenant();
        };
    return new Finding(
        Severity.WARN,
        ErrorCode.GUARD_OFF,
        "target \"" + name + "\" lets anybody write " + table + " of tenant \"" + gap.tenant() + "\""
            + (gap.tenants() > 1 ? " and " + (gap.tenants() - 1) + " more" : ""),
        what + "; what is written there is not at the source, and ends as a conflict",
        hint,
        table);
  }
}
