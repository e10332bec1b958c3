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

  /**
   * zsh has what bash has once it is told so, which the script does by itself. As a file {@code _helios-repl} in zsh's {@code fpath}
   * it is read at the first Tab, as the body of that function, without the script's aliases, and has to answer this very Tab.
   */
  private static final String FOR_ZSH =
      """
      #compdef helios-repl
      %s
      if [ "${funcstack[1]}" = _helios-repl ]; then
        function compopt { true; }
        _bash_complete -o default -F _complete_helios-repl
      fi
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
      case "zsh" -> shell.out().print(FOR_ZSH.formatted(script));
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
