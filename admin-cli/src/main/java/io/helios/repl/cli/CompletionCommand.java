package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "completion",
    description = "Print a script that completes commands and options in a shell: bash or zsh.",
    footer = {
      "",
      "Examples:",
      "  helios-repl completion bash > /etc/bash_completion.d/helios-repl",
      "  source <(helios-repl completion zsh)"
    })
final class CompletionCommand implements Callable<Integer> {

  /** zsh has what bash has once it is told so; the script for bash then works in both. */
  private static final String FOR_ZSH =
      """
      #compdef helios-repl
      autoload -U +X compinit && compinit
      autoload -U +X bashcompinit && bashcompinit
      """;

  private final Shell shell;

  @Mixin Options.Help help = new Options.Help();

  @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
  String name = "";

  CompletionCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    String script = AutoComplete.bash("helios-repl", new CommandLine(HeliosRepl.class, new CommandFactory(shell)));
    switch (name) {
      case "bash" -> shell.out().print(script);
      case "zsh" -> shell.out().print(FOR_ZSH + script);
      default ->
          throw new FailedException(
              ExitCode.USAGE,
              Failure.of(
                  ErrorCode.USAGE,
                  "there is no completion for \"" + TenantNames.printable(name) + "\"",
                  "there is one for bash and one for zsh",
                  "helios-repl completion bash"));
    }
    shell.out().flush();
    return ExitCode.DONE;
  }
}
