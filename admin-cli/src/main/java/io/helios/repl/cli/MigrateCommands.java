package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.Failure;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.Durations;
import io.helios.repl.error.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "migrate",
    description = "Move tenants to their targets while their users work, and back.",
    subcommands = {
      MigrateCommands.Plan.class,
      MigrateCommands.Start.class,
      MigrateStatus.class,
      MigrateCommands.Cutover.class,
      MigrateCommands.Rollback.class,
      MigrateCommands.Complete.class,
      MigrateCommands.Cancel.class
    },
    footer = {
      "",
      "Examples:",
      "  helios-repl migrate plan acme",
      "  helios-repl migrate start acme --wait",
      "  helios-repl migrate cutover acme --confirm=acme",
      "  helios-repl migrate rollback acme --confirm=acme",
      "  helios-repl migrate complete acme"
    })
final class MigrateCommands extends CommandGroup {

  /** What has to do with one tenant. */
  abstract static class OfTenant extends ApiCommand {

    OfTenant(Shell shell) {
      super(shell);
    }

    static String path(String name, String verb) {
      return "/tenants/" + checked("tenant", name) + "/migration" + (verb.isEmpty() ? "" : "/" + verb);
    }

    /** Until the migration has come to the goal. */
    final JsonNode awaited(String name, JsonNode operation, String goal, Duration timeout) {
      return follow(
          () -> step(name),
          operation,
          () -> client().post(path(name, "wait"), HeliosClient.object().put("for", goal)),
          timeout,
          () ->
              Failure.of(
                  ErrorCode.WAIT_TIMED_OUT,
                  "the migration of tenant \"" + name + "\" has not come to " + goal + " after " + Durations.format(timeout),
                  "it goes on",
                  "helios-repl migrate status " + name + " --watch"));
    }

    private Progress.Step step(String name) {
      JsonNode migration = client().get(path(name, ""));
      String state = Texts.text(migration.path("state"));
      if (state.equals("COPYING")) {
        return Progress.ofTenant(client(), name);
      }
      JsonNode error = migration.path("error");
      return Progress.Step.of(
          name + ": " + MigrateStatus.label(state) + (error.isObject() ? ", " + Texts.text(error.path("message")) : ""));
    }

    final void show(JsonNode migration) {
      if (output.format.isForPeople()) {
        shell.out().println("the migration of tenant " + Texts.text(migration.path("tenant")) + " is "
            + MigrateStatus.label(Texts.text(migration.path("state"))));
        migration.path("nextSteps").forEach(next -> shell.say("next: " + next.asString()));
      } else {
        printer().print(migration, "tenant", MigrateStatus.COLUMNS);
      }
    }

    final void showCutover(JsonNode cutover) {
      MigrateCommands.showCutover(this, cutover);
    }
  }

  /** Of a cutover that happened: what was expected beside what came. */
  static void showCutover(ApiCommand command, JsonNode cutover) {
    if (!command.output.format.isForPeople()) {
      command.printer().print(cutover, "tenant", List.of());
      return;
    }
    JsonNode parts = cutover.path("parts");
    JsonNode predicted = cutover.path("predicted");
    command.shell.out().println(
        "tenant " + Texts.text(cutover.path("tenant")) + " is at home at " + Texts.text(cutover.path("source"))
            + " in epoch " + Texts.text(cutover.path("epoch")));
    List<List<String>> lines = new ArrayList<>();
    lines.add(
        List.of(
            "writers waited",
            (cutover.path("exact").asBoolean(true) ? "" : "at most ") + millis(cutover.path("pauseMillis"))
                + (predicted.isObject()
                    ? " (predicted: " + millis(predicted.path("p50Millis")) + ", p99 " + millis(predicted.path("p99Millis"))
                        + ")"
                    : "")));
    lines.add(List.of("  traffic held", millis(parts.path("trafficMillis"))));
    lines.add(List.of("  lock", both(parts.path("lockMillis"), predicted.path("lock"))));
    lines.add(List.of("  drained", both(parts.path("drainMillis"), predicted.path("drain"))));
    lines.add(List.of("  traffic sent", both(parts.path("switchMillis"), predicted.path("traffic"))));
    lines.add(List.of("drained up to", Texts.text(cutover.path("drainedLsn"))));
    lines.add(List.of("rollback", Texts.text(cutover.path("rollback"))));
    command.printer().fields(lines);
  }

