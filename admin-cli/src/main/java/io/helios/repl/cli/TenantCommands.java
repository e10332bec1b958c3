package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.Durations;
import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "tenant",
    description = "Declare tenants, start and stop them, see how they are.",
    subcommands = {
      TenantCreate.class,
      TenantVerbs.Start.class,
      TenantVerbs.Stop.class,
      TenantVerbs.Pause.class,
      TenantVerbs.Resume.class,
      TenantCommands.Listing.class,
      TenantCommands.Describe.class,
      TenantCommands.Status.class,
      TenantCommands.Wait.class,
      TenantErrors.class,
      TenantVerbs.Resync.class,
      TenantVerbs.Delete.class
    },
    footer = {
      "",
      "Example:",
      "  helios-repl tenant create acme --source shop --target shop-eu",
      "  helios-repl tenant start acme --wait"
    })
final class TenantCommands extends CommandGroup {

  static final List<Column> COLUMNS =
      List.of(
          Column.of("TENANT", "tenant"),
          Column.of("STATE", "state"),
          Column.number("LAG", n -> Texts.seconds(n.path("lagSeconds"))),
          Column.number("ROWS/S", n -> Texts.count(n.path("rowsPerSecond"))),
          Column.of("SOURCE", "source"),
          Column.of("TARGET", "target"),
          Column.of("TIER", "tier"),
          Column.number("EPOCH", n -> Texts.text(n.path("epoch"))).onlyWide(),
          Column.of("APPLIED", "appliedLsn").onlyWide(),
          Column.of("CAPTURED", "capturedLsn").onlyWide(),
          Column.number("LAG-BYTES", n -> Texts.bytes(n.path("lagBytes"))).onlyWide(),
          Column.number("BUDGET", n -> Texts.percent(n.path("objective").path("budgetLeft"))).onlyWide(),
          Column.of(
                  "COPY",
                  n -> Texts.text(n.path("copy").path("done")) + "/" + Texts.text(n.path("copy").path("tables")))
              .onlyWide(),
          Column.number("CONFLICTS", n -> Texts.text(n.path("conflicts"))).onlyWide(),
          Column.of("SINCE", "since").onlyWide(),
          Column.of("ERROR", n -> Texts.text(n.path("error").path("code"))));

  @Command(
      name = "list",
      description = {
        "List the tenants with their state and lag.",
        "Those that this server applies for other regions are theirs: --guests lists them instead."
      },
      footer = {"", "Examples:", "  helios-repl tenant list -o wide --watch=1s", "  helios-repl tenant list --guests"})
  static final class Listing extends ApiCommand {

    private static final List<Column> GUESTS =
        List.of(
            Column.of("TENANT", "tenant"),
            Column.of("STATE", "state"),
            Column.number("LAG-BYTES", n -> Texts.bytes(n.path("lagBytes"))),
            Column.of("REGION", "region"),
            Column.of("SOURCE", "source"),
            Column.of("TARGET", "target"),
            Column.number("EPOCH", n -> Texts.text(n.path("epoch"))),
            Column.of("APPLIED", "appliedLsn"),
            Column.of("CAPTURED", "capturedLsn").onlyWide(),
            Column.of("LAST-COMMIT", "lastCommitAt").onlyWide(),
            Column.of("ERROR", n -> Texts.text(n.path("error").path("code"))));

    @Mixin Options.Watch watch = new Options.Watch();

    @Option(names = "--guests", description = "Those that this server applies for other regions.")
    boolean guests;

    Listing(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      return watched(
          watch,
          () -> {
            JsonNode list = guests ? client().get("/guests") : client().list("/tenants");
            return () -> printer().print(list, "tenant", guests ? GUESTS : COLUMNS);
          });
    }
  }

  @Command(
      name = "status",
      description = "Show the state, the lag and the last error of tenants.",
      footer = {"", "Example:", "  helios-repl tenant status tenant-123 -o json"})
  static final class Status extends ApiCommand {

    @Mixin Options.Watch watch = new Options.Watch();

    @Parameters(paramLabel = "NAME", arity = "1..*", description = "Names of tenants.")
    List<String> names = new ArrayList<>();

    Status(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      names.forEach(n -> checked("tenant", n));
      return watched(
          watch,
          () -> {
            List<JsonNode> all = names.stream().map(n -> client().get("/tenants/" + n + "/status")).toList();
            return () -> show(all);
          });
    }

    private void show(List<JsonNode> all) {
      printer().print(all.size() == 1 ? all.getFirst() : TenantVerbs.list("TenantList", all), "tenant", COLUMNS);
      if (output.format.isForPeople()) {
        for (JsonNode status : all) {
          JsonNode error = status.path("error");
          if (error.isObject()) {
            shell.out().println();
            shell.out().println(TenantErrors.text(error));
          }
          status.path("nextSteps").forEach(step -> shell.say("next: " + step.asString()));
        }
      }
    }
  }

  @Command(
      name = "describe",
      description = "Show everything about a tenant: declaration, status, sequences, latest events.",
      footer = {"", "Example:", "  helios-repl tenant describe tenant-123"})
  static final class Describe extends ApiCommand {

    @Parameters(paramLabel = "NAME", description = "The tenant's name.")
    String name = "";

