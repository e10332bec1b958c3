package io.helios.repl.client;

import io.helios.repl.tui.model.Action;
import io.helios.repl.tui.model.News;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Carries out through the API the steps of a tenant's failover. What the server refuses is thrown as {@link FailedException}. Any thread. */
final class FailoverWishes {

  private final HeliosClient client;
  private final FollowedWish followed;

  FailoverWishes(HeliosClient client, Consumer<News> dashboard) {
    this.client = client;
    this.followed = new FollowedWish(client, dashboard);
  }

  List<String> plan(Action action, String tenant) {
    return FleetDocuments.steps(client.post(path(action, tenant) + "?dryRun=true", HeliosClient.object()));
  }

  void act(Action action, String tenant) {
    JsonNode answer = client.post(path(action, tenant) + "?confirm=" + tenant, HeliosClient.object());
    if (action == Action.REJOIN) {
      followed.taken(action, tenant, '3');
    } else {
      String goal = action == Action.FAILOVER ? "promoted" : "failed-back";
      followed.toEnd(
          action, tenant, answer, "/failover/wait", goal, "helios-repl failover status", done -> outcome(action, done));
    }
  }

  private static String outcome(Action action, JsonNode done) {
    if (action == Action.FAILBACK) {
      return "its home is " + done.path("source").asString("");
    }
    JsonNode rto = done.path("rtoMillis");
    return "its home is " + done.path("to").asString("") + (rto.isNumber() ? ", after " + rto.asLong() + " ms" : "");
  }

  private static String path(Action action, String tenant) {
    String verb = action == Action.FAILOVER ? "run" : action.word();
    return "/tenants/" + tenant + "/failover/" + verb;
  }
}
