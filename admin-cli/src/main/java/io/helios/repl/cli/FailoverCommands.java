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
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "failover",
    description = "Promote tenants at their replicas when their source has died, and come back.",
    subcommands = {
      FailoverStatus.class,
      FailoverCommands.Plan.class,
      FailoverCommands.Run.class,
      FailoverCommands.Failback.class,
      FailoverDrill.class,
      FailoverHistory.class,
      FailoverAuto.class
    },
    footer = {
      "",
      "Examples:",
      "  helios-repl failover plan acme",
      "  helios-repl failover run acme --confirm=acme",
      "  helios-repl failover run --all-of shop --confirm=shop",
      "  helios-repl failover status acme",
      "  helios-repl failover failback acme --confirm=acme"
    })
final class FailoverCommands extends CommandGroup {

  /** What has to do with one tenant. */
  abstract static class OfTenant extends ApiCommand {

    OfTenant(Shell shell) {
      super(shell);
    }

    static String path(String name, String verb) {
      return "/tenants/" + checked("tenant", name) + "/failover" + (verb.isEmpty() ? "" : "/" + verb);
    }

    /** Until the failover has come to the goal. */
    final JsonNode awaited(String name, JsonNode operation, String goal, Duration timeout) {
      return follow(
          () -> step(name),
          operation,
          () -> client().post(path(name, "wait"), HeliosClient.object().put("for", goal)),
          timeout,
          () -> late("the failover of tenant \"" + name + "\"", goal, timeout, name));
    }

    static Failure late(String what, String goal, Duration timeout, String of) {
      return Failure.of(
          ErrorCode.WAIT_TIMED_OUT,
          what + " has not come to " + goal + " after " + Durations.format(timeout),
          "it goes on",
          "helios-repl failover status " + (of + " --watch").strip());
    }

    private Progress.Step step(String name) {
      JsonNode failover = client().get(path(name, ""));
      JsonNode error = failover.path("error");
      return Progress.Step.of(
          name + ": " + MigrateStatus.label(Texts.text(failover.path("state")))
              + (error.isObject() ? ", " + Texts.text(error.path("message")) : ""));
    }

    final void show(JsonNode failover) {
      if (!output.format.isForPeople()) {
        printer().print(failover, "tenant", FailoverStatus.COLUMNS);
        return;
      }
      shell.out().println(
          "tenant " + Texts.text(failover.path("tenant")) + " is at home at " + Texts.text(failover.path("to")) + " in epoch "
              + Texts.text(failover.path("epoch")));
      printer().fields(FailoverStatus.outcome(failover));
      failover.path("nextSteps").forEach(next -> shell.say("next: " + next.asString()));
    }
  }

  @Command(
      name = "plan",
      description = {
        "Show what a failover would do and meet: its time, what is behind, obstacles.",
        "Nothing is done. The time is taken apart: detection, the old home's lease, drain, promotion, traffic."
      },
      footer = {"", "Example:", "  helios-repl failover plan acme"})
  static final class Plan extends OfTenant {

    @Parameters(paramLabel = "NAME", description = "The tenant's name.")
    String name = "";

    @Option(names = "--patience", paramLabel = "DURATION", description = "How long to apply what was captured. Default: the server's failover.drain-patience.")
    @Nullable Duration patience;

