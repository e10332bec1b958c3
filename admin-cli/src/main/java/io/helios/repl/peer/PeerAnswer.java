package io.helios.repl.peer;

import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.net.http.HttpResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a peer says to a request of ours. Pure. */
final class PeerAnswer {

  private static final Logger LOG = LoggerFactory.getLogger(PeerAnswer.class);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private PeerAnswer() {}

  /**
   * The body of a success.
   *
   * @param what was asked for, in the plural
   * @throws TransientException when it may go well later
   * @throws OperatorException when the peer refuses, with its own code where it says one
   */
  static byte[] body(HttpResponse<byte[]> answer, String what) {
    if (answer.statusCode() / 100 == 2) {
      return answer.body();
    }
    String code = "";
    String message = "";
    String why = "the peer answers with status " + answer.statusCode();
    try {
      JsonNode problem = JSON.readTree(answer.body());
      code = problem.path("code").asString("");
      message = TenantNames.printable(problem.path("detail").asString(""));
    } catch (JacksonException e) {
      LOG.debug("{}: no problem in JSON, status {}", what, answer.statusCode());
    }
    Problem said =
        new Problem(
            ErrorCode.byId(code).orElse(ErrorCode.PEER_ANSWER),
            what + " are refused: " + message,
            why,
            "helios-repl explain " + (code.matches("HR-\\d{4}") ? code : ErrorCode.PEER_ANSWER.id()));
    if (answer.statusCode() == 429 || answer.statusCode() / 100 == 5) {
      throw new TransientException(said);
    }
    throw new OperatorException(said);
  }
}
