package io.helios.repl.apply;

import io.helios.repl.change.CutoverMarker;
import io.helios.repl.change.TenantTable;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** A replica becomes the home of a tenant whose home has died, in one transaction on the caller's connection. */
public final class Promotion {

  private Promotion() {}

  /**
   * Takes the epoch, sets the sequences, lets those go who had moved away from the same rows for good, and says so in this
   * database's WAL. Whether it was committed when the connection breaks, the tenant's row tells.
   *
   * @param connection in autocommit mode
   * @param tables of the tenant, as this database has them
   * @return where what is here ends in the old home's WAL; empty, with nothing changed, when it is not to be promoted: see {@link
   *     TenantHome#succeed}
   */
  public static Optional<Lsn> run(
      Connection connection, Tenant tenant, long epoch, Collection<TenantTable> tables, Instant now)
      throws SQLException {
    connection.setAutoCommit(false);
    try {
      Optional<Lsn> position = TenantHome.succeed(connection, tenant, epoch);
      if (position.isPresent()) {
        SharedRows.succeed(connection, tenant.id());
        SequenceSuccession.set(connection, tables, SequenceLedger.of(connection, tenant.id()), now);
        TenantHome.emit(connection, new CutoverMarker(tenant.id(), epoch, UUID.randomUUID(), List.of()));
        connection.commit();
      }
      return position;
    } finally {
      if (!connection.isClosed()) {
        connection.rollback();
        connection.setAutoCommit(true);
      }
    }
  }
}
