package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.Durations;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "create",
    description = {"Declare a tenant, or with -f many. Nothing is copied before tenant start."},
    footer = {
      "",
      "Examples:",
      "  helios-repl tenant create tenant-123 --source shop --target shop-eu --key 123 --tier premium",
      "  helios-repl tenant create acme --source shop --target shop-eu --tables 'public.users,public.orders*'",
      "  helios-repl tenant create -f tenants.yaml",
      "",
      "tenants.yaml:",
      "  defaults: { source: shop, target: shop-eu, lag-target: 5s }",
      "  tenants:",
      "    - { name: acme, key: 17 }",
      "    - { name: globex, key: 18, tier: premium, tables: [\"public.*\", \"!public.audit\"] }"
    })
final class TenantCreate extends ApiCommand {

  @Mixin Options.Change change = new Options.Change();

  @Parameters(paramLabel = "NAME", arity = "0..1", description = "Its name.")
  @Nullable String name;

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      description = "Declarations in YAML; - reads standard input.")
  @Nullable String file;

  @Option(names = "--source", paramLabel = "SOURCE", description = "Where it is replicated from.")
  @Nullable String source;

  @Option(names = "--target", paramLabel = "TARGET", description = "Where it is replicated to.")
  @Nullable String target;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = "Its value in the tenant column or schema pattern. Default: its name.")
  @Nullable String key;

  @Option(
      names = "--tables",
      split = ",",
      paramLabel = "GLOB",
      description = "Which tables it takes; ! before a glob excludes. Default: all of the source's.")
  @Nullable List<String> tables;

  @Option(names = "--tier", paramLabel = "TIER", description = "premium, standard or best-effort. Default: standard.")
  @Nullable String tier;

  @Option(names = "--lag-target", paramLabel = "DURATION", description = "How far behind it may be. Default: 5s.")
  @Nullable Duration lagTarget;

  @Option(
      names = "--conflict-policy",
      paramLabel = "POLICY",
      description = "source-wins or stop. Default: source-wins.")
  @Nullable String conflictPolicy;

  @Option(
      names = "--fencing",
      paramLabel = "MODE",
      description = "What closes its home in a failover: epoch or lease. Default: epoch.")
  @Nullable String fencing;

  TenantCreate(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() {
    if ((name == null) == (file == null)) {
      throw usage(
          name == null ? "no tenant is named" : "a name and a file are given",
          "one of NAME and -f FILE is needed",
          "helios-repl tenant create NAME --source SOURCE --target TARGET");
    }
    ObjectNode body = HeliosClient.object();
    ArrayNode list = body.putArray("tenants");
    if (file != null) {
      TenantFile.read(file, shell).forEach(declared -> list.add(options().setAll(declared)));
    } else {
      list.add(single(Objects.requireNonNull(name)));
    }
    JsonNode answer = client().post("/tenants?dryRun=" + change.dryRun, body);
    JsonNode document = file == null ? answer.path("items").path(0) : answer;
    if (change.dryRun) {
      TenantVerbs.showPlans(this, document);
    } else if (output.format.isForPeople()) {
      List<JsonNode> items = answer.path("items").valueStream().toList();
      items.forEach(i -> shell.out().println("tenant " + Texts.text(i.path("tenant")) + " is declared"));
      shell.say(
          "next: helios-repl tenant start "
              + (items.size() == 1 ? Texts.text(items.getFirst().path("tenant")) : "--all")
              + " --wait");
    } else {
      printer().print(document, "tenant", TenantCommands.COLUMNS);
    }
    return ExitCode.DONE;
  }

  private ObjectNode single(String tenant) {
    checked("tenant", tenant);
    if (source == null || target == null) {
      throw usage(
          "the tenant's " + (source == null ? "source" : "target") + " is not named",
          "a tenant is replicated from a source to a target",
          "helios-repl tenant create " + tenant + " --source SOURCE --target TARGET");
    }
    return options().put("name", tenant);
  }

  /** What the options say; for a file they are the defaults. */
  private ObjectNode options() {
    ObjectNode node = HeliosClient.object();
    put(node, "source", source);
    put(node, "target", target);
    put(node, "key", key);
    put(node, "tier", tier);
    put(node, "lagTarget", lagTarget == null ? null : Durations.format(lagTarget));
    put(node, "conflictPolicy", conflictPolicy);
    put(node, "fencing", fencing);
    if (tables != null) {
      ArrayNode globs = node.putArray("tables");
      tables.forEach(globs::add);
    }
    return node;
  }

  private static void put(ObjectNode node, String field, @Nullable String value) {
    if (value != null) {
      node.put(field, value);
    }
  }
}
