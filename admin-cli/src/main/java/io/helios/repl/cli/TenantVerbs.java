package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.client.HeliosClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The verbs that take several tenants. */
final class TenantVerbs {

  private TenantVerbs() {}

  /** One verb for several tenants: what fails for one does not keep the others from it. */
  abstract static class SeveralTenants extends ApiCommand {

    @Mixin Options.Names which = new Options.Names();
    @Mixin Options.Change change = new Options.Change();

    private final List<FailedException> failed = new ArrayList<>();

    SeveralTenants(Shell shell) {
      super(shell);
    }

    final List<String> names(String verb) {
      if (which.all == !which.names.isEmpty()) {
        throw usage(
            which.all ? "names and --all are given" : "no tenant is named",
            "one of NAME… and --all is needed",
            "helios-repl tenant " + verb + " NAME");
      }
      which.names.forEach(n -> checked("tenant", n));
      return which.all
          ? client().list("/tenants").path("items").valueStream().map(t -> t.path("tenant").asString()).toList()
          : which.names.stream().distinct().toList();
    }

    /** Does it to each; null where it failed. */
    final Map<String, JsonNode> each(Iterable<String> names, Function<String, JsonNode> act) {
      Map<String, JsonNode> done = new LinkedHashMap<>();
      for (String name : names) {
        try {
          done.put(name, act.apply(name));
        } catch (FailedException e) {
          if (e.exitCode() == ExitCode.UNREACHABLE
              || e.exitCode() == ExitCode.NOT_ALLOWED
              || e.exitCode() == ExitCode.INTERRUPTED) {
            throw e;
          }
          failed.add(e);
        }
      }
      return done;
    }

    /** Tells what failed, and ends with the first failure's exit code. */
    final int result() {
      if (failed.isEmpty()) {
        return ExitCode.DONE;
      }
      List<Failure> all = failed.stream().flatMap(f -> f.failures().stream()).toList();
      throw new FailedException(failed.getFirst().exitCode(), all, failed.getFirst());
    }

    final void print(List<JsonNode> documents, String kind, String nameField) {
      if (!documents.isEmpty()) {
        boolean one = !which.all && which.names.size() == 1;
        printer().print(one ? documents.getFirst() : list(kind, documents), nameField, TenantCommands.COLUMNS);
      }
    }
  }

  /** A verb that changes what a tenant is wished to do. */
  abstract static class StateVerb extends SeveralTenants {

    private final String verb;
    private final String goal;

    @Mixin Options.Waiting waiting = new Options.Waiting();

    StateVerb(Shell shell, String verb, String goal) {
      super(shell);
      this.verb = verb;
      this.goal = goal;
    }

    /** What is said to the server besides, as {@code &name=value}. */
    String parameters() {
      return "";
    }

    @Override
    public final Integer call() {
      List<String> names = names(verb);
      if (change.dryRun) {
        showPlans(this, plans(each(names, n -> client().post(path(n) + "?dryRun=true" + parameters(), null))));
        return result();
      }
      if (which.all || verb.equals("resync")) {
        confirm(change, verb + " " + (which.all ? "all " + names.size() + " tenants" : String.join(", ", names)) + "?");
      }
      Map<String, JsonNode> asked = each(names, n -> client().post(path(n) + "?wait=" + waiting.wait + parameters(), null));
      Map<String, JsonNode> done = waiting.wait ? waitForAll(asked) : asked;
      if (output.format.isForPeople()) {
        done.forEach(
            (name, status) ->
                shell
                    .out()
                    .println(
                        "tenant "
                            + name
                            + " is "
                            + Texts.text(status.path("state"))
                            + (waiting.wait ? "" : "; " + verb + " was asked for")));
      } else {
        print(List.copyOf(done.values()), "TenantList", "tenant");
      }
      return result();
    }

    private Map<String, JsonNode> waitForAll(Map<String, JsonNode> asked) {
      long deadline = System.nanoTime() + waiting.timeout.toNanos();
      return each(
          asked.keySet(),
          name -> {
            Supplier<JsonNode> again =
                () -> client().post("/tenants/" + name + "/wait", HeliosClient.object().put("for", goal));
            Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
            JsonNode operation = Objects.requireNonNull(asked.get(name));
            return follow(
                name, operation, again, left, () -> TenantCommands.timedOut(this, name, goal, waiting.timeout));
          });
    }

    private JsonNode plans(Map<String, JsonNode> plans) {
      return plans.size() == 1 && !which.all
          ? plans.values().iterator().next()
          : list("PlanList", List.copyOf(plans.values()));
    }

    private String path(String name) {
      return "/tenants/" + name + "/" + verb;
    }
  }

