package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.Failure;
import io.helios.repl.client.HeliosClient;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "errors",
    description = {
      "Show what is wrong with a tenant now, and what was wrong lately, the newest last.",
      "helios-repl explain tells more about each code."
    },
    footer = {"", "Example:", "  helios-repl tenant errors tenant-123"})
final class TenantErrors extends ApiCommand {

  private static final List<Column> COLUMNS =
      List.of(
          Column.of("AT", "at"),
          Column.of("SEVERITY", "severity"),
          Column.of("CODE", "code"),
          Column.of("MESSAGE", "message"),
          Column.of("HINT", "hint").onlyWide());

  @Parameters(paramLabel = "NAME", description = "The tenant's name.")
  String name = "";

  @Option(names = "--limit", paramLabel = "N", description = "The newest N events, 1 to 1000. Default: 20.")
  int limit = 20;

  TenantErrors(Shell shell) {
    super(shell);
  }

  /** A status's error as it is told on a terminal. */
  static String text(JsonNode error) {
    return new Failure(
            Texts.text(error.path("code")),
            Texts.text(error.path("message")),
            error.path("why").asString(""),
            error.path("hint").asString(""))
        .text();
  }

  @Override
  public Integer call() {
    checked("tenant", name);
    if (limit < 1 || limit > 1_000) {
      throw usage("--limit is not right", "it is a number from 1 to 1000", "--limit 20");
    }
    JsonNode error = client().get("/tenants/" + name + "/status").path("error");
    List<JsonNode> events =
        client().get("/events?severity=warn&tenant=" + name + "&limit=" + limit).path("items").valueStream().toList().reversed();
    if (output.format.isForPeople()) {
      shell.out().println(error.isObject() ? text(error) : "tenant " + name + " has no error now");
      if (!events.isEmpty()) {
        shell.out().println();
        printer().table(events, COLUMNS);
      }
    } else {
      ObjectNode document =
          HeliosClient.object().put("apiVersion", "helios-repl/v1").put("kind", "TenantErrors").put("tenant", name);
      document.set("error", error);
      ArrayNode list = document.putArray("events");
      events.forEach(list::add);
      printer().print(document, "tenant", List.of());
    }
    return ExitCode.DONE;
  }
}
