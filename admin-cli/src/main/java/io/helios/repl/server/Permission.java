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

  /** What declares and what destroys. A plan of it is for everybody. */
  private static final Pattern SEVERE =
      Pattern.compile("POST /api/v1/(tenants|apply|tenants/[^/]+/key/[^/]+)|DELETE /api/v1/(tenants/[^/]+|slots/.*)");

  private static final Pattern WAIT = Pattern.compile("POST /api/v1/tenants/[^/]+/wait");

  /** A route that nobody thought of here needs {@code operate} when it is no GET. */
  static Permission of(String method, String path, boolean dryRun) {
    String request = method + " " + path;
    if (method.equals("GET") || method.equals("HEAD") || dryRun || WAIT.matcher(request).matches()) {
      return LOOK;
    }
    return SEVERE.matcher(request).matches() ? ADMIN : OPERATE;
  }
}