  private static String both(JsonNode actual, JsonNode predicted) {
    return millis(actual)
        + (predicted.isObject() ? " (p99 " + millis(predicted.path("p99Millis")) + ")" : "");
  }

  static String millis(JsonNode value) {
    return value.isNumber() ? String.format(Locale.ROOT, "%.1f ms", value.asDouble()) : "-";
  }

  @Command(
      name = "plan",
      description = {
        "Look at every gate, and rehearse: tells the pause to be expected.",
        "A marker that changes nothing is sent through the live stream, the lock is tried and the traffic's switch gone through."
            + " Nobody is kept waiting."
      },
      footer = {"", "Example:", "  helios-repl migrate plan acme --rehearsals 100"})
  static final class Plan extends OfTenant {

    @Parameters(paramLabel = "NAME", description = "The tenant's name.")
    String name = "";

    @Option(names = "--to", paramLabel = "TARGET", description = "Where to; the tenant's target.")
    @Nullable String to;

    @Option(names = "--rehearsals", paramLabel = "N", description = "How often, 1 to 1000. Default: 10.")
    @Nullable Integer rehearsals;

    @Mixin MigrateOptions options = new MigrateOptions();

    Plan(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      ObjectNode body = options.body();
      if (to != null) {
        body.put("to", to);
      }
      if (rehearsals != null) {
        body.put("rehearsals", rehearsals);
      }
      JsonNode plan = client().post(path(name, "plan"), body);
      if (!output.format.isForPeople()) {
        printer().print(plan, "tenant", List.of());
        return ExitCode.DONE;
      }
      List<List<String>> lines = new ArrayList<>();
      for (JsonNode gate : plan.path("gates")) {
        boolean open = gate.path("open").asBoolean(false);
        JsonNode problem = gate.path("problem");
        lines.add(
            List.of(
                "gate " + Texts.text(gate.path("gate")),
                open
                    ? "open" + (gate.path("unknown").isString() ? ", " + gate.path("unknown").asString() : "")
                    : Texts.text(problem.path("code")) + ": " + Texts.text(problem.path("message"))));
      }
      JsonNode predicted = plan.path("predicted");
      lines.add(
          List.of(
              "pause",
              predicted.isObject()
                  ? millis(predicted.path("p50Millis")) + ", p99 " + millis(predicted.path("p99Millis")) + " (lock "
                      + millis(predicted.path("lock").path("p99Millis")) + ", drain "
                      + millis(predicted.path("drain").path("p99Millis")) + ", traffic "
                      + millis(predicted.path("traffic").path("p99Millis")) + "; " + Texts.text(predicted.path("rehearsals"))
                      + " rehearsals)"
                  : "not rehearsed: " + Texts.text(plan.path("unrehearsed").path("message"))));
      printer().fields(lines);
      shell.out().println("migrate start would:");
      plan.path("steps").forEach(step -> shell.out().println("  - " + step.asString()));
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "start",
      description = {
        "Begin to move a tenant, or many from a file: until it is ready to be cut over.",
        "Its target gets a copy, is armed and verified. Those of a file begin in its order, so many at once, each on its own from"
            + " there on."
      },
      footer = {
        "",
        "Examples:",
        "  helios-repl migrate start acme --wait",
        "  helios-repl migrate start acme --cutover --max-pause 100ms --retry 5 --backoff 30s",
        "  helios-repl migrate start -f moves.yaml",
        "",
        "moves.yaml:",
        "  parallel: 2",
        "  defaults: { max-pause: 100ms, retry: 5, cutover: auto, window: \"22:00-04:00\" }",
        "  moves:",
        "    - { tenant: acme }",
        "    - { source: shop, order: quietest }   # all tenants that are left there; or order: name"
      })
  static final class Start extends OfTenant {

