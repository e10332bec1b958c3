package io.helios.repl.server;

import io.helios.repl.config.Role;
import java.util.regex.Pattern;

/**
 * What a request asks for.
 *
 * @param role that it needs
 * @param changes whether it changes something, which the audit log then tells
 */
record Permission(Role role, boolean changes) {

  private static final Permission LOOK = new Permission(Role.READ, false);
  private static final Permission OPERATE = new Permission(Role.OPERATE, true);
  private static final Permission ADMIN = new Permission(Role.ADMIN, true);

  /** What declares and what destroys. */
  private static final Pattern SEVERE =
      Pattern.compile(
          "POST /api/v1/(failover/auto|tenants|apply|tenants/[^/]+/key/.*|tenants/[^/]+/migration/(cutover|rollback|complete)"
              + "|failovers|tenants/[^/]+/failover/(run|failback))"
              + "|DELETE /api/v1/(tenants/[^/]+|slots/.*)");

  /** Routes that heed {@code dryRun}; to all others it is nothing, and no way around a role. */
  private static final Pattern PLANNED =
      Pattern.compile(
          "POST /api/v1/(tenants|apply|migrations|failovers|server/drain|(sources|targets)/[^/]+/prepare"
              + "|tenants/[^/]+/(start|stop|pause|resume|resync|repair|key/rotate|key/shred)"
              + "|tenants/[^/]+/migration/(start|cutover|rollback|complete|cancel)|tenants/[^/]+/failover/(run|rejoin|failback))"
              + "|DELETE /api/v1/(tenants/[^/]+|slots/[^/]+/[^/]+)");

  private static final Pattern WAIT = Pattern.compile("POST /api/v1/tenants/[^/]+/(migration/|failover/)?wait");

  /** Needs the lease's secret, which only its holder was told; it comes every few seconds and is nothing to be told of. */
  private static final Pattern RENEWAL = Pattern.compile("POST /api/v1/runbooks/[^/]+/renew");

  /**
   * A route that nobody thought of here needs {@code operate} when it is no GET.
   *
   * @param path as it was sent: a slash at its end is nothing to the routes, and so it is here
   */
  static Permission of(String method, String path, boolean dryRun) {
    String request = method + " " + path.replaceAll("/+$", "");
    if (method.equals("GET")
        || method.equals("HEAD")
        || WAIT.matcher(request).matches()
        || RENEWAL.matcher(request).matches()
        || (dryRun && PLANNED.matcher(request).matches())) {
      return LOOK;
    }
    return SEVERE.matcher(request).matches() ? ADMIN : OPERATE;
  }
}
