package io.helios.repl.cli;

import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.Durations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** How a tenant is to be cut over, as options of several commands. What they hold is judged by the server. */
final class MigrateOptions {

  @Option(
      names = "--max-pause",
      paramLabel = "DURATION",
      description = "How long writers may wait; beyond it the cutover is undone. Default: 100ms.")
  @Nullable Duration maxPause;

  @Option(names = "--retry", paramLabel = "N", description = "Try a cutover that was undone so often again. Default: 0.")
  @Nullable Integer retry;

  @Option(names = "--backoff", paramLabel = "DURATION", description = "How long after. Default: 30s.")
  @Nullable Duration backoff;

  @Option(
      names = "--proof-age",
      paramLabel = "DURATION",
      description = "How old the verification may be; an older one is made anew. Default: 1h.")
  @Nullable Duration proofAge;

  @Option(
      names = "--force",
      split = ",",
      paramLabel = "GATE",
      description = "Do not heed a gate: lag, verification, long-transaction, schema, room, certificate. It is audited.")
  List<String> force = new ArrayList<>();

  ObjectNode body() {
    ObjectNode body = HeliosClient.object();
    put(body, "maxPause", maxPause);
    if (retry != null) {
      body.put("retry", retry);
    }
    put(body, "backoff", backoff);
    put(body, "proofAge", proofAge);
    if (!force.isEmpty()) {
      ArrayNode gates = body.putArray("force");
      force.forEach(gates::add);
    }
    return body;
  }

  private static void put(ObjectNode body, String field, @Nullable Duration value) {
    if (value != null) {
      body.put(field, Durations.format(value));
    }
  }
}
