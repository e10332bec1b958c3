package io.helios.repl.cli;

import picocli.CommandLine.Command;

@Command(
    name = "target",
    description = "List, check and prepare targets.",
    subcommands = {TargetCommands.Listing.class, TargetCommands.Check.class, TargetCommands.Prepare.class},
    footer = {"", "Example:", "  helios-repl target check shop-eu"})
final class TargetCommands extends CommandGroup {

  @Command(
      name = "list",
      description = "List the configured targets with their state.",
      footer = {"", "Example:", "  helios-repl target list -o wide --watch"})
  static final class Listing extends EndpointCommands.Listing {
    Listing(Shell shell) {
      super(shell, "target");
    }
  }

  @Command(
      name = "check",
      description = "Find what would keep tenants from starting. Changes nothing. Exit code 6 when there is an error.",
      footer = {"", "Example:", "  helios-repl target check shop-eu"})
  static final class Check extends EndpointCommands.Check {
    Check(Shell shell) {
      super(shell, "target");
    }
  }

  @Command(
      name = "prepare",
      description = "Create what replication needs there: the schema helios, and guards of replicas that were lost. May be repeated.",
      footer = {"", "Example:", "  helios-repl target prepare shop-eu --dry-run"})
  static final class Prepare extends EndpointCommands.Prepare {
    Prepare(Shell shell) {
      super(shell, "target");
    }
  }
}
