package io.helios.repl.postgres;

import io.helios.repl.error.HeliosException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.postgresql.PGConnection;

/**
 * A session that this process has logged in to, for somebody else to use: pgjdbc connects, with TLS and password as the settings ask for,
 * and then only its bytes are of interest, in PostgreSQL's protocol as it goes on after a login. {@link #input} and {@link #output} are for
 * one thread each, the rest for any.
 */
public final class RelayedSession implements AutoCloseable {

  private final PGConnection session; // held: one that is forgotten is closed by pgjdbc
  private final SocketWatch watch; // open: to break something off takes another socket
  private final Socket carrier;

  private RelayedSession(PGConnection session, SocketWatch watch) {
    this.session = session;
    this.watch = watch;
    this.carrier = watch.carrier();
  }

  /**
   * @param applicationName what the session is called at the server
   * @param replication whether a walsender is wanted ({@code replication=database})
   * @throws HeliosException as {@link PgConnections#open}
   */
  public static RelayedSession open(ConnectionSettings settings, String applicationName, boolean replication) {
    SocketWatch watch = SocketWatch.relaying(settings);
    try {
      Connection connection = PgConnections.openRelayed(settings, applicationName, replication, watch);
      return new RelayedSession(connection.unwrap(PGConnection.class), watch);
    } catch (SQLException e) {
      watch.close();
      throw new IllegalStateException("a connection of pgjdbc's is none", e);
    } catch (RuntimeException e) {
      watch.close();
      throw e;
    }
  }

  /** What the server reports of its settings, as at the end of the login. */
  public Map<String, String> parameters() {
    return session.getParameterStatuses();
  }

  public int processId() {
    return session.getBackendPID();
  }

  public InputStream input() throws IOException {
    return carrier.getInputStream();
  }

  public OutputStream output() throws IOException {
    return carrier.getOutputStream();
  }

  /** Asks the server to break off what the session does, over a connection of its own. */
  public void cancel() throws SQLException {
    session.cancelQuery();
  }

  /** The server ends it, and whatever it had open. */
  @Override
  public void close() throws IOException {
    watch.close();
    carrier.close();
  }
}
