package io.helios.repl.client;

import io.helios.repl.tui.model.Action;
import io.helios.repl.tui.model.News;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Carries out through the API the steps of a tenant's move. What the server refuses is thrown as {@link FailedException}. Any thread. */
final class MoveWishes {

  private final HeliosClient client;
  private final FollowedWish followed;

  MoveWishes(HeliosClient client, Consumer<News> dashboard) {
    this.client = client;
    this.followed = new FollowedWish(client, dashboard);
  }

  List<String> plan(Action action, String tenant) {
    return FleetDocuments.steps(client.post(path(action, tenant) + "?dryRun=true", HeliosClient.object()));
  }

  void act(Action action, String tenant) {
    JsonNode answer = client.post(path(action, tenant) + "?confirm=" + tenant, HeliosClient.object());
    if (action == Action.CUTOVER || action == Action.ROLLBACK) {
      followed.toEnd(
          action, tenant, answer, "/migration/wait", action.word(), "helios-repl migrate status", MoveWishes::done);
    } else {
      followed.taken(action, tenant, '2');
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

  private static String path(Action action, String tenant) {
    String verb = action == Action.MIGRATE ? "start" : action.word();
    return "/tenants/" + tenant + "/migration/" + verb;
  }
}
