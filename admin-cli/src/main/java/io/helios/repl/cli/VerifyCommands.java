package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.Failure;
import io.helios.repl.config.Durations;
import io.helios.repl.error.ErrorCode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "verify",
    description = "Compare a tenant's source and target.",
    subcommands = {VerifyCommands.Run.class, VerifyShow.class, VerifyRepairCommand.class, VerifyCommands.Cancel.class},
    footer = {"", "Examples:", "  helios-repl verify run tenant-123", "  helios-repl verify show tenant-123"})
final class VerifyCommands extends CommandGroup {

  @Command(
      name = "run",
      description = {
        "Compare row counts and contents of every table at one point of the WAL, both sides live.",
        "One that was interrupted within the last hour is gone on with; one that is running is attached to.",
        "Exit code 7 when something differs; verify show then tells which rows."
      },
      footer = {
        "",
        "Examples:",
        "  helios-repl verify run tenant-123 -o json",
        "  helios-repl verify run tenant-123 --max-rate 50MiB/s --parallelism 1"
      })
  static final class Run extends ApiCommand {

    @Parameters(paramLabel = "NAME", description = "The tenant's name.")
    String name = "";

    @Option(names = "--timeout", paramLabel = "DURATION", description = "How long to wait at most. Default: 30m.")
    Duration timeout = Duration.ofMinutes(30);

    @Option(names = "--fresh", description = "Compare every table, also those that an interrupted one has compared.")
    boolean fresh;

    @Option(
        names = "--max-rate",
        paramLabel = "SIZE/s",
        description = "Read no more of the tables on each side, for example 50MiB/s. Default: no limit.")
    @Nullable String maxRate;

    @Option(
        names = "--parallelism",
        paramLabel = "N",
        description = "Sessions that read, on each side, 1 to 32. Default: 2.")
    @Nullable Integer parallelism;

    Run(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      checked("tenant", name);
      Supplier<JsonNode> ask = () -> client().post(path(), null);
      JsonNode verification =
          follow(
              () -> VerifyShow.step(client().get("/tenants/" + name + "/verification")),
              ask.get(),
              ask,
              timeout,
              () ->
                  Failure.of(
                      ErrorCode.WAIT_TIMED_OUT,
                      "the verification of tenant \"" + name + "\" is not done after " + Durations.format(timeout),
                      "the tables are large, the rate is limited, or the target lags",
                      "helios-repl verify run " + name + " --timeout " + Durations.format(timeout.multipliedBy(2))));
      VerifyShow.print(this, verification);
      return verification.path("equal").asBoolean(false) ? ExitCode.DONE : ExitCode.DIFFERENCE;
    }

    private String path() {
      StringBuilder path =
          new StringBuilder("/tenants/" + name + "/verify?patience=" + timeout.toMillis() + "ms&fresh=" + fresh);
      if (maxRate != null) {
        path.append("&maxRate=").append(URLEncoder.encode(maxRate, StandardCharsets.UTF_8));
      }
      if (parallelism != null) {
        path.append("&parallelism=").append(parallelism);
      }
      return path.toString();
    }
  }

  @Command(
      name = "cancel",
      description = {
        "Break off a tenant's running verification.",
        "What it has compared is kept; verify run goes on from there."
      },
      footer = {"", "Example:", "  helios-repl verify cancel tenant-123"})
  static final class Cancel extends ApiCommand {

    @Parameters(paramLabel = "NAME", description = "The tenant's name.")
    String name = "";

    Cancel(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      checked("tenant", name);
      JsonNode answer = client().delete("/tenants/" + name + "/verification");
      if (output.format.isForPeople()) {
        shell.out().println("the verification of tenant " + name + " is broken off; to go on: helios-repl verify run " + name);
      } else {
        printer().print(answer, "tenant", VerifyShow.COLUMNS);
      }
      return ExitCode.DONE;
    }
  }
}
