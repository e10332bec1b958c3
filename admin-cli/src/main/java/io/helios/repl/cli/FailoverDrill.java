package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.Durations;
import io.helios.repl.error.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "drill",
    description = {
      "Take a tenant to its target and back, as a planned switch, and try that the end it left refuses its writes.",
      "Nothing is lost: its writers wait twice, for less than --max-pause each, or the switch is undone. Tells how long each step"
          + " took. --guard-only tries the guard of its target as it is, and switches nothing. The name has to be said again."
    },
    footer = {
      "",
      "Examples:",
      "  helios-repl failover drill acme --guard-only",
      "  helios-repl failover drill acme --hold 1m --confirm=acme"
    })
final class FailoverDrill extends ApiCommand {

  @Parameters(paramLabel = "NAME", description = "The tenant's name.")
  String name = "";

  @Option(names = "--guard-only", description = "Only try that writes at its target are refused.")
  boolean guardOnly;

  @Option(names = "--max-pause", paramLabel = "DURATION", description = "How long writers may wait, each time. Default: 100ms.")
  @Nullable Duration maxPause;

  @Option(names = "--hold", paramLabel = "DURATION", description = "How long it stays at its target. Default: not at all.")
  Duration hold = Duration.ZERO;

  @Option(names = "--confirm", paramLabel = "NAME", description = "The name once more, for scripts.")
  List<String> confirmed = new ArrayList<>();

  @Option(names = "--timeout", paramLabel = "DURATION", description = "How long to wait for each step at most. Default: 10m.")
  Duration timeout = Duration.ofMinutes(10);

  @Mixin Options.Change change = new Options.Change();

  private final List<Step> done = new ArrayList<>();

  /** @param told what came of it, in a few words */
  private record Step(String name, long millis, String told) {}

