package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.Failure;
import io.helios.repl.config.Durations;
import io.helios.repl.error.ErrorCode;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "repair",
    description = {
      "Make a streaming tenant's rows at the target what the source's are: only rows that differ are written. Its changes",
      "wait meanwhile, those of others do not. Both sides are compared again at the end; exit code 7 when they still differ."
    },
    footer = {"", "Example:", "  helios-repl verify repair tenant-123 --yes"})
final class VerifyRepairCommand extends ApiCommand {

  @Parameters(paramLabel = "NAME", description = "The tenant's name.")
  String name = "";

  @Option(names = "--timeout", paramLabel = "DURATION", description = "How long to wait at most. Default: 30m.")
  Duration timeout = Duration.ofMinutes(30);

  @Mixin Options.Change change = new Options.Change();

  VerifyRepairCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() {
    checked("tenant", name);
    if (change.dryRun) {
      TenantVerbs.showPlans(this, client().post("/tenants/" + name + "/repair?dryRun=true", null));
      return ExitCode.DONE;
    }
    confirm(change, "overwrite and delete rows of " + name + " at the target that are not the source's?");
    Supplier<JsonNode> ask =
        () -> client().post("/tenants/" + name + "/repair?patience=" + timeout.toMillis() + "ms", null);
    JsonNode repair =
        follow(
            name,
            ask.get(),
            ask,
            timeout,
            () ->
                Failure.of(
                    ErrorCode.WAIT_TIMED_OUT,
                    "the repair of tenant \"" + name + "\" is not done after " + Durations.format(timeout),
                    "the tables are large, or the target lags; it goes on",
                    "helios-repl verify run " + name));
    boolean equal = repair.path("equal").asBoolean(false);
    if (output.format.isForPeople()) {
      show(repair, equal);
    } else {
      printer().print(repair, "tenant", List.of());
    }
    return equal ? ExitCode.DONE : ExitCode.DIFFERENCE;
  }

  private void show(JsonNode repair, boolean equal) {
    List<JsonNode> tables = repair.path("tables").valueStream().toList();
    if (!tables.isEmpty()) {
      printer()
          .table(
              tables,
              List.of(
                  Column.of("TABLE", "table"),
                  Column.number("ROWS", n -> Texts.count(n.path("rows"))),
                  Column.number("DIFFERING", n -> Texts.count(n.path("differing"))),
                  Column.number("BROUGHT", n -> Texts.count(n.path("brought"))),
                  Column.number("REMOVED", n -> Texts.count(n.path("removed")))));
    }
    shell
        .out()
        .println(
            "tenant "
                + name
                + (tables.isEmpty() ? ": nothing was to be repaired" : ": " + Texts.count(repair.path("differing")) + " rows repaired")
                + (equal ? "; both sides are equal" : "; the sides still differ")
                + " at "
                + Texts.text(repair.path("lsn")));
    if (!equal) {
      shell.say("somebody else writes there; then: helios-repl verify run " + name);
    }
  }
}
