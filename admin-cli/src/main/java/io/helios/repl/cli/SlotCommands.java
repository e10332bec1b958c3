package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.config.TenantNames;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "slot",
    description = "See the replication slots at the sources and targets, and drop those that nobody needs.",
    subcommands = {SlotCommands.Listing.class, SlotCommands.Drop.class},
    footer = {"", "Example:", "  helios-repl slot list"})
final class SlotCommands extends CommandGroup {

  private static final List<Column> COLUMNS =
      List.of(
          Column.of("SOURCE", "source"),
          Column.of("SLOT", "slot"),
          Column.of("USE", "use"),
          Column.of("ACTIVE", n -> Texts.yesNo(n.path("active"))),
          Column.number("WAL-RETAINED", n -> Texts.bytes(n.path("retainedWalBytes"))),
          Column.of("WAL-STATUS", "walStatus"),
          Column.of("AT", "at"),
          Column.of("DATABASE", "database").onlyWide(),
          Column.of("RESTART", "restartLsn").onlyWide(),
          Column.of("CONFIRMED", "confirmedFlushLsn").onlyWide(),
          Column.of("INVALIDATION", "invalidation").onlyWide());

  @Command(
      name = "list",
      description = {
        "List our slots at every source and target, with the WAL that each holds back, and orphans: slots named helios_*",
        "that neither a configured source nor a move of a tenant to that target needs."
      },
      footer = {"", "Example:", "  helios-repl slot list -o wide"})
  static final class Listing extends ApiCommand {

    @Mixin Options.Watch watch = new Options.Watch();

    Listing(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      return watched(
          watch,
          () -> {
            JsonNode list = client().get("/slots");
            return () -> {
              printer().print(list, "slot", COLUMNS);
              list.path("unreachable")
                  .forEach(
                      u ->
                          shell.say(
                              "warning: the slots of "
                                  + Texts.text(u.path("at"))
                                  + " "
                                  + Texts.text(u.path("source"))
                                  + " cannot be asked for: "
                                  + Texts.text(u.path("code"))
                                  + ": "
                                  + Texts.text(u.path("message"))));
            };
          });
    }
  }

  @Command(
      name = "drop",
      description = {
        "Drop a slot that nobody reads and no source needs. What it held back is gone then. The slot's name has to be said",
        "again."
      },
      footer = {"", "Example:", "  helios-repl slot drop shop helios_old --confirm=helios_old"})
  static final class Drop extends ApiCommand {

    @Parameters(index = "0", paramLabel = "SOURCE", description = "The name of the source, or of the target.")
    String source = "";

    @Parameters(index = "1", paramLabel = "SLOT", description = "The slot's name.")
    String slot = "";

    @Option(names = "--confirm", paramLabel = "SLOT", description = "The slot's name once more, for scripts.")
    List<String> confirmed = new ArrayList<>();

    @Mixin Options.Change change = new Options.Change();

    Drop(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      checked("source", source);
      if (!slot.matches("[a-z0-9_]{1,63}")) {
        throw usage(
            "\"" + TenantNames.printable(slot) + "\" is no name of a slot",
            "a slot's name is lower-case letters, digits and _, at most 63",
            "helios-repl slot list");
      }
      confirmName(change, confirmed, slot, "dropping slot " + slot + " of " + source);
      JsonNode answer =
          client().delete("/slots/" + source + "/" + slot + "?confirm=" + slot + "&dryRun=" + change.dryRun);
      if (change.dryRun) {
        TenantVerbs.showPlans(this, answer);
      } else if (output.format.isForPeople()) {
        shell.out().println("slot " + slot + " of " + source + " is dropped");
      } else {
        printer().print(answer, "name", List.of());
      }
      return ExitCode.DONE;
    }
  }
}
