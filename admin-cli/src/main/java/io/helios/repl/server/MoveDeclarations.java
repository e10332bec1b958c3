package io.helios.repl.server;

import io.helios.repl.config.TenantNames;
import io.helios.repl.error.OperatorException;
import io.helios.repl.migration.CutoverGate;
import io.helios.repl.migration.MigrationOptions;
import io.helios.repl.migration.TimeWindow;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** How a tenant is to be moved, read from a body: every field may be left out, and an unknown one is refused. Pure. */
final class MoveDeclarations {

  private static final List<String> FIELDS =
      List.of("maxPause", "retry", "backoff", "proofAge", "force", "cutover", "window");

  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
  private static final int MOST_RETRIES = 1000;

  private MoveDeclarations() {}

  /**
   * @param also fields that are somebody else's
   * @throws OperatorException (HR-9009) for what is not right
   */
  static MigrationOptions read(JsonNode body, MigrationOptions defaults, Set<String> also) {
    Api.requireKnown(body, FIELDS, also);
    MigrationOptions options = defaults.withMaxPause(Api.duration(body, "maxPause", defaults.maxPause()));
    if (options.maxPause().isZero() || options.maxPause().compareTo(LONGEST_PAUSE) > 0) {
      throw Api.badRequest("maxPause is not right", "1ms to 5m: 100ms");
    }
    int retries = body.has("retry") ? retries(body.path("retry")) : options.retries();
    options = options.withRetries(retries, Api.duration(body, "backoff", options.backoff()));
    options = options.withProofAge(Api.duration(body, "proofAge", options.proofAge()));
    if (body.has("force")) {
      options = options.withForced(gates(body.path("force")));
    }
    return options.withCutOver(
        body.has("cutover") ? byItself(body.path("cutover")) : options.cutOver(),
        body.has("window") ? window(body.path("window")) : options.window());
  }

  private static int retries(JsonNode value) {
    String text = value.asString("");
    if (!text.matches("\\d{1,4}") || Integer.parseInt(text) > MOST_RETRIES) {
      throw Api.badRequest("retry is not right", "how often, 0 to " + MOST_RETRIES + ": 5");
    }
    return Integer.parseInt(text);
  }

  private static Set<CutoverGate> gates(JsonNode value) {
    Set<CutoverGate> gates = new LinkedHashSet<>();
    for (JsonNode one : value.isArray() ? value : Json.MAPPER.createArrayNode().add(value)) {
      gates.add(
          CutoverGate.of(one.asString(""))
              .filter(CutoverGate::forcible)
              .orElseThrow(
                  () ->
                      Api.badRequest(
                          "\"" + TenantNames.printable(one.asString("")) + "\" is no gate that can be forced",
                          Arrays.stream(CutoverGate.values())
                              .filter(CutoverGate::forcible)
                              .map(CutoverGate::label)
                              .collect(Collectors.joining(", ")))));
    }
    return gates;
  }

  private static boolean byItself(JsonNode value) {
    return switch (value.asString("")) {
      case "auto" -> true;
      case "manual" -> false;
      default -> throw Api.badRequest("cutover is not right", "auto or manual");
    };
  }

  private static TimeWindow window(JsonNode value) {
    return TimeWindow.parse(value.asString(""))
        .orElseThrow(() -> Api.badRequest("window is not right", TimeWindow.FORM));
  }
}
