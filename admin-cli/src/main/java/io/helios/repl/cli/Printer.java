package io.helios.repl.cli;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.Separators;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/** Prints documents: for scripts as they came, for people as tables. One thread. */
final class Printer {

  private final Shell shell;
  private final OutputFormat format;

  Printer(Shell shell, OutputFormat format) {
    this.shell = shell;
    this.format = format;
  }

  OutputFormat format() {
    return format;
  }

  /**
   * Prints a list document or a single one.
   *
   * @param nameField which field is an item's name
   * @param columns for tables
   */
  void print(JsonNode document, String nameField, List<Column> columns) {
    List<JsonNode> items =
        document.path("items").isArray() ? document.path("items").valueStream().toList() : List.of(document);
    switch (format) {
      case TABLE, WIDE -> table(items, columns);
      case JSON -> shell.out().println(pretty(document));
      case YAML -> shell.out().print(yaml(document));
      case JSONL -> items.forEach(item -> shell.out().println(item.toString()));
      case NAME -> items.forEach(item -> shell.out().println(Texts.text(item.path(nameField))));
    }
    shell.out().flush();
  }

  /** Two spaces a level, and {@code "name": value} as people write it. */
  private static String pretty(JsonNode document) {
    DefaultIndenter lines = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter(
                Separators.createDefaultInstance().withObjectNameValueSpacing(Separators.Spacing.AFTER))
            .withObjectIndenter(lines)
            .withArrayIndenter(lines);
    return JsonMapper.builder().build().writer().with(printer).writeValueAsString(document);
  }

  private static String yaml(JsonNode document) {
    return YAMLMapper.builder().disable(YAMLWriteFeature.WRITE_DOC_START_MARKER).build().writeValueAsString(document);
  }

  /** Columns as wide as their widest cell, two spaces between them. */
  void table(List<JsonNode> items, List<Column> all) {
    table(items, all, true);
  }

  /** @param titled whether the columns' titles stand above */
  void table(List<JsonNode> items, List<Column> all, boolean titled) {
    List<Column> columns = all.stream().filter(c -> format == OutputFormat.WIDE || !c.wide()).toList();
    List<List<String>> rows = new ArrayList<>();
    if (titled) {
      rows.add(columns.stream().map(Column::title).toList());
    }
    items.forEach(item -> rows.add(columns.stream().map(c -> c.text().apply(item)).toList()));
    int[] widths = new int[columns.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).codePointCount(0, row.get(i).length()));
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String cell = row.get(i);
        String space = " ".repeat(widths[i] - cell.codePointCount(0, cell.length()));
        boolean last = i == widths.length - 1;
        line.append(columns.get(i).right() ? space + painted(cell) : painted(cell) + (last ? "" : space))
            .append(last ? "" : "  ");
      }
      shell.out().println(line.toString().stripTrailing());
    }
  }

  /** Lines of {@code label value}. */
  void fields(List<List<String>> labelsAndValues) {
    int width = labelsAndValues.stream().mapToInt(f -> f.getFirst().length()).max().orElse(0);
    labelsAndValues.forEach(
        f ->
            shell
                .out()
                .println(f.getFirst() + ":" + " ".repeat(width - f.getFirst().length() + 1) + painted(f.getLast())));
  }

  private String painted(String cell) {
    if (!shell.color()) {
      return cell;
    }
    String color =
        switch (cell) {
          case "STREAMING", "yes" -> "32";
          case "COPYING", "PAUSED", "STOPPED", "WARN" -> "33";
          case "FAILED", "NEEDS_RESYNC", "ERROR", "no" -> "31";
          default -> "";
        };
    return color.isEmpty() ? cell : "\u001b[" + color + "m" + cell + "\u001b[0m";
  }
}
