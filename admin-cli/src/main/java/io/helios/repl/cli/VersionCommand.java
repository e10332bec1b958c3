package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.ProductVersion;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "version",
    description = "Show the version of this program.",
    footer = {"", "Example:", "  helios-repl version -o json"})
final class VersionCommand implements Callable<Integer> {

  private final Shell shell;

  @Mixin Options.Help help = new Options.Help();
  @Mixin Options.Output output = new Options.Output();

  VersionCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    if (output.format.isForPeople()) {
      shell.out().println("helios-repl " + ProductVersion.current() + " (Java " + Runtime.version() + ")");
    } else {
      new Printer(shell, output.format)
          .print(
              HeliosClient.object()
                  .put("apiVersion", "helios-repl/v1")
                  .put("kind", "Version")
                  .put("version", ProductVersion.current())
                  .put("java", Runtime.version().toString()),
              "version",
              List.of());
    }
    return ExitCode.DONE;
  }
}
