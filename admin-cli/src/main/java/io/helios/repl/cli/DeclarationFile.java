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
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A file in YAML that declares many things, for the body of a request: its fields are written as the options of a command,
 * {@code lag-target: 5s}, and what they hold is judged by the server.
 *
 * @param path or {@code -} for standard input
 * @param code of what is wrong with it as a file
 */
record DeclarationFile(String path, ErrorCode code) {

  private static final Pattern HYPHEN = Pattern.compile("-([a-z])");

  /** @param syntaxHint for a file that is no YAML */
  YamlNode read(Shell shell, String syntaxHint) {
    try {
      return YamlNode.parse(
          path.equals("-")
              ? shell.in().lines().collect(Collectors.joining("\n"))
              : Files.readString(Path.of(path), StandardCharsets.UTF_8));
    } catch (IOException | IllegalArgumentException e) {
      throw wrong(
          "cannot be read", "it is missing, or no readable text file", "name one that is there, or - for standard input");
    } catch (YamlNode.SyntaxException e) {
      throw wrong(e.line(), "is not YAML", String.valueOf(e.getMessage()), syntaxHint);
    }
  }

  /** {@code lag-target} becomes {@code lagTarget}. What is a section has no value that a server would take. */
  static ObjectNode fields(YamlNode.Mapping mapping) {
    ObjectNode node = HeliosClient.object();
    mapping
        .entries()
        .forEach(
            (key, value) -> {
              String field = HYPHEN.matcher(key).replaceAll(m -> m.group(1).toUpperCase(Locale.ROOT));
              switch (value) {
                case YamlNode.Scalar scalar when scalar.absent() -> node.putNull(field);
                case YamlNode.Scalar scalar -> node.put(field, scalar.text());
                case YamlNode.Items items -> {
                  ArrayNode list = node.putArray(field);
                  items.items().forEach(i -> list.add(i instanceof YamlNode.Scalar s ? s.text() : "\0"));
                }
                case YamlNode.Mapping inner -> node.putObject(field);
              }
            });
    return node;
  }

  /** Something is wrong with the file as a whole. */
  FailedException wrong(String what, String why, String hint) {
    return failed(path, what, why, hint);
  }

  FailedException wrong(int line, String what, String why, String hint) {
    return failed(path + ":" + line, what, why, hint);
  }

  private FailedException failed(String place, String what, String why, String hint) {
    return new FailedException(ExitCode.USAGE, Failure.of(code, place + ": " + what, why, hint));
  }
}
