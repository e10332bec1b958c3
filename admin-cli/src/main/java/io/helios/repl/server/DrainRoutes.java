package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;
import static io.helios.repl.server.Api.dryRun;
import static io.helios.repl.server.Api.flag;

import io.javalin.config.RoutesConfig;

/** {@code /api/v1/server/drain}: how it stands, to begin, to undo. While it goes on, what brings new work is refused. */
record DrainRoutes(Drain drain, Operations operations) {

  private static final String PATH = "/api/v1/server/drain";

  void install(RoutesConfig routes) {
    routes.before("/api/*", r -> drain.refuse(r.method().name(), r.path(), dryRun(r)));
    routes.get(PATH, r -> answer(r, 200, drain.document()));
    routes.post(
        PATH,
        r -> {
          if (dryRun(r)) {
            answer(r, 200, Documents.plan("server drain", "server", drain.plan()));
            return;
          }
          drain.begin();
          if (flag(r, "wait")) {
            answer(r, 202, operations.start(drain.work()));
          } else {
            answer(r, 200, drain.document());
          }
        });
    routes.delete(
        PATH,
        r -> {
          drain.undo();
          answer(r, 200, drain.document());
        });
  }
}
