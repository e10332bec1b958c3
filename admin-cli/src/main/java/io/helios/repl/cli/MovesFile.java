package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.YamlNode;
import io.helios.repl.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Many moves: {@code moves:}, a list in the order in which they are begun, beside {@code parallel:} and {@code defaults:} for
 * all of them. Fields are written as the options of {@code migrate start}; what they hold is judged by the server.
 */
final class MovesFile {

  private static final Pattern HYPHEN = Pattern.compile("-([a-z])");
  private static final String EXAMPLE = "moves: [{ tenant: acme, max-pause: 100ms }]";

  private MovesFile() {}

  /**
   * @param file a path, or {@code -} for standard input
   */
  static ObjectNode read(String file, Shell shell) {
    YamlNode root;
    try {
      root =
          YamlNode.parse(
              file.equals("-")
                  ? shell.in().lines().collect(Collectors.joining("\n"))
                  : Files.readString(Path.of(file), StandardCharsets.UTF_8));
    } catch (IOException | IllegalArgumentException e) {
      throw wrong(
          file, "cannot be read", "it is missing, or no readable text file", "name one that is there, or - for standard input");
    } catch (YamlNode.SyntaxException e) {
      throw wrong(file + ":" + e.line(), "is not YAML", String.valueOf(e.getMessage()), EXAMPLE);
    }
    if (!(root instanceof YamlNode.Mapping mapping)
        || !(mapping.entries().get("moves") instanceof YamlNode.Items moves)
        || moves.items().isEmpty()) {
      throw wrong(file, "moves nobody", "it has no list moves:", EXAMPLE);
    }
    ObjectNode body = HeliosClient.object();
    ObjectNode defaults = HeliosClient.object();
    for (Map.Entry<String, YamlNode> entry : mapping.entries().entrySet()) {
      switch (entry.getKey()) {
        case "moves" -> {}
        case "parallel" -> parallel(file, entry.getValue(), body);
        case "defaults" -> defaults = fields(file, entry.getValue());
        default ->
            throw wrong(
                file + ":" + mapping.keyLines().get(entry.getKey()),
                "\"" + entry.getKey() + "\" is not understood here",
                "the file holds moves:, parallel: and defaults:",
                EXAMPLE);
      }
    }
    ArrayNode items = body.putArray("moves");
    for (YamlNode move : moves.items()) {
      items.add(defaults.deepCopy().setAll(fields(file, move)));
    }
    return body;
  }

  private static void parallel(String file, YamlNode value, ObjectNode body) {
    if (!(value instanceof YamlNode.Scalar scalar) || !scalar.text().matches("[1-9]\\d{0,3}")) {
      throw wrong(file + ":" + value.line(), "parallel is not right", "it is how many are copied at once", "parallel: 2");
    }
    body.put("parallel", Integer.parseInt(scalar.text()));
  }

  private static ObjectNode fields(String file, YamlNode node) {
    if (!(node instanceof YamlNode.Mapping mapping)) {
      throw wrong(file + ":" + node.line(), "a move is no mapping", "it has no fields", "- { tenant: acme }");
    }
    ObjectNode fields = HeliosClient.object();
    mapping
        .entries()
        .forEach(
            (key, value) -> {
              String field = HYPHEN.matcher(key).replaceAll(m -> m.group(1).toUpperCase(Locale.ROOT));
              switch (value) {
                case YamlNode.Scalar scalar -> fields.put(field, scalar.text());
                case YamlNode.Items items -> {
                  ArrayNode list = fields.putArray(field);
                  items.items().forEach(i -> list.add(i instanceof YamlNode.Scalar s ? s.text() : "\0"));
                }
                case YamlNode.Mapping inner ->
                    throw wrong(file + ":" + inner.line(), key + " is no value", "it is a mapping", EXAMPLE);
              }
            });
    return fields;
  }

  private static FailedException wrong(String place, String what, String why, String hint) {
    return new FailedException(ExitCode.USAGE, Failure.of(ErrorCode.USAGE, place + ": " + what, why, hint));
  }
}
