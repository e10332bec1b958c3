package io.helios.repl.pipeline;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.temporal.ChronoUnit;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a source or target to compare it with the other end.
 *
 * @param systemIdentifier of the server; two databases of one server have the same; null when the role may not ask
 * @param host as configured
 * @param aheadMillis how far its clock is ahead of ours
 * @param unsureMillis how far that may be off: half the time that asking took
 */
record EndpointFacts(@Nullable Long systemIdentifier, int major, String host, long aheadMillis, long unsureMillis) {

  private static final long TOLERATED_MILLIS = 1_000;

  /** @param connection an ordinary one */
  static EndpointFacts read(Connection connection, String host, Ticker ticker) throws SQLException {
    Instant before = ticker.now();
    long nanos = ticker.nanos();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE'),"
                    + " pg_catalog.current_setting('server_version_num')::pg_catalog.int4,"
                    + " pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())")) {
      row.next();
      long half = (ticker.nanos() - nanos) / 2;
      Instant theirs = Instant.ofEpochMilli((long) (row.getDouble(3) * 1000));
      return new EndpointFacts(
          row.getBoolean(1) ? systemIdentifier(connection) : null,
          row.getInt(2) / 10_000,
          host,
          ChronoUnit.MILLIS.between(before.plusNanos(half), theirs),
          half / 1_000_000);
    }
  }

  private static long systemIdentifier(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT system_identifier FROM pg_catalog.pg_control_system()")) {
      row.next();
      return row.getLong(1);
    }
  }

  /** @param subject for example {@code source "shop"} */
  Optional<Finding> clock(String subject) {
    if (Math.abs(aheadMillis) < TOLERATED_MILLIS + unsureMillis) {
      return Optional.empty();
    }
    return Optional.of(
        new Finding(
            Severity.WARN,
            ErrorCode.CLOCKS_DIFFER,
            String.format(
                Locale.ROOT, "the clock of %s is %.1f s %s ours", subject, Math.abs(aheadMillis) / 1000.0,
                aheadMillis > 0 ? "ahead of" : "behind"),
            "times in logs, events and certificates of both do not compare; lag stays right",
            "run a time service (chrony, systemd-timesyncd) on both machines; to compare: SELECT clock_timestamp();"));
  }

  /** Where this is a source and that a target of its: what they should not have in common. */
  Optional<Finding> sharedFate(String source, EndpointFacts target, String targetName) {
    boolean server = systemIdentifier != null && systemIdentifier.equals(target.systemIdentifier);
    if (!server && !machine(host).equals(machine(target.host))) {
      return Optional.empty();
    }
    return Optional.of(
        new Finding(
            Severity.WARN,
            ErrorCode.ONE_FAILURE_DOMAIN,
            "source \"" + source + "\" and target \"" + targetName + "\" are on one "
                + (server ? "PostgreSQL server" : "host, " + host),
            "what takes the one away takes its replica along",
            "for protection give the target's url: another " + (server ? "server on another host" : "host") + ", best in another region"));
  }

  /** A machine has many names for itself: sockets are on it, too. */
  private static String machine(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    return name.startsWith("/") || name.startsWith("127.") || name.equals("::1") ? "localhost" : name;
  }

  /** Where this is a source and that a target of its. */
  Optional<Finding> versions(String source, EndpointFacts target, String targetName) {
    return target.major >= major
        ? Optional.empty()
        : Optional.of(
            new Finding(
                Severity.WARN,
                ErrorCode.TARGET_OLDER,
                "target \"" + targetName + "\" runs PostgreSQL " + target.major + ", its source \"" + source + "\" " + major,
                "what only the newer one knows stops a tenant that uses it",
                "upgrade the target to PostgreSQL " + major));
  }
}
