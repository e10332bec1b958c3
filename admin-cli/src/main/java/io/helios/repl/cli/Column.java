package io.helios.repl.cli;

import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/**
 * A column of a table.
 *
 * @param wide whether it shows with {@code -o wide} only
 * @param right whether it is set to the right, as numbers are
 */
record Column(String title, boolean wide, boolean right, Function<JsonNode, String> text) {

  static Column of(String title, String field) {
    return new Column(title, false, false, node -> Texts.text(node.path(field)));
  }

  static Column of(String title, Function<JsonNode, String> text) {
    return new Column(title, false, false, text);
  }

  static Column number(String title, Function<JsonNode, String> text) {
    return new Column(title, false, true, text);
  }

  Column onlyWide() {
    return new Column(title, true, right, text);
  }
}