    Plan(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      ObjectNode body = HeliosClient.object();
      if (patience != null) {
        body.put("drainPatience", Durations.format(patience));
      }
      JsonNode plan = client().post(path(name, "plan"), body);
      if (!output.format.isForPeople()) {
        printer().print(plan, "tenant", List.of());
        return ExitCode.DONE;
      }
      List<List<String>> lines = new ArrayList<>();
      JsonNode source = plan.path("source");
      lines.add(List.of("from", Texts.text(plan.path("from"))
          + (source.path("healthy").asBoolean(false)
              ? ", alive and healthy"
              : ": " + Texts.text(source.path("trouble").path("message")) + "; last alive " + Texts.text(source.path("lastAlive")))));
      lines.add(List.of("to", Texts.text(plan.path("to")) + ", in epoch " + Texts.text(plan.path("epoch"))));
      lines.add(List.of("behind", Texts.seconds(plan.path("lagSeconds")) + ", " + Texts.bytes(plan.path("lagBytes")) + "; captured and not applied: "
          + Texts.bytes(plan.path("unappliedBytes"))));
      lines.add(List.of("last commit there", Texts.text(plan.path("lastCommit"))));
      plan.path("timeline").forEach(
          part -> lines.add(List.of("  " + Texts.text(part.path("part")), Texts.text(part.path("millis")) + " ms: " + Texts.text(part.path("why")))));
      plan.path("obstacles").forEach(
          o -> lines.add(List.of("obstacle", Texts.text(o.path("code")) + ": " + Texts.text(o.path("message")) + "; " + Texts.text(o.path("why")))));
      plan.path("warnings").forEach(w -> lines.add(List.of("warning", w.asString())));
      printer().fields(lines);
      shell.out().println("failover run would:");
      plan.path("steps").forEach(step -> shell.out().println("  - " + step.asString()));
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "run",
      description = {
        "Make tenants' replicas their homes, for their source has died.",
        "Refused (6) while the source is alive and healthy: migrate cutover loses nothing then. Waits until clients are sent to the new"
            + " home. The old one is closed, accounted for and repaired by itself when it is back. The name has to be said again."
      },
      footer = {
        "",
        "Examples:",
        "  helios-repl failover run acme --confirm=acme -o json",
        "  helios-repl failover run --all-of shop --parallel 16 --confirm=shop",
        "  helios-repl failover run acme --no-rejoin --confirm=acme",
        "  helios-repl failover run acme --rejoin"
      })
  static final class Run extends OfTenant {

    @Parameters(paramLabel = "NAME", arity = "0..*", description = "Names of tenants.")
    List<String> names = new ArrayList<>();

    @Option(names = "--all-of", paramLabel = "SOURCE", description = "All tenants of a source, premium ones first.")
    @Nullable String source;

    @Option(names = "--parallel", paramLabel = "N", description = "How many are promoted at once, 1 to 16. Default: 16.")
    @Nullable Integer parallel;

    @Option(names = "--force", description = "Also while the source is alive and healthy.")
    boolean force;

    @Option(names = "--no-rejoin", description = "Leave the old home as it is, closed, once the account is made.")
    boolean noRejoin;

    @Option(names = "--rejoin", description = "Go on with a failover that was left there.")
    boolean rejoin;

    @Option(names = "--patience", paramLabel = "DURATION", description = "How long to apply what was captured. Default: the server's failover.drain-patience.")
    @Nullable Duration patience;

    @Option(names = "--confirm", paramLabel = "NAME", description = "The name once more, for scripts; of several NAME,NAME.", split = ",")
    List<String> confirmed = new ArrayList<>();

    @Option(names = "--timeout", paramLabel = "DURATION", description = "How long to wait at most. Default: 5m.")
    Duration timeout = Duration.ofMinutes(5);

    @Mixin Options.Change change = new Options.Change();

    Run(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      if (names.isEmpty() == (source == null)) {
        throw usage(
            source == null ? "no tenant is named" : "names and --all-of are given",
            "one of NAME… and --all-of SOURCE is needed",
            "helios-repl failover run NAME");
      }
      if (rejoin && (source != null || names.size() > 1 || noRejoin || force)) {
        throw usage("--rejoin goes on with one failover", "it begins none", "helios-repl failover run NAME --rejoin");
      }
      return source != null || names.size() > 1 ? many() : rejoin ? goOn(names.getFirst()) : one(names.getFirst());
    }

    private ObjectNode body() {
      ObjectNode body = HeliosClient.object();
      if (force) {
        body.put("force", true);
      }
      if (noRejoin) {
        body.put("rejoin", false);
      }
      if (parallel != null) {
        body.put("parallel", parallel);
      }
      if (patience != null) {
        body.put("drainPatience", Durations.format(patience));
      }
      return body;
    }