    @Parameters(paramLabel = "NAME", arity = "0..1", description = "The tenant's name.")
    @Nullable String name;

    @Option(
        names = {"-f", "--file"},
        paramLabel = "FILE",
        description = "Moves in YAML; - reads standard input.")
    @Nullable String file;

    @Option(names = "--to", paramLabel = "TARGET", description = "Where to; the tenant's target.")
    @Nullable String to;

    @Option(names = "--cutover", description = "Cut over by itself as soon as it is ready.")
    boolean cutover;

    @Option(
        names = "--window",
        paramLabel = "FROM-TO",
        description = "When it may begin, and cut over by itself, in UTC: 22:00-04:00.")
    @Nullable String window;

    @Mixin MigrateOptions options = new MigrateOptions();
    @Mixin Options.Waiting waiting = new Options.Waiting();
    @Mixin Options.Change change = new Options.Change();

    Start(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      if ((name == null) == (file == null)) {
        throw usage(
            name == null ? "no tenant is named" : "a name and a file are given",
            "one of NAME and -f FILE is needed",
            "helios-repl migrate start NAME");
      }
      return file == null ? one(Objects.requireNonNull(name)) : many(file);
    }

    private int one(String tenant) {
      ObjectNode body = options.body();
      if (to != null) {
        body.put("to", to);
      }
      if (cutover) {
        body.put("cutover", "auto");
      }
      if (window != null) {
        body.put("window", window);
      }
      String query = "?dryRun=" + change.dryRun + "&wait=" + waiting.wait;
      String path = path(tenant, "start");
      if (cutover && !change.dryRun) {
        confirm(change, "tenant " + tenant + " will be cut over as soon as it is ready. Go on?");
      }
      JsonNode answer = client().post(path + query, body);
      if (change.dryRun) {
        TenantVerbs.showPlans(this, answer);
      } else if (waiting.wait) {
        JsonNode end = awaited(tenant, answer, cutover ? "cutover" : "ready", waiting.timeout);
        if (end.path("kind").asString("").equals("Cutover")) {
          showCutover(end);
        } else {
          show(end);
        }
      } else {
        show(answer);
      }
      return ExitCode.DONE;
    }

    private int many(String from) {
      ObjectNode body = MovesFile.read(from, shell);
      JsonNode answer = client().post("/migrations?dryRun=" + change.dryRun, body);
      if (change.dryRun) {
        TenantVerbs.showPlans(this, answer);
      } else {
        printer().print(answer, "tenant", MigrateStatus.COLUMNS);
        shell.say("next: helios-repl migrate status --watch");
      }
      return ExitCode.DONE;
    }
  }

  /** A cutover, there or back: waits for its end, whatever it is. */
  abstract static class Cutting extends OfTenant {

    private final String verb;

    @Parameters(paramLabel = "NAME", description = "The tenant's name.")
    String name = "";

    @Option(names = "--confirm", paramLabel = "NAME", description = "The name once more, for scripts.")
    List<String> confirmed = new ArrayList<>();

    @Mixin MigrateOptions options = new MigrateOptions();
    @Mixin Options.Waiting waiting = new Options.Waiting();
    @Mixin Options.Change change = new Options.Change();

    Cutting(Shell shell, String verb) {
      super(shell);
      this.verb = verb;
    }

    abstract String question();

