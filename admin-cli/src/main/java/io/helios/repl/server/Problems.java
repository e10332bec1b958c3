package io.helios.repl.server;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Problems as {@code application/problem+json} (RFC 9457), with our code, why and hint. Pure. */
final class Problems {

  static final String CONTENT_TYPE = "application/problem+json";

  private Problems() {}

  static ObjectNode document(Problem problem) {
    return Json.MAPPER
        .createObjectNode()
        .put("type", "urn:helios-repl:" + problem.code().id())
        .put("title", problem.code().title())
        .put("code", problem.code().id())
        .put("detail", problem.message())
        .put("why", problem.why())
        .put("hint", problem.hint())
        .put("lsn", problem.lsn())
        .put("table", problem.table());
  }

  static ObjectNode document(Problem problem, int status) {
    return document(problem).put("status", status);
  }

  /** Several at once: the first one's document, with all of them in {@code problems}. */
  static ObjectNode document(List<Problem> problems, int status) {
    ObjectNode node = document(problems.getFirst(), status);
    if (problems.size() > 1) {
      ArrayNode all = node.putArray("problems");
      problems.forEach(p -> all.add(document(p)));
    }
    return node;
  }

  static Problem bug() {
    return new Problem(
        ErrorCode.INTERNAL,
        "the server met a bug in itself",
        "an assumption of the program does not hold",
        "see the server's log at this time, and report it with what stands there");
  }

  /**
   * 400: the request; 401: the token; 403: the role; 404: a name; 409: a precondition; 422: a key of another request; 429 and
   * 503: later, perhaps; 500: ours.
   */
  static int status(HeliosException exception) {
    return switch (exception.problem().code()) {
      case USAGE, BAD_REQUEST, TENANT_DECLARATION, CONFIGURATION_UNSUPPORTED -> 400;
      case UNAUTHENTICATED -> 401;
      case FORBIDDEN, NOT_A_PEER, TENANT_NOT_GIVEN -> 403;
      case IDEMPOTENCY_KEY_REUSED -> 422;
      case TOO_MANY_FAILURES -> 429;
      case NO_SUCH_TENANT, NO_SUCH_SOURCE, NO_SUCH_TARGET, NO_SUCH_ROUTE, NO_SUCH_OPERATION, NO_SUCH_SLOT, NO_SUCH_RUN,
          VERIFY_NO_EVIDENCE, MIGRATION_NONE, FAILOVER_NONE -> 404;
      case INTERNAL -> 500;
      default ->
          switch (exception) {
            case TransientException t -> 503;
            case OperatorException o -> 409;
            case CorruptionException c -> 500;
          };
    };
  }
}
