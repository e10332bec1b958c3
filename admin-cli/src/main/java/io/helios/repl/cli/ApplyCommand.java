package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.client.HeliosClient;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "apply",
    description = {
      "Make the tenants what files declare: those that are new are created, those that differ are changed, all or none, and",
      "others are left alone. What it comes to is shown first; a second time there is nothing to do. A field that the file",
      "leaves out has its default. Nothing is copied before tenant start. A tenant that was started keeps its key, source,",
      "target and tables: to declare those otherwise, delete it first."
    },
    footer = {
      "",
      "Examples:",
      "  helios-repl apply -f tenants.yaml --dry-run",
      "  helios-repl apply -f tenants.yaml --yes",
      "  helios-repl apply -f tenants.yaml --yes --prune --confirm=globex",
      "",
      "tenants.yaml:",
      "  defaults: { source: shop, target: shop-eu, lag-target: 5s }",
      "  tenants:",
      "    - { name: acme, key: 17 }",
      "    - { name: globex, key: 18, tier: premium, tables: [\"public.*\", \"!public.audit\"] }"
    })
final class ApplyCommand extends ApiCommand {

  @Mixin Options.Change change = new Options.Change();

  @Option(
      names = {"-f", "--file"},
      required = true,
      paramLabel = "FILE",
      description = "Declarations in YAML; - reads standard input. May be given several times.")
  List<String> files = new ArrayList<>();

  @Option(
      names = "--prune",
      description = "Delete the tenants that no file declares, as tenant delete does. Their rows stay on the target.")
  boolean prune;

  @Option(
      names = "--confirm",
      split = ",",
      paramLabel = "NAME",
      description = "The names of those that --prune deletes once more, for scripts.")
  List<String> confirmed = new ArrayList<>();

  ApplyCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() {
    ObjectNode body = HeliosClient.object();
    ArrayNode declared = body.putArray("tenants");
    files.forEach(file -> TenantFile.read(file, shell).forEach(declared::add));
    JsonNode plan = client().post("/apply?dryRun=true", body);
    List<String> pruned =
        prune ? plan.path("undeclared").valueStream().map(JsonNode::asString).toList() : List.of();
    boolean differs = !plan.path("items").isEmpty();
    if (output.format.isForPeople()) {
      show(plan, pruned);
    }
    if (!change.dryRun && differs) {
      confirm(change, "apply this?");
    }
    pruned.forEach(
        name -> confirmName(change, confirmed, name, "deleting tenant " + name + ", which is not declared"));
    if (change.dryRun) {
      end(plan, pruned, "nothing was done");
      return ExitCode.DONE;
    }
    JsonNode done = differs ? client().post("/apply", body) : ((ObjectNode) plan.deepCopy()).put("done", true);
    List<FailedException> failed = delete(pruned);
    end(done, pruned, differs || !pruned.isEmpty() ? "" : "nothing is to be changed");
    if (!failed.isEmpty()) {
      List<Failure> all = failed.stream().flatMap(f -> f.failures().stream()).toList();
      throw new FailedException(failed.getFirst().exitCode(), all, failed.getFirst());
    }
    return ExitCode.DONE;
  }

  /** What fails for one does not keep the others from it. */
  private List<FailedException> delete(List<String> names) {
    List<FailedException> failed = new ArrayList<>();
    for (String name : names) {
      try {
        client().delete("/tenants/" + name + "?confirm=" + name);
      } catch (FailedException e) {
        failed.add(e);
      }
    }
    return failed;
  }

  private void show(JsonNode plan, List<String> pruned) {
    for (JsonNode item : plan.path("items")) {
      boolean isNew = item.path("action").asString("").equals("create");
      List<String> fields =
          item.path("fields")
              .valueStream()
              .map(
                  f ->
                      Texts.text(f.path("field"))
                          + " "
                          + (isNew ? "" : Texts.text(f.path("from")) + " -> ")
                          + Texts.text(f.path("to")))
              .toList();
      line(isNew ? "+" : "~", isNew ? "32" : "33", Texts.text(item.path("tenant")) + ": " + String.join(", ", fields));
    }
    pruned.forEach(name -> line("-", "31", name + ": is not declared"));
    shell
        .out()
        .println(
            Texts.text(plan.path("created"))
                + " new, "
                + Texts.text(plan.path("changed"))
                + " to change, "
                + Texts.text(plan.path("unchanged"))
                + " as declared"
                + (plan.path("undeclared").isEmpty()
                    ? ""
                    : ", " + plan.path("undeclared").size() + (prune ? " to delete" : " not declared and left alone")));
  }

  private void line(String sign, String color, String text) {
    shell.out().println(shell.color() ? "\u001b[" + color + "m" + sign + " " + text + "\u001b[0m" : sign + " " + text);
  }

  private void end(JsonNode document, List<String> pruned, String said) {
    if (!output.format.isForPeople()) {
      ObjectNode whole = (ObjectNode) document.deepCopy();
      ArrayNode names = whole.putArray("pruned");
      pruned.forEach(names::add);
      printer().print(whole, "tenant", List.of());
    }
    if (!said.isEmpty()) {
      shell.say(said);
    } else if (document.path("created").asInt(0) > 0) {
      shell.say("next: helios-repl tenant start NAME --wait");
    }
  }
}
