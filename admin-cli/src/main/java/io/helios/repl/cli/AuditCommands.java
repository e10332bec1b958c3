package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.error.ErrorCode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

@Command(
    name = "audit",
    description = "Check the log of who changed what. events list --audit shows it.",
    subcommands = {AuditCommands.Verify.class},
    footer = {"", "Example:", "  helios-repl audit verify"})
final class AuditCommands extends CommandGroup {

  static final List<Column> COLUMNS =
      List.of(
          Column.of("AT", "at"),
          Column.of("WHO", "who"),
          Column.of("ROLE", "role"),
          Column.of("ADDRESS", "address").onlyWide(),
          Column.of("ACTION", "action"),
          Column.of("OUTCOME", "outcome"),
          Column.of("CODE", "code"),
          Column.of("DETAIL", "detail").onlyWide());

  @Command(
      name = "verify",
      description = {
        "Check that no line of the audit log was changed, removed or put in: each carries the hash of the one before it.",
        "A log whose end was cut off is found only by a head that was noted down before. Exit code 7 when it is broken."
      },
      footer = {
        "",
        "Examples:",
        "  helios-repl audit verify",
        "  helios-repl audit verify -o json > audit-head.json"
      })
  static final class Verify extends ApiCommand {

    @Option(
        names = "--head",
        paramLabel = "HASH",
        description = "The head that an earlier check told: it has to be in the log still.")
    @Nullable String head;

    Verify(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      String noted = head;
      if (noted != null && !noted.matches("[0-9a-f]{64}")) {
        throw usage("--head is not right", "it is 64 hexadecimal digits, as an earlier check told them", "helios-repl audit verify");
      }
      JsonNode check = client().get("/audit/verify" + (noted == null ? "" : "?head=" + noted));
      boolean sound = check.path("ok").asBoolean(false);
      if (!output.format.isForPeople()) {
        printer().print(check, "head", List.of());
      } else if (sound) {
        shell
            .out()
            .println(
                "the audit log is whole: "
                    + Texts.count(check.path("entries"))
                    + " lines, head "
                    + Texts.text(check.path("head")));
      }
      if (sound) {
        return ExitCode.DONE;
      }
      throw new FailedException(
          ExitCode.DIFFERENCE,
          Failure.of(
              ErrorCode.AUDIT_BROKEN,
              "the audit log is broken at line " + Texts.text(check.path("broken").path("id")),
              Texts.text(check.path("broken").path("reason")),
              "compare it with a backup of the control store; helios-repl events list --audit shows it"));
    }
  }
}
