package io.helios.repl.client;

import io.helios.repl.config.Durations;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.tui.fleet.Event.Severity;
import io.helios.repl.tui.model.Action;
import io.helios.repl.tui.model.News;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Carries out through the API the steps of a tenant's failover. What the server refuses is thrown as {@link FailedException}. Any thread. */
final class FailoverWishes {

  /** Beyond it the failover's line tells how it goes on. */
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private final HeliosClient client;
  private final Consumer<News> dashboard;

  FailoverWishes(HeliosClient client, Consumer<News> dashboard) {
    this.client = client;
    this.dashboard = dashboard;
  }

  List<String> plan(Action action, String tenant) {
    return FleetDocuments.steps(client.post(path(action, tenant) + "?dryRun=true", HeliosClient.object()));
  }

  void act(Action action, String tenant) {
    JsonNode answer = client.post(path(action, tenant) + "?confirm=" + tenant, HeliosClient.object());
    if (action == Action.REJOIN) {
      tell(Severity.INFO, "rejoin " + tenant + ": the server has taken it; tab 3 shows how it goes");
    } else {
      follow(action, tenant, answer);
    }
  }

  private void follow(Action action, String tenant, JsonNode operation) {
    try {
      JsonNode done =
          new Follow(client, Duration.ofSeconds(20), () -> {})
              .toEnd(
                  operation,
                  () ->
                      client.post(
                          "/tenants/" + tenant + "/failover/wait",
                          HeliosClient.object().put("for", action == Action.FAILOVER ? "promoted" : "failed-back")),
                  PATIENCE,
                  () ->
                      Failure.of(
                          ErrorCode.WAIT_TIMED_OUT,
                          "the " + action.word() + " of tenant \"" + tenant + "\" is not done after " + Durations.format(PATIENCE),
                          "it goes on",
                          "helios-repl failover status " + tenant));
      tell(Severity.INFO, action.word() + " " + tenant + ": " + outcome(action, done));
    } catch (FailedException e) {
      if (!e.failures().isEmpty()) {
        Failure failure = e.failures().getFirst();
        tell(Severity.ERROR, action.word() + " " + tenant + ": " + failure.code() + " " + failure.message());
      }
    }
  }

  private static String outcome(Action action, JsonNode done) {
    if (action == Action.FAILBACK) {
      return "its home is " + done.path("source").asString("");
    }
    JsonNode rto = done.path("rtoMillis");
    return "its home is " + done.path("to").asString("") + (rto.isNumber() ? ", after " + rto.asLong() + " ms" : "");
  }

  private void tell(Severity severity, String text) {
    dashboard.accept(new News.Done(severity, text));
  }

  private static String path(Action action, String tenant) {
    String verb = action == Action.FAILOVER ? "run" : action.word();
    return "/tenants/" + tenant + "/failover/" + verb;
  }
}
