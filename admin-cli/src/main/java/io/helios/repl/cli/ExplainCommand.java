package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "explain",
    description = {
      "Explain an error by its code: what it means and what usually mends it. Lists all codes when none is given.",
      "Needs no server."
    },
    footer = {"", "Examples:", "  helios-repl explain HR-2103", "  helios-repl explain | grep -i slot"})
final class ExplainCommand implements Callable<Integer> {

  private static final int WIDTH = 100;
  private static final List<Column> COLUMNS = List.of(Column.of("CODE", "code"), Column.of("TITLE", "title"));

  private final Shell shell;

  @Mixin Options.Help help = new Options.Help();
  @Mixin Options.Output output = new Options.Output();

  @Parameters(paramLabel = "CODE", arity = "0..*", description = "Codes: HR-2103, or just 2103.")
  List<String> codes = new ArrayList<>();

  ExplainCommand(Shell shell) {
    this.shell = shell;
  }

  /** All codes in the order of their numbers. */
  static List<ErrorCode> catalogue() {
    return Stream.of(ErrorCode.values()).sorted(Comparator.comparing(ErrorCode::id)).toList();
  }

  @Override
  public Integer call() {
    List<ErrorCode> asked = codes.isEmpty() ? catalogue() : codes.stream().map(ExplainCommand::named).toList();
    if (output.format.isForPeople() && !codes.isEmpty()) {
      asked.forEach(this::explain);
    } else {
      List<JsonNode> documents = asked.stream().<JsonNode>map(ExplainCommand::document).toList();
      new Printer(shell, output.format)
          .print(
              codes.size() == 1 ? documents.getFirst() : TenantVerbs.list("ErrorCodeList", documents), "code", COLUMNS);
    }
    return ExitCode.DONE;
  }

  private static ErrorCode named(String text) {
    String id = text.matches("\\d{4}") ? "HR-" + text : text;
    Optional<ErrorCode> known = ErrorCode.byId(id);
    if (known.isEmpty()) {
      throw new FailedException(
          ExitCode.NOT_FOUND,
          Failure.of(
              ErrorCode.NO_SUCH_CODE,
              "there is no error code \"" + TenantNames.printable(text) + "\"",
              "codes are HR- and four digits; a server that is newer than this program may have more",
              "helios-repl explain"));
    }
    return known.get();
  }

  private void explain(ErrorCode code) {
    shell.out().println(code.id() + "  " + code.title());
    wrapped(code.explanation()).forEach(line -> shell.out().println("  " + line));
    shell.out().println();
  }

  private static List<String> wrapped(String text) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > WIDTH) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  private static ObjectNode document(ErrorCode code) {
    return HeliosClient.object()
        .put("apiVersion", "helios-repl/v1")
        .put("kind", "ErrorCode")
        .put("code", code.id())
        .put("title", code.title())
        .put("explanation", code.explanation());
  }
}
