package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "key",
    description = "List, rotate and shred the keys that tenants' changes are sealed with.",
    subcommands = {KeyCommands.Listing.class, KeyCommands.Rotate.class, KeyCommands.Shred.class},
    footer = {"", "Example:", "  helios-repl key rotate tenant-123"})
final class KeyCommands extends CommandGroup {

  static final List<Column> COLUMNS =
      List.of(
          Column.of("TENANT", "tenant"),
          Column.number("GENERATION", n -> n.path("generation").asInt() == 0 ? "-" : Texts.text(n.path("generation"))));

  @Command(
      name = "list",
      description = "List each tenant with the generation of its current key; - for one that has none.",
      footer = {"", "Example:", "  helios-repl key list -o json"})
  static final class Listing extends ApiCommand {
    Listing(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      printer().print(client().get("/keys"), "tenant", COLUMNS);
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "rotate",
      description = {
        "Seal a tenant's changes with a new key from the next frame on.",
        "Its older keys are kept, for what was sealed with them and is not applied yet."
      },
      footer = {"", "Example:", "  helios-repl key rotate tenant-123"})
  static final class Rotate extends ApiCommand {

    @Parameters(paramLabel = "NAME", description = "The tenant's name.")
    String name = "";

    @Mixin Options.Change change = new Options.Change();

    Rotate(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      checked("tenant", name);
      JsonNode answer = client().post("/tenants/" + name + "/key/rotate?dryRun=" + change.dryRun, null);
      if (change.dryRun) {
        TenantVerbs.showPlans(this, answer);
      } else if (output.format.isForPeople()) {
        shell.out().println("tenant " + name + " is sealed with key " + Texts.text(answer.path("generation")) + " from now on");
      } else {
        printer().print(answer, "tenant", COLUMNS);
      }
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "shred",
      description = {
        "Destroy all keys of a tenant: none of its captured changes can be read again, in no copy of the relay journal.",
        "Its rows on the target stay; it goes on only after tenant resync. The name has to be said again."
      },
      footer = {"", "Example:", "  helios-repl key shred tenant-123 --confirm=tenant-123"})
  static final class Shred extends ApiCommand {

    @Parameters(paramLabel = "NAME", description = "The tenant's name.")
    String name = "";

    @Option(names = "--confirm", paramLabel = "NAME", description = "The name once more, for scripts.")
    List<String> confirmed = new ArrayList<>();

    @Mixin Options.Change change = new Options.Change();

    Shred(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      checked("tenant", name);
      confirmName(change, confirmed, name, "shredding the keys of tenant " + name);
      JsonNode answer =
          client().post("/tenants/" + name + "/key/shred?confirm=" + name + "&dryRun=" + change.dryRun, null);
      if (change.dryRun) {
        TenantVerbs.showPlans(this, answer);
      } else if (output.format.isForPeople()) {
        shell.out().println("the keys of tenant " + name + " are destroyed; to go on: helios-repl tenant resync " + name);
      } else {
        printer().print(answer, "tenant", COLUMNS);
      }
      return ExitCode.DONE;
    }
  }
}
