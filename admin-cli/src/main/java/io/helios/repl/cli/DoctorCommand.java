package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

@Command(
    name = "doctor",
    description = {
      "Find everything that could hurt: sources, targets, slots, disk, keys, certificates, tenants.",
      "Changes nothing. Exit code 6 when there is an error."
    },
    footer = {"", "Examples:", "  helios-repl doctor", "  helios-repl doctor --all -o json"})
final class DoctorCommand extends ApiCommand {

  private static final List<Column> COLUMNS =
      List.of(Column.of("SEVERITY", "severity"), Column.of("CODE", "code"), Column.of("MESSAGE", "message"));

  private static final String INDENT = "        ";
  private static final int WIDTH = 80;

  @Option(names = "--all", description = "Show what is only to know, too.")
  boolean all;

  DoctorCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() {
    JsonNode doctor = client().get("/doctor");
    if (output.format.isForPeople()) {
      show(doctor);
    } else {
      printer().print(doctor, "code", COLUMNS);
    }
    return doctor.path("ok").asBoolean(false) ? ExitCode.DONE : ExitCode.PRECONDITION;
  }

  private void show(JsonNode doctor) {
    int hidden = 0;
    for (JsonNode f : doctor.path("findings")) {
      String severity = f.path("severity").asString("");
      if (severity.equals("INFO") && !all) {
        hidden++;
        continue;
      }
      told(severity.toLowerCase(Locale.ROOT) + " " + Texts.text(f.path("code")) + ": ", f.path("message"), "  ", true);
      told("  why:  ", f.path("why"), INDENT, true);
      told("  hint: ", f.path("hint"), INDENT, false);
    }
    shell
        .out()
        .println(
            counted(doctor.path("errors").asLong(0), "error") + ", " + counted(doctor.path("warnings").asLong(0), "warning")
                + (hidden > 0 ? ", " + counted(hidden, "note") + " (--all shows them)" : ""));
    shell.out().flush();
  }

  private static String counted(long count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }

  /**
   * @param indent of its further lines
   * @param sentences whether lines that are too long for a terminal are broken; what is to be run stays in one piece
   */
  private void told(String label, JsonNode text, String indent, boolean sentences) {
    if (text.asString("").isEmpty()) {
      return;
    }
    String all = label + text.asString().replace("\n", "\n" + indent);
    all.lines().map(line -> sentences && shell.interactive() ? broken(line, indent) : line).forEach(shell.out()::println);
  }

  /** At spaces, where there are any. */
  static String broken(String text, String indent) {
    StringBuilder lines = new StringBuilder();
    String rest = text;
    while (rest.length() > WIDTH) {
      int space = rest.lastIndexOf(' ', WIDTH);
      if (space <= indent.length()) {
        break;
      }
      lines.append(rest, 0, space).append('\n');
      rest = indent + rest.substring(space + 1);
    }
    return lines.append(rest).toString();
  }
}
