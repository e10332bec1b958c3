package io.helios.repl.cli;

import io.helios.repl.config.ProductVersion;
import io.helios.repl.demo.DemoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;

/** The root of all commands. */
@Command(
    name = "helios-repl",
    versionProvider = HeliosRepl.Version.class,
    description = "Replicates, moves and fails over single tenants of PostgreSQL databases.",
    subcommands = {
      ServerCommands.class,
      ContextCommands.class,
      SourceCommands.class,
      TargetCommands.class,
      TenantCommands.class,
      ApplyCommand.class,
      VerifyCommands.class,
      MigrateCommands.class,
      FailoverCommands.class,
      KeyCommands.class,
      SlotCommands.class,
      EventCommands.class,
      RunbookCommands.class,
      AuditCommands.class,
      ExplainCommand.class,
      TopCommand.class,
      DoctorCommand.class,
      DemoCommand.class,
      CompletionCommand.class,
      ManPagesCommand.class,
      VersionCommand.class
    },
    footer = {
      "",
      "Examples:",
      "  helios-repl server run --config helios-repl.yaml",
      "  helios-repl tenant create acme --source shop --target shop-eu",
      "  helios-repl tenant start acme --wait",
      "  helios-repl tenant status acme -o json"
    })
final class HeliosRepl extends CommandGroup {

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the version.")
  boolean version;

  /** The version on one line. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"helios-repl " + ProductVersion.current() + " (Java " + Runtime.version() + ")"};
    }
  }
}