  FailoverDrill(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() {
    String tenant = checked("tenant", name);
    if (guardOnly && !change.dryRun) {
      JsonNode trial = timed("guard", () -> trial(tenant), FailoverDrill::words);
      show(drill(tenant).set("guard", trial));
      return refuseWhereOpen(trial);
    }
    if (change.dryRun) {
      plan(tenant);
      return ExitCode.DONE;
    }
    confirmName(change, confirmed, tenant, "taking tenant " + tenant + " to its target and back");
    requireFree(tenant);
    ObjectNode options = HeliosClient.object();
    if (maxPause != null) {
      options.put("maxPause", Durations.format(maxPause));
    }
    timed(
        "prepare",
        () -> awaited(tenant, "ready", client().post(path(tenant, "start") + "?wait=true", options)),
        m -> "copied, equal and rehearsed");
    JsonNode there = timed("switch", () -> cut(tenant, "cutover", options), FailoverDrill::pause);
    JsonNode left;
    JsonNode back;
    try {
      timed("follow", () -> caughtUp(tenant), m -> "the old home has followed");
      left = timed("guard there", () -> trial(tenant), FailoverDrill::words);
      if (!hold.isZero()) {
        timed("hold", this::rest, m -> "at home at its target");
      }
    } catch (FailedException e) {
      shell.say("tenant " + tenant + " is at its target: helios-repl migrate rollback " + tenant);
      throw e;
    }
    back = timed("return", () -> cut(tenant, "rollback", options), FailoverDrill::pause);
    timed("follow", () -> caughtUp(tenant), m -> "its target has followed");
    JsonNode here = timed("guard here", () -> trial(tenant), FailoverDrill::words);
    ObjectNode drill = drill(tenant);
    drill.set("there", there);
    drill.set("back", back);
    drill.set("guardThere", left);
    drill.set("guard", here);
    show(drill);
    refuseWhereOpen(left);
    return refuseWhereOpen(here);
  }

  private void plan(String tenant) {
    if (!guardOnly) {
      TenantVerbs.showPlans(this, client().post(path(tenant, "start") + "?dryRun=true", HeliosClient.object()));
    }
    for (String step :
        guardOnly
            ? List.of("write one row of each of its tables at its target, which has to refuse it; nothing stays of it")
            : List.of(
                "cut it over to its target, and undo that where its writers would wait too long",
                "write one row of each of its tables at its old home, which has to refuse it; nothing stays of it",
                "go back the same way, and try the same at its target")) {
      shell.out().println("  - " + step);
    }
  }

  /** A migration that somebody else is at is not ended by a drill. */
  private void requireFree(String tenant) {
    JsonNode migration;
    try {
      migration = client().get(path(tenant, ""));
    } catch (FailedException e) {
      if (e.exitCode() == ExitCode.NOT_FOUND && e.failures().stream().anyMatch(f -> f.code().equals(ErrorCode.MIGRATION_NONE.id()))) {
        return;
      }
      throw e;
    }
    String state = Texts.text(migration.path("state"));
    if (!List.of("COMPLETED", "ROLLED_BACK", "CANCELLED", "SETTLED").contains(state)) {
      throw new FailedException(
          ExitCode.PRECONDITION,
          Failure.of(
              ErrorCode.MIGRATION_STATE,
              "tenant \"" + tenant + "\" is being moved: its migration is " + MigrateStatus.label(state),
              "a drill makes a migration of its own, and takes it back",
              "helios-repl migrate status " + tenant));
    }
  }

  private JsonNode cut(String tenant, String verb, ObjectNode options) {
    return awaited(tenant, verb, client().post(path(tenant, verb) + "?confirm=" + tenant, options));
  }

  private JsonNode awaited(String tenant, String goal, JsonNode operation) {
    return follow(
        () -> Progress.Step.of(tenant + ": " + MigrateStatus.label(Texts.text(client().get(path(tenant, "")).path("state")))),
        operation,
        () -> client().post(path(tenant, "wait"), HeliosClient.object().put("for", goal)),
        timeout,
        () -> late(tenant, goal));
  }

  private JsonNode caughtUp(String tenant) {
    Supplier<JsonNode> ask =
        () -> client().post("/tenants/" + tenant + "/wait", HeliosClient.object().put("for", "caught-up"));
    return follow(tenant, ask.get(), ask, timeout, () -> late(tenant, "caught-up"));
  }

  private Failure late(String tenant, String goal) {
    return Failure.of(
        ErrorCode.WAIT_TIMED_OUT,
        "the drill of tenant \"" + tenant + "\" has not come to " + goal + " after " + Durations.format(timeout),
        "its migration goes on",
        "helios-repl migrate status " + tenant);
  }

  private JsonNode trial(String tenant) {
    return client().post("/tenants/" + tenant + "/failover/trial", null);
  }

  private JsonNode rest() {
    try {
      Thread.sleep(hold);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return HeliosClient.object();
  }

  private JsonNode timed(String step, Supplier<JsonNode> work, Function<JsonNode, String> words) {
    long begun = System.nanoTime();
    JsonNode answer = work.get();
    Step told = new Step(step, (System.nanoTime() - begun) / 1_000_000, words.apply(answer));
    done.add(told);
    return answer;
  }

  private static String pause(JsonNode cutover) {
    return "at home at " + Texts.text(cutover.path("source")) + "; writers waited "
        + (cutover.path("exact").asBoolean(true) ? "" : "at most ") + MigrateCommands.millis(cutover.path("pauseMillis"));
  }

  private static String words(JsonNode trial) {
    return Texts.text(trial.path("database")) + ": " + Texts.text(trial.path("refused")) + " tables refused the write"
        + (trial.path("empty").asLong(0) > 0 ? ", " + Texts.text(trial.path("empty")) + " had no row to try" : "")
        + (trial.path("accepted").isEmpty() ? "" : ", " + trial.path("accepted").size() + " TOOK IT")
        + (trial.path("untried").isEmpty() ? "" : ", " + trial.path("untried").size() + " could not be tried");
  }

  /** A guard that does not hold is what a drill is for: it ends with 1. */
  private static int refuseWhereOpen(JsonNode trial) {
    if (trial.path("accepted").isEmpty() && trial.path("untried").isEmpty()) {
      return ExitCode.DONE;
    }
    List<String> tables = new ArrayList<>();
    trial.path("accepted").forEach(t -> tables.add(t.asString()));
    trial.path("untried").forEach(t -> tables.add(t.asString()));
    String target = Texts.text(trial.path("database"));
    throw new FailedException(
        ExitCode.FAILED,
        Failure.of(
            ErrorCode.GUARD_OPEN,
            "not every table of tenant \"" + Texts.text(trial.path("tenant")) + "\" at " + target + " is shown to refuse writes",
            String.join("; ", tables),
            "helios-repl target prepare " + target + "; then: helios-repl failover drill " + Texts.text(trial.path("tenant"))
                + " --guard-only"));
  }

  private ObjectNode drill(String tenant) {
    ObjectNode drill =
        HeliosClient.object().put("apiVersion", "helios-repl/v1").put("kind", "FailoverDrill").put("tenant", tenant);
    ArrayNode steps = drill.putArray("steps");
    done.forEach(s -> steps.addObject().put("step", s.name()).put("millis", s.millis()).put("told", s.told()));
    return drill;
  }

  private void show(JsonNode drill) {
    if (!output.format.isForPeople()) {
      printer().print(drill, "tenant", List.of());
      return;
    }
    List<List<String>> lines = new ArrayList<>();
    done.forEach(s -> lines.add(List.of(s.name(), s.millis() + " ms: " + s.told())));
    printer().fields(lines);
  }

  private static String path(String name, String verb) {
    return "/tenants/" + checked("tenant", name) + "/migration" + (verb.isEmpty() ? "" : "/" + verb);
  }
}
