package io.helios.repl.cli;

import picocli.CommandLine.Command;

@Command(
    name = "source",
    description = "List, check and prepare sources.",
    subcommands = {SourceCommands.Listing.class, SourceCommands.Check.class, SourceCommands.Prepare.class},
    footer = {"", "Example:", "  helios-repl source check shop"})
final class SourceCommands extends CommandGroup {

  @Command(
      name = "list",
      description = "List the configured sources with their state.",
      footer = {"", "Example:", "  helios-repl source list -o wide --watch"})
  static final class Listing extends EndpointCommands.Listing {
    Listing(Shell shell) {
      super(shell, "source");
    }
  }

  @Command(
      name = "check",
      description = "Find what would keep tenants from starting. Changes nothing. Exit code 6 when there is an error.",
      footer = {"", "Example:", "  helios-repl source check shop"})
  static final class Check extends EndpointCommands.Check {
    Check(Shell shell) {
      super(shell, "source");
    }
  }

  @Command(
      name = "prepare",
      description = "Create what replication needs there: publication, slot and replica identities. May be repeated.",
      footer = {"", "Example:", "  helios-repl source prepare shop --dry-run"})
  static final class Prepare extends EndpointCommands.Prepare {
    Prepare(Shell shell) {
      super(shell, "source");
    }
  }
}
