package io.helios.repl.postgres;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.WeakHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * Opens connections, each pinned by {@link SessionSettings} and named {@code helios-repl/<role>[/<tenant>]}. Everything
 * goes to the driver as a typed property; no URL holds anything. No wait in one is without end: see {@link SilenceWatch}.
 * Any thread.
 */
public final class PgConnections {

  private static final int CONNECT_TIMEOUT_SECONDS = 10;
  /** PostgreSQL cuts an application_name at NAMEDATALEN. */
  private static final int MAX_NAME = 63;

  /** It warns of each server older than 8.2, which a pooler's console seems to be. Held, since loggers are kept by nobody else. */
  private static final Logger OF_CONNECTIONS = Logger.getLogger("org.postgresql.jdbc.PgConnection");

  static {
    OF_CONNECTIONS.setLevel(Level.SEVERE);
  }

  private static final Map<Connection, SocketWatch> WATCHES = Collections.synchronizedMap(new WeakHashMap<>());

  private PgConnections() {}

  /**
   * Makes sure that the session of a connection that was lost or broken off ends at the server too, whatever it believes of
   * its network: else it may keep locks that the next attempt waits for. Does not wait; does nothing about other connections.
   */
  public static void leave(Connection connection) {
    SocketWatch watch = WATCHES.get(connection);
    if (watch != null) {
      SilenceWatch.leave(watch);
    }
  }

  /**
   * An ordinary connection, autocommit on.
   *
   * @param role {@code capture}, {@code apply}, {@code copy} …
   * @throws TransientException when the server cannot be reached or takes no more connections now
   * @throws OperatorException when it refuses: login, database, TLS
   */
  public static Connection open(ConnectionSettings settings, String role, @Nullable String tenant) {
    Properties properties = properties(settings, tenant == null ? role : role + "/" + tenant);
    try (SocketWatch watch = new SocketWatch(settings, false)) {
      return connect(settings, properties, false, watch);
    }
  }

