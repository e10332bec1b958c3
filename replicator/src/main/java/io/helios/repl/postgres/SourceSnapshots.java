package io.helios.repl.postgres;

import java.sql.SQLException;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Snapshots of one source, each at a point of what is captured from it: who has applied everything before the point, and
 * nothing after it, has what the snapshot shows. Copies, verifications and repairs take them here, however the source is
 * captured. Any thread.
 */
@FunctionalInterface
public interface SourceSnapshots {

  /**
   * Takes one, with a point that lies after all that was captured when this was called.
   *
   * @param scope all connections belong to it; breaking it off ends the wait
   * @param role for {@code application_name}: {@code copy}, {@code verify} …
   * @param tables what will be read: locked against being rewritten while the snapshot is open
   * @throws io.helios.repl.error.TransientException when it may be tried again
   * @throws io.helios.repl.error.OperatorException when somebody must act first
   * @throws SQLException as it comes
   */
  ExportedSnapshot take(
      ConnectionScope scope, String role, @Nullable String tenant, Collection<TableDefinition> tables)
      throws SQLException;

  /** Of a source that is captured from its WAL: see {@link ExportedSnapshot#atConsistentPoint}. */
  static SourceSnapshots ofWal(ConnectionSettings source) {
    return (scope, role, tenant, tables) -> ExportedSnapshot.atConsistentPoint(scope, source, role, tenant, tables);
  }
}
