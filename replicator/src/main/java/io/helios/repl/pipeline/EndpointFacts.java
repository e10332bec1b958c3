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

/**
 * What is asked of a source or target to compare it with the other end.
 *
 * @param systemIdentifier of the server; two databases of one server have the same
 * @param host as configured
 * @param aheadMillis how far its clock is ahead of ours
 */
record EndpointFacts(long systemIdentifier, int major, String host, long aheadMillis) {

  private static final long TOLERATED_MILLIS = 1_000;

  /** @param connection an ordinary one */
  static EndpointFacts read(Connection connection, String host, Ticker ticker) throws SQLException {
    Instant before = ticker.now();
    long nanos = ticker.nanos();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()),"
                    + " pg_catalog.current_setting('server_version_num')::pg_catalog.int4,"
                    + " pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())")) {
      row.next();
      Instant ours = before.plusNanos((ticker.nanos() - nanos) / 2);
      double seconds = row.getDouble(3);
      Instant theirs = Instant.ofEpochMilli((long) (seconds * 1000));
      return new EndpointFacts(row.getLong(1), row.getInt(2) / 10_000, host, ChronoUnit.MILLIS.between(ours, theirs));
    }
  }

  /** @param subject for example {@code source "shop"} */
  Optional<Finding> clock(String subject) {
    if (Math.abs(aheadMillis) < TOLERATED_MILLIS) {
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
            "run a time service on both machines; to compare: SELECT clock_timestamp();"));
  }

  /** Where this is a source and that a target of its: what they should not have in common. */
  Optional<Finding> sharedFate(String source, EndpointFacts target, String targetName) {
    boolean server = systemIdentifier == target.systemIdentifier;
    if (!server && !host.equals(target.host)) {
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