    @Override
    public final Integer call() {
      String path = path(name, verb);
      confirmName(change, confirmed, name, question());
      JsonNode answer = client().post(path + "?dryRun=" + change.dryRun + "&confirm=" + name, options.body());
      if (change.dryRun) {
        TenantVerbs.showPlans(this, answer);
      } else {
        showCutover(awaited(name, answer, verb, waiting.timeout));
      }
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "cutover",
      description = {
        "Make a tenant's target its home, within a pause, or undo it.",
        "Its writers wait for less than --max-pause, or it is undone. It is refused as long as a gate is closed. Waits for the end; the"
            + " old home follows from then on, and rollback is open. The name has to be said again."
      },
      footer = {
        "",
        "Examples:",
        "  helios-repl migrate cutover acme --confirm=acme",
        "  helios-repl migrate cutover acme --max-pause 250ms --retry 5 --backoff 30s --confirm=acme -o json"
      })
  static final class Cutover extends Cutting {
    Cutover(Shell shell) {
      super(shell, "cutover");
    }

    @Override
    String question() {
      return "cutting tenant " + name + " over to its target";
    }
  }

  @Command(
      name = "rollback",
      description = {
        "Go back to the old home by the same cutover.",
        "Nothing that was written at the new one is lost. The name has to be said again."
      },
      footer = {"", "Example:", "  helios-repl migrate rollback acme --confirm=acme"})
  static final class Rollback extends Cutting {
    Rollback(Shell shell) {
      super(shell, "rollback");
    }

    @Override
    String question() {
      return "taking tenant " + name + " back to its old home";
    }
  }

  @Command(
      name = "complete",
      description = {
        "End the move: the old home follows no longer, and there is no way back.",
        "The tenant's rows stay there, closed for writes, unless --purge is given, which wants the name again."
      },
      footer = {
        "", "Examples:", "  helios-repl migrate complete acme", "  helios-repl migrate complete acme --purge --confirm=acme --wait"
      })
  static final class Complete extends OfTenant {

    @Parameters(paramLabel = "NAME", description = "The tenant's name.")
    String name = "";

    @Option(names = "--purge", description = "Delete its rows at the old home, in chunks.")
    boolean purge;

    @Option(names = "--confirm", paramLabel = "NAME", description = "The name once more, for scripts.")
    List<String> confirmed = new ArrayList<>();

    @Mixin Options.Waiting waiting = new Options.Waiting();
    @Mixin Options.Change change = new Options.Change();

    Complete(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      String path = path(name, "complete");
      if (purge) {
        confirmName(change, confirmed, name, "completing the move of tenant " + name + " and deleting its rows at the old home");
      } else {
        confirm(change, "there is no rollback any more. Complete the move of tenant " + name + "?");
      }
      JsonNode answer =
          client()
              .post(
                  path + "?purge=" + purge + "&confirm=" + name + "&dryRun=" + change.dryRun + "&wait=" + waiting.wait, null);
      if (change.dryRun) {
        TenantVerbs.showPlans(this, answer);
      } else {
        show(waiting.wait ? awaited(name, answer, "completed", waiting.timeout) : answer);
      }
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "cancel",
      description = {"Give a move up before its cutover.", "The tenant goes on replicating as before."},
      footer = {"", "Example:", "  helios-repl migrate cancel acme --wait"})
  static final class Cancel extends OfTenant {

    @Parameters(paramLabel = "NAME", description = "The tenant's name.")
    String name = "";

    @Mixin Options.Waiting waiting = new Options.Waiting();
    @Mixin Options.Change change = new Options.Change();

    Cancel(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      String path = path(name, "cancel");
      confirm(change, "give the move of tenant " + name + " up?");
      JsonNode answer =
          client().post(path + "?dryRun=" + change.dryRun + "&wait=" + waiting.wait, null);
      if (change.dryRun) {
        TenantVerbs.showPlans(this, answer);
      } else {
        show(waiting.wait ? awaited(name, answer, "cancelled", waiting.timeout) : answer);
      }
      return ExitCode.DONE;
    }
  }
}
