package io.helios.repl.client;

import io.helios.repl.config.Durations;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.tui.fleet.Event.Severity;
import io.helios.repl.tui.model.Action;
import io.helios.repl.tui.model.News;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/** A wish whose end the dashboard is told of, however long it takes. Any thread. */
record FollowedWish(HeliosClient client, Consumer<News> dashboard) {

  /** Beyond it the tenant's line tells how it goes on. */
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  /**
   * What was undone, or ended otherwise, is no refusal: it is told as what came of it, and the tenant's line keeps it.
   *
   * @param operation that the server has begun
   * @param wait the path by which its end is asked for again, and for what
   * @param status the command that shows it
   * @param outcome its result in words
   */
  void toEnd(
      Action action, String tenant, JsonNode operation, String wait, String goal, String status, Function<JsonNode, String> outcome) {
    try {
      JsonNode done =
          new Follow(client, Duration.ofSeconds(20), () -> {})
              .toEnd(
                  operation,
                  () -> client.post("/tenants/" + tenant + wait, HeliosClient.object().put("for", goal)),
                  PATIENCE,
                  () ->
                      Failure.of(
                          ErrorCode.WAIT_TIMED_OUT,
                          "the " + action.word() + " of tenant \"" + tenant + "\" is not done after " + Durations.format(PATIENCE),
                          "it goes on",
                          status + " " + tenant));
      tell(Severity.INFO, action, tenant, outcome.apply(done));
    } catch (FailedException e) {
      if (!e.failures().isEmpty()) {
        Failure failure = e.failures().getFirst();
        tell(Severity.ERROR, action, tenant, failure.code() + " " + failure.message());
      }
    }
  }

  /** One whose end nobody waits for here. */
  void taken(Action action, String tenant, char tab) {
    tell(Severity.INFO, action, tenant, "the server has taken it; tab " + tab + " shows how it goes");
  }

  private void tell(Severity severity, Action action, String tenant, String text) {
    dashboard.accept(new News.Done(severity, action.word() + " " + tenant + ": " + text));
  }
}
