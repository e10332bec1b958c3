package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "history",
    description = "Show past failovers: how long they took, what never arrived, who asked.",
    footer = {"", "Examples:", "  helios-repl failover history", "  helios-repl failover history acme -o json"})
final class FailoverHistory extends ApiCommand {

  private static final List<Column> COLUMNS =
      List.of(
          Column.of("TENANT", "tenant"),
          Column.of("BEGUN", "begunAt"),
          Column.of("STATE", n -> MigrateStatus.label(Texts.text(n.path("state")))),
          Column.of("FROM", "from"),
          Column.of("TO", "to"),
          Column.number("EPOCH", n -> Texts.text(n.path("epoch"))),
          Column.number("TIME", n -> FailoverStatus.millis(n.path("rtoMillis"))),
          Column.number("UNREPLICATED", n -> Texts.text(n.path("unreplicated").path("transactions"))),
          Column.of("ASKED-BY", "askedBy"));

  @Parameters(paramLabel = "NAME", arity = "0..1", description = "The tenant's name.")
  @Nullable String name;

  FailoverHistory(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() {
    printer().print(
        client().get("/failovers/history" + (name == null ? "" : "?tenant=" + checked("tenant", name))), "tenant", COLUMNS);
    return ExitCode.DONE;
  }
}
