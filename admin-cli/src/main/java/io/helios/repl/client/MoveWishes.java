package io.helios.repl.client;

import io.helios.repl.config.Durations;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.tui.fleet.Event.Severity;
import io.helios.repl.tui.model.Action;
import io.helios.repl.tui.model.News;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Carries out through the API the steps of a tenant's move. What the server refuses is thrown as {@link FailedException}. Any thread. */
final class MoveWishes {

  /** Beyond it the migration's line tells how it goes on. */
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private final HeliosClient client;
  private final Consumer<News> dashboard;

  MoveWishes(HeliosClient client, Consumer<News> dashboard) {
    this.client = client;
    this.dashboard = dashboard;
  }

  List<String> plan(Action action, String tenant) {
    return FleetDocuments.steps(client.post(path(action, tenant) + "?dryRun=true", HeliosClient.object()));
  }

  void act(Action action, String tenant) {
    JsonNode answer = client.post(path(action, tenant) + "?confirm=" + tenant, HeliosClient.object());
    if (action == Action.CUTOVER || action == Action.ROLLBACK) {
      follow(action, tenant, answer);
    } else {
      tell(Severity.INFO, action.word() + " " + tenant + ": the server has taken it; tab 2 shows how it goes");
    }
  }

  /** A cutover that was undone is no refusal: it is told as what came of it, and the migration's line keeps it. */
  private void follow(Action action, String tenant, JsonNode operation) {
    try {
      JsonNode cutover =
          new Follow(client, Duration.ofSeconds(20), () -> {})
              .toEnd(
                  operation,
                  () ->
                      client.post(
                          "/tenants/" + tenant + "/migration/wait", HeliosClient.object().put("for", action.word())),
                  PATIENCE,
                  () ->
                      Failure.of(
                          ErrorCode.WAIT_TIMED_OUT,
                          "the " + action.word() + " of tenant \"" + tenant + "\" is not done after " + Durations.format(PATIENCE),
                          "it goes on",
                          "helios-repl migrate status " + tenant));
      tell(Severity.INFO, action.word() + " " + tenant + ": " + done(cutover));
    } catch (FailedException e) {
      if (!e.failures().isEmpty()) {
        Failure failure = e.failures().getFirst();
        tell(Severity.ERROR, action.word() + " " + tenant + ": " + failure.code() + " " + failure.message());
      }
    }
  }

  private static String done(JsonNode cutover) {
    return String.format(
        Locale.ROOT,
        "its home is %s, writers waited %s%.1f ms",
        cutover.path("source").asString(""),
        cutover.path("exact").asBoolean(true) ? "" : "at most ",
        cutover.path("pauseMillis").asDouble(0));
  }

  private void tell(Severity severity, String text) {
    dashboard.accept(new News.Done(severity, text));
  }

  private static String path(Action action, String tenant) {
    String verb = action == Action.MIGRATE ? "start" : action.word();
    return "/tenants/" + tenant + "/migration/" + verb;
  }
}
