package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.client.LiveDashboard;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.tui.Dashboard;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "top",
    description = {
      "The dashboard: every tenant on a line, what is wrong first, with the stages of the chosen one and the newest events.",
      "It follows the server's events, and shows how old its picture is while the server is away. ? tells the keys."
    },
    footer = {
      "",
      "Examples:",
      "  helios-repl top",
      "  helios-repl top --read-only --filter 'state:lag tier:premium'"
    })
final class TopCommand extends ApiCommand {

  private static final Duration SHORTEST = Duration.ofMillis(200);
  private static final Duration LONGEST = Duration.ofSeconds(5);

  @Option(names = "--read-only", description = "Hide what changes something.")
  boolean readOnly;

  @Option(
      names = "--filter",
      paramLabel = "WORDS",
      description = "Which tenants to list at first: parts of names, state:, tier:, source:, target:, region:, ! for not.")
  String filter = "";

  @Option(names = "--every", paramLabel = "DURATION", description = "How often to look, 200ms to 5s. Default: 1s.")
  Duration every = Duration.ofSeconds(1);

  TopCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws InterruptedException {
    if (output.format != OutputFormat.TABLE) {
      throw usage("top takes no --output", "it draws a screen", "helios-repl tenant list -o " + output.format);
    }
    if (every.compareTo(SHORTEST) < 0 || every.compareTo(LONGEST) > 0) {
      throw usage("--every is not right", "it is not from 200ms to 5s", "helios-repl top --every 1s");
    }
    String type = shell.environment().getOrDefault("TERM", "");
    if (!shell.interactive() || type.isEmpty() || type.equals("dumb")) {
      throw noTerminal(shell.interactive() ? "TERM is \"" + type + "\"" : "standard input or output is none", null);
    }
    client().get("/server"); // a server that is not there, or a token that is not right, is told like by any command
    try {
      Dashboard.End end =
          LiveDashboard.run(
              client(), new LiveDashboard.Look(readOnly, filter, every, shell.out().charset(), shell.color()));
      return end == Dashboard.End.LEFT ? ExitCode.DONE : ExitCode.INTERRUPTED;
    } catch (IOException e) {
      throw noTerminal("it cannot be read or written", e);
    }
  }

  private static FailedException noTerminal(String why, @Nullable Throwable cause) {
    return new FailedException(
        ExitCode.PRECONDITION,
        List.of(Failure.of(ErrorCode.TERMINAL_NEEDED, "top needs a terminal", why, "helios-repl tenant list --watch")),
        cause);
  }
}
