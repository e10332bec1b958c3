package io.helios.repl.runbook;

import io.helios.repl.client.HeliosClient;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A line of a run's journal: one try of one step. Written before it begins and again after it ended.
 *
 * @param seq its number in the run, from 1
 * @param position which of the plan's steps, from 0; for a step of a recovery the one that it undoes
 * @param recovery whether it undoes that step
 * @param attempt which try, from 1
 * @param exitCode null while it runs, and for what has none
 * @param output the end of what it printed
 * @param note what else is to be known: why it failed, who approved
 */
public record Entry(
    int seq,
    int position,
    String step,
    String kind,
    boolean recovery,
    int attempt,
    StepState state,
    @Nullable Integer exitCode,
    String output,
    String note) {

  Entry ended(StepResult result) {
    return new Entry(
        seq, position, step, kind, recovery, attempt, result.state(), result.exitCode(), result.output(), result.note());
  }

  /** As the server takes it. */
  public ObjectNode document() {
    return HeliosClient.object()
        .put("position", position)
        .put("step", step)
        .put("kind", kind)
        .put("recovery", recovery)
        .put("attempt", attempt)
        .put("state", state.name())
        .put("exitCode", exitCode)
        .put("output", output)
        .put("note", note);
  }

  /** As the server tells it. */
  public static Entry of(JsonNode document) {
    JsonNode exit = document.path("exitCode");
    return new Entry(
        document.path("seq").asInt(),
        document.path("position").asInt(),
        document.path("step").asString(""),
        document.path("kind").asString(""),
        document.path("recovery").asBoolean(false),
        document.path("attempt").asInt(),
        StepState.valueOf(document.path("state").asString("RUNNING")),
        exit.isInt() ? Integer.valueOf(exit.asInt()) : null,
        document.path("output").asString(""),
        document.path("note").asString(""));
  }
}