    private int one(String name) {
      String path = path(name, "run");
      confirmName(change, confirmed, name, "taking tenant " + name + " to its replica");
      JsonNode answer = client().post(path + "?dryRun=" + change.dryRun + "&confirm=" + name, body());
      if (change.dryRun) {
        TenantVerbs.showPlans(this, answer);
      } else {
        show(awaited(name, answer, "promoted", timeout));
      }
      return ExitCode.DONE;
    }

    private int goOn(String name) {
      JsonNode answer = client().post(path(name, "rejoin") + "?dryRun=" + change.dryRun, null);
      if (change.dryRun) {
        TenantVerbs.showPlans(this, answer);
      } else {
        show(awaited(name, answer, "following", timeout));
      }
      return ExitCode.DONE;
    }

    private int many() {
      ObjectNode body = body();
      List<String> said = source == null ? names.stream().map(n -> checked("tenant", n)).distinct().sorted().toList()
          : List.of(checked("source", source));
      if (source == null) {
        ArrayNode tenants = body.putArray("tenants");
        said.forEach(tenants::add);
      } else {
        body.put("source", source);
      }
      for (String name : said) {
        confirmName(change, confirmed, name, source == null ? "taking tenant " + name + " to its replica" : "taking all tenants of source "
            + name + " to their replicas");
      }
      JsonNode answer = client().post("/failovers?dryRun=" + change.dryRun + "&confirm=" + String.join(",", said), body);
      if (change.dryRun) {
        TenantVerbs.showPlans(this, answer);
        return ExitCode.DONE;
      }
      JsonNode end =
          follow(
              () -> progress(client().get("/failovers").path("progress")),
              answer,
              () -> {
                throw new FailedException(ExitCode.FAILED, restarted());
              },
              timeout,
              () -> late("not each tenant", "its replica", timeout, ""));
      printer().print(end, "tenant", FailoverStatus.COLUMNS);
      return end.path("progress").path("failed").asLong() == 0 ? ExitCode.DONE : ExitCode.FAILED;
    }

    private static Failure restarted() {
      return Failure.of(
          ErrorCode.NO_SUCH_OPERATION,
          "nobody waits for these failovers any more",
          "the server has started anew; they go on",
          "helios-repl failover status --watch");
    }

    private static Progress.Step progress(JsonNode progress) {
      return Progress.Step.of(FailoverStatus.progress(progress));
    }
  }

  @Command(
      name = "failback",
      description = {
        "Take a tenant back to its old home, by a planned cutover within a pause.",
        "Needs an old home that follows. Nothing that was written meanwhile is lost; afterwards both have their old roles. The name has"
            + " to be said again."
      },
      footer = {"", "Example:", "  helios-repl failover failback acme --max-pause 100ms --confirm=acme"})
  static final class Failback extends OfTenant {

    @Parameters(paramLabel = "NAME", description = "The tenant's name.")
    String name = "";

    @Option(names = "--max-pause", paramLabel = "DURATION", description = "How long writers may wait. Default: 100ms.")
    @Nullable Duration maxPause;

    @Option(names = "--confirm", paramLabel = "NAME", description = "The name once more, for scripts.")
    List<String> confirmed = new ArrayList<>();

    @Option(names = "--timeout", paramLabel = "DURATION", description = "How long to wait at most. Default: 5m.")
    Duration timeout = Duration.ofMinutes(5);

    @Mixin Options.Change change = new Options.Change();

    Failback(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      ObjectNode body = HeliosClient.object();
      if (maxPause != null) {
        body.put("maxPause", Durations.format(maxPause));
      }
      String path = path(name, "failback");
      confirmName(change, confirmed, name, "taking tenant " + name + " back to its old home");
      JsonNode answer = client().post(path + "?dryRun=" + change.dryRun + "&confirm=" + name, body);
      if (change.dryRun) {
        TenantVerbs.showPlans(this, answer);
      } else {
        MigrateCommands.showCutover(this, awaited(name, answer, "failed-back", timeout));
      }
      return ExitCode.DONE;
    }
  }
}
