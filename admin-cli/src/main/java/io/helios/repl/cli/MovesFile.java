package io.helios.repl.cli;

import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.YamlNode;
import io.helios.repl.error.ErrorCode;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Many moves: {@code moves:}, a list in the order in which they are begun, beside {@code parallel:} and {@code defaults:} for
 * all of them. Fields are written as the options of {@code migrate start}; what they hold is judged by the server.
 */
final class MovesFile {

  private static final String EXAMPLE = "moves: [{ tenant: acme, max-pause: 100ms }]";

  private MovesFile() {}

  /**
   * @param file a path, or {@code -} for standard input
   */
  static ObjectNode read(String file, Shell shell) {
    DeclarationFile declarations = new DeclarationFile(file, ErrorCode.USAGE);
    YamlNode root = declarations.read(shell, EXAMPLE);
    if (!(root instanceof YamlNode.Mapping mapping)
        || !(mapping.entries().get("moves") instanceof YamlNode.Items moves)
        || moves.items().isEmpty()) {
      throw declarations.wrong("moves nobody", "it has no list moves:", EXAMPLE);
    }
    ObjectNode body = HeliosClient.object();
    ObjectNode defaults = HeliosClient.object();
    for (Map.Entry<String, YamlNode> entry : mapping.entries().entrySet()) {
      switch (entry.getKey()) {
        case "moves" -> {}
        case "parallel" -> parallel(declarations, entry.getValue(), body);
        case "defaults" -> defaults = fields(declarations, entry.getValue());
        default ->
            throw declarations.wrong(
                mapping.keyLines().getOrDefault(entry.getKey(), mapping.line()),
                "\"" + entry.getKey() + "\" is not understood here",
                "the file holds moves:, parallel: and defaults:",
                EXAMPLE);
      }
    }
    ArrayNode items = body.putArray("moves");
    for (YamlNode move : moves.items()) {
      items.add(defaults.deepCopy().setAll(fields(declarations, move)));
    }
    return body;
  }

  private static void parallel(DeclarationFile file, YamlNode value, ObjectNode body) {
    if (!(value instanceof YamlNode.Scalar scalar) || !scalar.text().matches("[1-9]\\d{0,3}")) {
      throw file.wrong(value.line(), "parallel is not right", "it is how many are copied at once", "parallel: 2");
    }
    body.put("parallel", Integer.parseInt(scalar.text()));
  }

  private static ObjectNode fields(DeclarationFile file, YamlNode node) {
    if (!(node instanceof YamlNode.Mapping mapping)) {
      throw file.wrong(node.line(), "a move is no mapping", "it has no fields", "- { tenant: acme }");
    }
    mapping
        .entries()
        .forEach(
            (key, value) -> {
              if (value instanceof YamlNode.Mapping inner) {
                throw file.wrong(inner.line(), key + " is no value", "it is a mapping", EXAMPLE);
              }
            });
    return DeclarationFile.fields(mapping);
  }
}
