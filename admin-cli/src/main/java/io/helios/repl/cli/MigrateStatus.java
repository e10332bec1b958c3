package io.helios.repl.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "status",
    description = "Show every migration, or one with all that happened to it.",
    footer = {"", "Examples:", "  helios-repl migrate status --watch", "  helios-repl migrate status acme"})
final class MigrateStatus extends ApiCommand {

  static final List<Column> COLUMNS =
      List.of(
          Column.of("TENANT", "tenant"),
          Column.of("STATE", n -> label(Texts.text(n.path("state")))),
          Column.of("FROM", "from"),
          Column.of("TO", "to"),
          Column.number("EPOCH", n -> Texts.text(n.path("epoch"))),
          Column.number("PAUSE", n -> pause(n)),
          Column.number("PREDICTED", n -> MigrateCommands.millis(n.path("predicted").path("p99Millis"))),
          Column.of("SINCE", "since"),
          Column.of("WISH", "wish").onlyWide(),
          Column.number("ATTEMPTS", n -> Texts.text(n.path("attempts"))).onlyWide(),
          Column.of("NOT-BEFORE", "notBefore").onlyWide(),
          Column.of("ERROR", n -> Texts.text(n.path("error").path("code"))));

  @Parameters(paramLabel = "NAME", arity = "0..1", description = "The tenant's name.")
  @Nullable String name;

  @Mixin Options.Watch watch = new Options.Watch();

  MigrateStatus(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() {
    String of = name == null ? null : MigrateCommands.OfTenant.path(name, "");
    return watched(
        watch,
        () -> {
          JsonNode answer = client().get(of == null ? "/migrations" : of);
          return () -> show(answer, of == null);
        });
  }

  private void show(JsonNode answer, boolean list) {
    if (list || !output.format.isForPeople()) {
      printer().print(answer, "tenant", COLUMNS);
      return;
    }
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of("tenant", Texts.text(answer.path("tenant"))));
    lines.add(
        List.of(
            "state", label(Texts.text(answer.path("state"))) + " since " + Texts.text(answer.path("since"))));
    lines.add(List.of("from", Texts.text(answer.path("from"))));
    lines.add(List.of("to", Texts.text(answer.path("to"))));
    lines.add(List.of("asked for", Texts.text(answer.path("wish"))));
    lines.add(List.of("predicted", predicted(answer.path("predicted"))));
    lines.add(List.of("cutover", cutover(answer.path("there"))));
    lines.add(List.of("rollback", cutover(answer.path("back"))));
    JsonNode error = answer.path("error");
    if (error.isObject()) {
      lines.add(List.of("error", Texts.text(error.path("code")) + ": " + Texts.text(error.path("message"))));
      lines.add(List.of("why", Texts.text(error.path("why"))));
      lines.add(List.of("hint", Texts.text(error.path("hint"))));
    }
    printer().fields(lines);
    answer
        .path("passages")
        .forEach(
            p ->
                shell
                    .out()
                    .println(
                        "  "
                            + Texts.text(p.path("at"))
                            + "  "
                            + label(Texts.text(p.path("from")))
                            + " to "
                            + label(Texts.text(p.path("to")))
                            + ": "
                            + Texts.text(p.path("reason"))));
    answer.path("nextSteps").forEach(next -> shell.say("next: " + next.asString()));
  }

  private static String predicted(JsonNode predicted) {
    return predicted.isObject()
        ? MigrateCommands.millis(predicted.path("p50Millis"))
            + ", p99 "
            + MigrateCommands.millis(predicted.path("p99Millis"))
        : "-";
  }

  private static String cutover(JsonNode report) {
    return report.isObject()
        ? "epoch "
            + Texts.text(report.path("epoch"))
            + " at "
            + Texts.text(report.path("at"))
            + ", writers waited "
            + (report.path("exact").asBoolean(true) ? "" : "at most ")
            + MigrateCommands.millis(report.path("pauseMillis"))
        : "-";
  }

  private static String pause(JsonNode migration) {
    JsonNode last = migration.path("back").isObject() ? migration.path("back") : migration.path("there");
    return MigrateCommands.millis(last.path("pauseMillis"));
  }

  static String label(String state) {
    return state.toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
