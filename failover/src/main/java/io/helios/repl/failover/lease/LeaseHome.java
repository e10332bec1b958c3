package io.helios.repl.failover.lease;

import io.helios.repl.apply.HomeLease;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/** A database in which a lease is given, as its keeper sees it. */
interface LeaseHome {

  /** Connects. Throws members of the {@link io.helios.repl.error.HeliosException} family. */
  Session open();

  /** One session; what is late fails. */
  interface Session extends AutoCloseable {

    long clockMillis() throws SQLException;

    /** See {@link HomeLease#renew}. */
    long renew(long sinceMillis, long windowMillis) throws SQLException;

    void sweep() throws SQLException;

    @Override
    void close() throws SQLException;
  }

  /** @param owner see {@link HomeLease} */
  static LeaseHome of(ConnectionSettings settings, String owner, Duration patience) {
    return () -> {
      Connection connection = PgConnections.openBrief(settings, "lease", patience);
      HomeLease lease = new HomeLease(connection, owner);
      try {
        connection.setNetworkTimeout(Runnable::run, Math.toIntExact(patience.toMillis()));
        lease.unhurried();
      } catch (SQLException e) {
        try {
          connection.close();
        } catch (SQLException close) {
          e.addSuppressed(close);
        }
        throw new TransientException(LeaseKeeper.unanswered(settings.place()), e);
      }
      return new Session() {
        @Override
        public long clockMillis() throws SQLException {
          return lease.clockMillis();
        }

        @Override
        public long renew(long sinceMillis, long windowMillis) throws SQLException {
          return lease.renew(sinceMillis, windowMillis);
        }

        @Override
        public void sweep() throws SQLException {
          lease.sweep();
        }

        @Override
        public void close() throws SQLException {
          try {
            connection.close();
          } finally {
            PgConnections.leave(connection);
          }
        }
      };
    };
  }
}
