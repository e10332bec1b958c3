package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.Failure;
import io.helios.repl.config.Durations;
import io.helios.repl.error.ErrorCode;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "verify",
    description = "Compare a tenant's source and target.",
    subcommands = {VerifyCommands.Run.class, VerifyRepairCommand.class},
    footer = {"", "Example:", "  helios-repl verify run tenant-123"})
final class VerifyCommands extends CommandGroup {

  @Command(
      name = "run",
      description = {
        "Compare row counts and contents of every table at one point of the WAL, both sides live.",
        "Exit code 7 when something differs."
      },
      footer = {"", "Example:", "  helios-repl verify run tenant-123 -o json"})
  static final class Run extends ApiCommand {

    @Parameters(paramLabel = "NAME", description = "The tenant's name.")
    String name = "";

    @Option(names = "--timeout", paramLabel = "DURATION", description = "How long to wait at most. Default: 30m.")
    Duration timeout = Duration.ofMinutes(30);

    Run(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      checked("tenant", name);
      Supplier<JsonNode> ask =
          () -> client().post("/tenants/" + name + "/verify?patience=" + timeout.toMillis() + "ms", null);
      JsonNode verification =
          follow(
              name,
              ask.get(),
              ask,
              timeout,
              () ->
                  Failure.of(
                      ErrorCode.WAIT_TIMED_OUT,
                      "the verification of tenant \"" + name + "\" is not done after " + Durations.format(timeout),
                      "the tables are large, or the target lags",
                      "helios-repl verify run " + name + " --timeout " + Durations.format(timeout.multipliedBy(2))));
      boolean equal = verification.path("equal").asBoolean(false);
      if (output.format.isForPeople()) {
        printer()
            .table(
                verification.path("tables").valueStream().toList(),
                List.of(
                    Column.of("TABLE", "table"),
                    Column.number("SOURCE-ROWS", n -> Texts.count(n.path("sourceRows"))),
                    Column.number("TARGET-ROWS", n -> Texts.count(n.path("targetRows"))),
                    Column.number("DIFFERING", n -> Texts.count(n.path("differing")))));
        shell
            .out()
            .println(
                "tenant "
                    + name
                    + (equal ? ": both sides are equal" : ": the sides differ")
                    + " at "
                    + Texts.text(verification.path("lsn")));
      } else {
        printer().print(verification, "tenant", List.of());
      }
      return equal ? ExitCode.DONE : ExitCode.DIFFERENCE;
    }
  }
}