    Describe(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      JsonNode tenant = client().get("/tenants/" + checked("tenant", name));
      if (!output.format.isForPeople()) {
        printer().print(tenant, "tenant", List.of());
        return ExitCode.DONE;
      }
      List<List<String>> fields = new ArrayList<>();
      for (String field :
          List.of(
              "tenant",
              "id",
              "key",
              "source",
              "target",
              "tier",
              "lagTarget",
              "conflictPolicy",
              "fencing",
              "epoch",
              "desired",
              "created")) {
        fields.add(List.of(field, Texts.text(tenant.path(field))));
      }
      fields.add(
          List.of("tables", String.join(", ", tenant.path("tables").valueStream().map(JsonNode::asString).toList())));
      JsonNode status = tenant.path("status");
      fields.add(List.of("state", Texts.text(status.path("state"))));
      fields.add(List.of("since", Texts.text(status.path("since"))));
      fields.add(
          List.of("lag", Texts.seconds(status.path("lagSeconds")) + ", " + Texts.bytes(status.path("lagBytes"))));
      fields.add(List.of("lag budget left", Texts.percent(status.path("objective").path("budgetLeft"))));
      fields.add(List.of("rows per second", Texts.count(status.path("rowsPerSecond"))));
      fields.add(List.of("applied", Texts.text(status.path("appliedLsn"))));
      fields.add(List.of("captured", Texts.text(status.path("capturedLsn"))));
      JsonNode copy = status.path("copy");
      fields.add(
          List.of(
              "copy",
              Texts.text(copy.path("done"))
                  + " of "
                  + Texts.text(copy.path("tables"))
                  + " tables, "
                  + Texts.count(copy.path("rows"))
                  + " rows, "
                  + Texts.bytes(copy.path("bytes"))));
      if (copy.has("throttled")) {
        fields.add(List.of("copy throttled", Texts.text(copy.path("throttled"))));
      }
      fields.add(
          List.of("sealed", Texts.bytes(status.path("sealedBytes")) + " of " + Texts.bytes(status.path("rawBytes"))));
      fields.add(List.of("conflicts", Texts.text(status.path("conflicts"))));
      JsonNode error = status.path("error");
      if (error.isObject()) {
        fields.add(List.of("error", Texts.text(error.path("code")) + ": " + Texts.text(error.path("message"))));
        fields.add(List.of("why", Texts.text(error.path("why"))));
        fields.add(List.of("hint", Texts.text(error.path("hint"))));
      }
      printer().fields(fields);
      if (!tenant.path("sequences").isEmpty()) {
        shell.out().println();
        printer()
            .table(
                tenant.path("sequences").valueStream().toList(),
                List.of(
                    Column.of("SEQUENCE", "sequence"),
                    Column.of("TABLE", "table"),
                    Column.of("COLUMN", "column"),
                    Column.of("LAST VALUE", "lastValue"),
                    Column.of("AT LSN", "lsn"),
                    Column.of("AT", "at")));
      }
      if (!tenant.path("events").isEmpty()) {
        shell.out().println();
        printer()
            .table(
                tenant.path("events").valueStream().toList(),
                List.of(
                    Column.of("AT", "at"),
                    Column.of("SEVERITY", "severity"),
                    Column.of("EVENT", "type"),
                    Column.of("MESSAGE", "message")));
      }
      status.path("nextSteps").forEach(step -> shell.say("next: " + step.asString()));
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "wait",
      description = {
        "Wait until a tenant is streaming, caught-up, paused, failed or stopped.",
        "caught-up is a barrier: what had been committed at the source before is then committed at the target.",
        "Ends with exit code 1 and its error when it fails or needs a resync instead, with 8 when the time is over."
      },
      footer = {"", "Example:", "  helios-repl tenant wait tenant-123 --for caught-up --timeout 60s"})
  static final class Wait extends ApiCommand {

    private static final List<String> GOALS = List.of("streaming", "caught-up", "paused", "failed", "stopped");

    @Parameters(paramLabel = "NAME", description = "The tenant's name.")
    String name = "";

    @Option(
        names = "--for",
        paramLabel = "STATE",
        required = true,
        description = "streaming, caught-up, paused, failed or stopped.")
    String goal = "";

    @Option(names = "--timeout", paramLabel = "DURATION", description = "How long to wait at most. Default: 5m.")
    Duration timeout = Duration.ofMinutes(5);

    Wait(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      checked("tenant", name);
      if (!GOALS.contains(goal)) {
        throw usage(
            "\"" + TenantNames.printable(goal) + "\" cannot be waited for",
            "tenants are waited for in some states",
            "--for " + String.join(", --for ", GOALS));
      }
      Supplier<JsonNode> ask =
          () -> client().post("/tenants/" + name + "/wait", HeliosClient.object().put("for", goal));
      JsonNode status = follow(name, ask.get(), ask, timeout, () -> timedOut(this, name, goal, timeout));
      if (output.format.isForPeople()) {
        shell.say("tenant " + name + " is " + goal);
      } else {
        printer().print(status, "tenant", COLUMNS);
      }
      return ExitCode.DONE;
    }
  }

  /** What is said when a tenant is not where it was waited for. */
  static Failure timedOut(ApiCommand command, String name, String goal, Duration timeout) {
    String state;
    try {
      state = "it is " + Texts.text(command.client().get("/tenants/" + name + "/status").path("state"));
    } catch (FailedException e) {
      state = "its state cannot be asked now";
    }
    return Failure.of(
        ErrorCode.WAIT_TIMED_OUT,
        "tenant \"" + name + "\" is not " + goal + " after " + Durations.format(timeout) + "; " + state,
        "the wait is over, the work goes on",
        "helios-repl tenant wait "
            + name
            + " --for "
            + goal
            + " --timeout "
            + Durations.format(timeout.multipliedBy(2)));
  }
}