  @Command(
      name = "start",
      description = {
        "Start tenants: prepare, copy, then stream. A tenant that streams already is left alone.",
        "A failed one goes on from its position, once the cause is mended."
      },
      footer = {"", "Example:", "  helios-repl tenant start tenant-123 --wait --timeout 5m"})
  static final class Start extends StateVerb {
    Start(Shell shell) {
      super(shell, "start", "streaming");
    }
  }

  @Command(
      name = "stop",
      description = "Stop tenants. Their changes are still captured, within the relay journal's quota.",
      footer = {"", "Example:", "  helios-repl tenant stop tenant-123 --wait"})
  static final class Stop extends StateVerb {
    Stop(Shell shell) {
      super(shell, "stop", "stopped");
    }
  }

  @Command(
      name = "pause",
      description = "Pause tenants: captured, not applied; lag goes on counting.",
      footer = {"", "Example:", "  helios-repl tenant pause tenant-123"})
  static final class Pause extends StateVerb {
    Pause(Shell shell) {
      super(shell, "pause", "paused");
    }
  }

  @Command(
      name = "resume",
      description = "Go on with paused tenants.",
      footer = {"", "Example:", "  helios-repl tenant resume tenant-123 --wait"})
  static final class Resume extends StateVerb {
    Resume(Shell shell) {
      super(shell, "resume", "streaming");
    }
  }

  @Command(
      name = "resync",
      description = {
        "Stream again from a new consistent point, after a gap. Source and target are compared there, and only the rows that",
        "differ are moved; a table is copied where most of it differs. The history tells what was moved: tenant describe."
      },
      footer = {"", "Example:", "  helios-repl tenant resync tenant-123 --wait"})
  static final class Resync extends StateVerb {

    @Option(names = "--copy", description = "Copy everything again, without comparing.")
    boolean copy;

    Resync(Shell shell) {
      super(shell, "resync", "streaming");
    }

    @Override
    String parameters() {
      return copy ? "&copy=true" : "";
    }
  }

  @Command(
      name = "delete",
      description = {
        "Forget tenants: their position, their part of the relay journal, their keys. Lifts the read-only guard.",
        "Their rows stay on the target unless --purge is given. The name has to be said again."
      },
      footer = {"", "Example:", "  helios-repl tenant delete tenant-123 --confirm=tenant-123"})
  static final class Delete extends SeveralTenants {

    @Option(
        names = "--confirm",
        split = ",",
        paramLabel = "NAME",
        description = "The name once more, for scripts; with --all: all.")
    List<String> confirmed = new ArrayList<>();

    @Option(names = "--purge", description = "Delete their rows on the target too.")
    boolean purge;

    Delete(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      List<String> names = names("delete");
      if (which.all) {
        confirmName(change, confirmed, "all", "deleting all " + names.size() + " tenants");
      } else {
        names.forEach(
            n ->
                confirmName(
                    change, confirmed, n, "deleting tenant " + n + (purge ? " and its rows on the target" : "")));
      }
      Map<String, JsonNode> done =
          each(
              names,
              n -> client().delete("/tenants/" + n + "?confirm=" + n + "&purge=" + purge + "&dryRun=" + change.dryRun));
      List<JsonNode> plans = List.copyOf(done.values());
      if (change.dryRun) {
        showPlans(this, plans.size() == 1 && !which.all ? plans.getFirst() : list("PlanList", plans));
      } else if (output.format.isForPeople()) {
        done.keySet().forEach(n -> shell.out().println("tenant " + n + " is deleted"));
      } else {
        print(plans, "PlanList", "name");
      }
      return result();
    }
  }

  static ObjectNode list(String kind, List<JsonNode> documents) {
    ObjectNode node = HeliosClient.object().put("apiVersion", "helios-repl/v1").put("kind", kind);
    ArrayNode items = node.putArray("items");
    documents.forEach(items::add);
    return node;
  }

  /** A plan or a list of plans. */
  static void showPlans(ApiCommand command, JsonNode document) {
    if (!command.output.format.isForPeople()) {
      command.printer().print(document, "name", List.of());
      return;
    }
    List<JsonNode> plans =
        document.path("items").isArray() ? document.path("items").valueStream().toList() : List.of(document);
    for (JsonNode plan : plans) {
      command.shell.out().println(Texts.text(plan.path("command")) + " " + Texts.text(plan.path("name")) + " would:");
      plan.path("steps").forEach(step -> command.shell.out().println("  - " + step.asString().replace("\n", "\n    ")));
      if (plan.path("steps").isEmpty()) {
        command.shell.out().println("  - do nothing");
      }
    }
    command.shell.say("nothing was done");
  }
}
