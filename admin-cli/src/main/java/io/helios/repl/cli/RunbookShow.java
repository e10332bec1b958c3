package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.runbook.ServerJournal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.DoubleNode;

@Command(
    name = "show",
    description = {"Show a run of a runbook with its steps; without a name list the runs, the newest first."},
    footer = {
      "",
      "Examples:",
      "  helios-repl runbook show",
      "  helios-repl runbook show key-rotation-7 --watch",
      "  helios-repl runbook show key-rotation-7 --text > key-rotation.yaml"
    })
final class RunbookShow extends ApiCommand {

  private static final List<Column> RUNS =
      List.of(
          Column.of("RUN", "run"),
          Column.of("STATE", "state"),
          Column.number("AT", n -> Texts.text(n.path("position")) + "/" + Texts.text(n.path("stepsPlanned"))),
          Column.of("STEP", "step"),
          Column.of("BEGUN BY", "who"),
          Column.of("BEGUN", "begun"),
          Column.number("TOOK", RunbookShow::took),
          Column.of("RUN BY", "holder").onlyWide());

  private static final List<Column> STEPS =
      List.of(
          Column.number("#", n -> Integer.toString(n.path("position").asInt() + 1)),
          Column.of("STEP", n -> (n.path("recovery").asBoolean(false) ? "undo: " : "") + Texts.text(n.path("step"))),
          Column.of("KIND", "kind"),
          Column.of("STATE", "state"),
          Column.number("TRY", n -> Texts.text(n.path("attempt"))).onlyWide(),
          Column.number("EXIT", n -> Texts.text(n.path("exitCode"))),
          Column.of("BEGUN", "begun").onlyWide(),
          Column.number("TOOK", RunbookShow::took),
          Column.of("BY", "who").onlyWide(),
          Column.of("NOTE", "note"));

  @Parameters(paramLabel = "RUN", arity = "0..1", description = "The run's name, as runbook run has said it.")
  @Nullable String run;

  @Option(names = "--text", description = "Print the runbook as it was when the run was begun, and nothing else.")
  boolean text;

  @Mixin Options.Watch watch = new Options.Watch();

  RunbookShow(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() {
    String name = run;
    if (name == null) {
      if (text) {
        throw usage("--text is of one run", "no run is named", "helios-repl runbook show RUN --text");
      }
      return watched(
          watch,
          () -> {
            JsonNode list = client().get("/runbooks");
            return () -> printer().print(list, "run", RUNS);
          });
    }
    if (text) {
      shell.out().print(client().get(ServerJournal.path(name)).path("text").asString(""));
      return ExitCode.DONE;
    }
    return watched(
        watch,
        () -> {
          JsonNode document = client().get(ServerJournal.path(name));
          return () -> print(this, document);
        });
  }

  static void print(ApiCommand command, JsonNode document) {
    if (!command.output.format.isForPeople()) {
      command.printer().print(document, "run", List.of());
      return;
    }
    List<List<String>> fields = new ArrayList<>();
    for (String field : List.of("run", "runbook", "state", "begun", "ended", "who", "holder", "sha256")) {
      fields.add(List.of(field, Texts.text(document.path(field))));
    }
    document.path("parameters").properties().forEach(p -> fields.add(List.of("set " + p.getKey(), Texts.text(p.getValue()))));
    command.printer().fields(fields);
    List<JsonNode> steps = document.path("steps").valueStream().toList();
    if (steps.isEmpty()) {
      return;
    }
    command.shell.out().println();
    command.printer().table(steps, STEPS);
    JsonNode last = steps.getLast();
    if (!last.path("state").asString("").equals("DONE") && !last.path("output").asString("").isEmpty()) {
      command.shell.out().println();
      last.path("output").asString("").lines().forEach(line -> command.shell.out().println("  | " + line));
    }
    String state = document.path("state").asString("");
    if (!state.equals("DONE") && !state.equals("RUNNING")) {
      command.shell.say("next: helios-repl runbook resume " + Texts.text(document.path("run")));
    }
  }

  private static String took(JsonNode node) {
    JsonNode millis = node.path("millis");
    return millis.isNumber() ? Texts.seconds(new DoubleNode(millis.asDouble() / 1000)) : "-";
  }
}