  /**
   * The same, for changing definitions: it waits ten seconds for a lock at the most (55P03), since everybody who wants the
   * table after us waits behind us.
   */
  public static Connection openForDefinitions(ConnectionSettings settings, String role, @Nullable String tenant) {
    Connection connection = open(settings, role, tenant);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET lock_timeout = '10s'");
      return connection;
    } catch (SQLException e) {
      HeliosException refused = refused(settings, false, e);
      try {
        connection.close();
      } catch (SQLException close) {
        refused.addSuppressed(close);
      }
      throw refused;
    }
  }

  /**
   * One whose answers are of use only if they come soon: connecting, and each of them, is given up after that while.
   *
   * @param patience whole seconds of it, and one more
   */
  public static Connection openBrief(ConnectionSettings settings, String role, Duration patience) {
    int seconds = Math.clamp(patience.toSeconds() + 1, 1, CONNECT_TIMEOUT_SECONDS);
    Properties properties = properties(settings, role);
    PGProperty.CONNECT_TIMEOUT.set(properties, seconds);
    PGProperty.SOCKET_TIMEOUT.set(properties, seconds);
    try (SocketWatch watch = new SocketWatch(settings, false)) {
      return connect(settings, properties, false, watch);
    }
  }

  /** One for quick questions only: it is given up when the server does not answer one for {@link SilenceWatch}'s while. */
  static Connection openQuick(ConnectionSettings settings, String role) {
    try (SocketWatch watch = new SocketWatch(settings, false)) {
      Connection connection = connect(settings, properties(settings, role), false, watch);
      watch.quick();
      return connection;
    }
  }

  /**
   * One to see whether the server answers.
   *
   * @param patience for all of the connecting together. How long answers may take the caller then says ({@link
   *     Connection#setNetworkTimeout})
   */
  public static Connection openProbe(ConnectionSettings settings, String role, Duration patience) {
    Properties properties = properties(settings, role);
    // In whole seconds, and of each of the driver's attempts, with TLS and without: the watch knows better.
    int seconds = Math.clamp(patience.toSeconds() + 1, 1, CONNECT_TIMEOUT_SECONDS);
    PGProperty.CONNECT_TIMEOUT.set(properties, seconds);
    PGProperty.SOCKET_TIMEOUT.set(properties, seconds);
    try (SocketWatch watch = SocketWatch.within(settings, patience)) {
      Connection opened = connect(settings, properties, false, watch);
      watch.unlimited();
      return opened;
    }
  }

  /** A connection to a walsender that also takes plain SQL ({@code replication=database}); one statement at a time. */
  public static Connection openReplication(ConnectionSettings settings, String role) {
    try (SocketWatch watch = new SocketWatch(settings, false)) {
      return openReplication(settings, role, watch);
    }
  }

  static Connection openReplication(ConnectionSettings settings, String role, SocketWatch watch) {
    return openReplication(settings, properties(settings, role), watch);
  }

  /** The same under this very {@code application_name}, by which a standby is known. */
  static Connection openStandby(ConnectionSettings settings, String applicationName, SocketWatch watch) {
    Properties properties = properties(settings, "capture");
    PGProperty.APPLICATION_NAME.set(properties, cut(applicationName));
    return openReplication(settings, properties, watch);
  }

  private static Connection openReplication(ConnectionSettings settings, Properties properties, SocketWatch watch) {
    PGProperty.REPLICATION.set(properties, "database");
    PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
    return connect(settings, properties, true, watch);
  }

  /**
   * A connection to the admin console of a pooler (PgBouncer's database {@code pgbouncer}): it takes the simple protocol only, one command at
   * a time, and knows neither settings nor transactions. The driver must not send it its usual SET: that of a replication connection
   * does not, and is one in nothing else as long as no server version is assumed from which the driver asks for a walsender (9.4).
   *
   * @param patience for connecting, and for each answer until the caller sets another; whole seconds, at least one
   * @throws TransientException when nothing answers
   * @throws OperatorException when it does not let us in
   */
  public static Connection openConsole(ConnectionSettings settings, String role, Duration patience) {
    Properties properties = properties(settings, role);
    int seconds = Math.clamp(patience.toSeconds(), 1, CONNECT_TIMEOUT_SECONDS);
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "9.0");
    PGProperty.REPLICATION.set(properties, "false");
    PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
    PGProperty.CONNECT_TIMEOUT.set(properties, seconds);
    PGProperty.SOCKET_TIMEOUT.set(properties, seconds);
    properties.remove(PGProperty.SOCKET_FACTORY.getName());
    try {
      return Objects.requireNonNull(new Driver().connect("jdbc:postgresql://", properties), "pgjdbc does not take its own URL");
    } catch (SQLException e) {
      throw refused(settings, false, e);
    }
  }

  /** See {@link RelayedSession#open}. */
  static Connection openRelayed(ConnectionSettings settings, String applicationName, boolean replication, SocketWatch watch) {
    Properties properties = properties(settings, "relay");
    PGProperty.APPLICATION_NAME.set(properties, cut(applicationName));
    PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
    PGProperty.SSL_FACTORY.set(properties, RelayTlsFactory.class.getName());
    if (replication) {
      PGProperty.REPLICATION.set(properties, "database");
    }
    PGProperty.SOCKET_FACTORY_ARG.set(properties, watch.id);
    try {
      return Objects.requireNonNull(new Driver().connect("jdbc:postgresql://", properties), "pgjdbc does not take its own URL");
    } catch (SQLException e) {
      throw refused(settings, replication, e);
    }
  }

  private static String cut(String applicationName) {
    return applicationName.length() > MAX_NAME ? applicationName.substring(0, MAX_NAME) : applicationName;
  }

  private static Properties properties(ConnectionSettings settings, String name) {
    Properties properties = new Properties();
    PGProperty.CONNECT_TIMEOUT.set(properties, CONNECT_TIMEOUT_SECONDS);
    PGProperty.GSS_ENC_MODE.set(properties, "disable");
    ConnectionParameters.put(settings.parameters(), properties);
    if (settings.way() == null) {
      PGProperty.PG_HOST.set(properties, settings.host());
      PGProperty.PG_PORT.set(properties, settings.port());
      PGProperty.PG_DBNAME.set(properties, settings.database());
      PGProperty.USER.set(properties, settings.user());
    } else {
      // What the driver must be told though it means nothing: it resolves the host's name before its socket is asked.
      PGProperty.PG_HOST.set(properties, "127.0.0.1");
      PGProperty.PG_DBNAME.set(properties, settings.database());
      PGProperty.USER.set(properties, settings.user());
      PGProperty.SSL_MODE.set(properties, "disable");
    }
    if (settings.password() != null) {
      PGProperty.PASSWORD.set(properties, settings.password());
    }
    PGProperty.APPLICATION_NAME.set(properties, cut("helios-repl/" + name));
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "14");
    PGProperty.TCP_KEEP_ALIVE.set(properties, true);
    PGProperty.SOCKET_FACTORY.set(properties, PgSocketFactory.class.getName());
    // A DETAIL carries row values; it must not get into any exception's text.
    PGProperty.LOG_SERVER_ERROR_DETAIL.set(properties, false);
    return properties;
  }

  private static Connection connect(
      ConnectionSettings settings, Properties properties, boolean replication, SocketWatch watch) {
    PGProperty.SOCKET_FACTORY_ARG.set(properties, watch.id);
    try {
      Connection connection = new Driver().connect("jdbc:postgresql://", properties);
      if (connection == null) {
        throw new IllegalStateException("pgjdbc does not take its own URL");
      }
      try {
        watch.session(SessionSettings.pin(connection));
        WATCHES.put(connection, watch);
        return connection;
      } catch (SQLException | RuntimeException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw refused(settings, replication, e);
    }
  }

  private static HeliosException refused(ConnectionSettings settings, boolean replication, SQLException e) {
    HeliosException told = told(e);
    if (told != null) {
      return told;
    }
    String place = settings.place();
    String state = String.valueOf(e.getSQLState());
    String role = Identifiers.quote(settings.user());
    return switch (state) {
      case SqlStates.INVALID_PASSWORD, SqlStates.INVALID_AUTHORIZATION -> authentication(settings, e);
      case SqlStates.NO_PASSWORD_OR_TLS ->
          settings.password() != null && needsTls(settings) ? untrusted(settings, e) : authentication(settings, e);
      case SqlStates.NO_SUCH_DATABASE ->
          operator(e, ErrorCode.DATABASE_MISSING, place + " has no such database", "check the name: psql -l");
      case SqlStates.NO_RIGHT ->
          replication
              ? operator(
                  e,
                  ErrorCode.NO_REPLICATION_RIGHT,
                  "role " + role + " may not replicate from " + place,
                  "ALTER ROLE " + role + " REPLICATION")
              : operator(
                  e,
                  ErrorCode.DATABASE_MISSING,
                  "role " + role + " may not connect to " + place,
                  "GRANT CONNECT ON DATABASE " + Identifiers.quote(settings.database()) + " TO " + role);
      case SqlStates.TOO_MANY_CONNECTIONS ->
          replication
              ? passing(
                  e,
                  ErrorCode.WALSENDERS_USED_UP,
                  place + " has no walsender left",
                  "raise max_wal_senders and restart the server, or end one: SELECT * FROM pg_stat_replication")
              : passing(
                  e,
                  ErrorCode.CONNECTIONS_USED_UP,
                  place + " takes no more connections",
                  "raise max_connections, or find who holds them: SELECT * FROM pg_stat_activity");
      default -> distrusts(e) ? untrusted(settings, e) : unreachable(settings, e);
    };
  }

  /** What a {@link Way} says of itself. */
  private static @Nullable HeliosException told(SQLException e) {
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof HeliosException told) {
        return told;
      }
    }
    return null;
  }

  private static HeliosException authentication(ConnectionSettings settings, SQLException e) {
    return operator(
        e,
        ErrorCode.AUTHENTICATION_FAILED,
        settings.place() + " refuses the login of " + Identifiers.quote(settings.user()),
        settings.password() == null
            ? "no password was given: name a password-file, or add a line to ~/.pgpass (chmod 600)"
            : "check the password, and the lines of pg_hba.conf for this user, database and address");
  }

  private static HeliosException untrusted(ConnectionSettings settings, SQLException e) {
    return operator(
        e,
        ErrorCode.CONNECTION_NOT_TRUSTED,
        "no TLS connection to " + settings.place() + " as its settings ask for",
        "check sslmode and sslrootcert, and that the server has ssl = on with a certificate for " + settings.host()
            + (settings.parameters().containsKey("sslkey")
                ? "; and that sslkey holds the key of sslcert, as PKCS#8 in a file called .key or .pem"
                    + " (openssl pkcs8 -topk8 -nocrypt -in KEY -out client.key)"
                : ""));
  }

  private static HeliosException unreachable(ConnectionSettings settings, SQLException e) {
    return SqlStates.classify(
        e,
        ErrorCode.UNREACHABLE,
        settings.place() + " cannot be reached",
        settings.way() == null
            ? "pg_isready -h " + settings.host() + " -p " + settings.port()
            : "helios-repl server status; and on that region's server: helios-repl target check " + settings.database());
  }

  private static boolean needsTls(ConnectionSettings settings) {
    String mode = settings.parameters().getOrDefault("sslmode", "prefer");
    return mode.equals("require") || mode.startsWith("verify");
  }

  /** A failed handshake or check of the certificate, or a certificate file that cannot be read; not a broken connection. */
  private static boolean distrusts(SQLException e) {
    Throwable cause = e.getCause();
    if (cause == null) {
      // pgjdbc's host name check fails with a connection failure that has no cause; a lost connection has one.
      return "08006".equals(e.getSQLState());
    }
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof GeneralSecurityException || t instanceof FileNotFoundException || t instanceof FileSystemException) {
        return true;
      }
    }
    return cause instanceof SSLException && !(cause.getCause() instanceof IOException);
  }

  private static OperatorException operator(SQLException e, ErrorCode code, String message, String hint) {
    return new OperatorException(new Problem(code, message, SqlStates.reason(e), hint), SqlStates.clean(e));
  }

  private static TransientException passing(SQLException e, ErrorCode code, String message, String hint) {
    return new TransientException(new Problem(code, message, SqlStates.reason(e), hint), SqlStates.clean(e));
  }
}
