package io.helios.repl.migration.traffic;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a PgBouncer's own words say against moving an alias. Pure. */
record PoolerFindings(ConnectionSettings console, Path file, String alias) {

  /** What {@code server_login_retry} may be without a word. */
  private static final double SHORT_RETRY_SECONDS = 1;

  /**
   * @param database the alias' row of SHOW DATABASES
   * @param configuration of SHOW CONFIG, by key
   */
  List<Finding> ofSettings(Map<String, String> database, Map<String, String> configuration) {
    List<Finding> findings = new ArrayList<>();
    if (!"0".equals(database.get("disabled"))) {
      findings.add(new Finding(
          Severity.ERROR,
          ErrorCode.POOLER_REFUSED,
          "alias \"" + alias + "\" is disabled in " + pooler(),
          "new clients are turned away",
          AdminConsole.psql(console, "ENABLE " + Identifiers.quote(alias))));
    }
    if ("session".equals(database.getOrDefault("pool_mode", configuration.getOrDefault("pool_mode", "")))) {
      findings.add(new Finding(
          Severity.WARN,
          ErrorCode.POOLER_POOL_MODE,
          "alias \"" + alias + "\" of " + pooler() + " has pool_mode session",
          "a pause waits until each client has disconnected, and gives up after its time",
          "set pool_mode=transaction on the alias' line; then: " + AdminConsole.psql(console, "RELOAD")));
    }
    String retry = configuration.getOrDefault("server_login_retry", "");
    if (retry.matches("\\d{1,9}(\\.\\d*)?") && Double.parseDouble(retry) > SHORT_RETRY_SECONDS) {
      findings.add(new Finding(
          Severity.WARN,
          ErrorCode.POOLER_LOGIN_RETRY,
          pooler() + " has server_login_retry = " + retry + " s",
          "a pause that breaks off a login keeps the tenant's clients waiting, or turns them away, for so long",
          "server_login_retry = 0.1 in pgbouncer.ini; then: " + AdminConsole.psql(console, "RELOAD")));
    }
    return findings;
  }

  /**
   * @param place where the pooler leads the alias
   * @param line what its file says
   */
  List<Finding> ofAddresses(TrafficMove move, String place, AliasText line) {
    if (!line.place().equals(place)) {
      return List.of(new Finding(
          Severity.ERROR,
          ErrorCode.POOLER_RELOAD_FAILED,
          pooler() + " leads \"" + alias + "\" to " + place + ", " + file + " to " + line.place(),
          "the pooler does not read this file, or has not read it since it was changed",
          "%include " + file + " in pgbouncer.ini; then: " + AdminConsole.psql(console, "RELOAD")
              + "; the pooler's log tells what it does not take"));
    }
    if (!line.leadsTo(move.from()) && !line.leadsTo(move.to())) {
      return List.of(new Finding(
          Severity.WARN,
          ErrorCode.TRAFFIC_ELSEWHERE,
          pooler() + " leads \"" + alias + "\" to " + place + ", not to its home " + move.from().place(),
          "after the move it will lead to " + move.to().place() + ", and after a rollback to " + move.from().place(),
          "tell by homes: of this entry of traffic: how the pooler reaches " + move.from().name() + " and " + move.to().name()));
    }
    return List.of();
  }

  private String pooler() {
    return "pgbouncer " + console.host() + ":" + console.port();
  }
}
