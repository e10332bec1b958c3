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
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Declarations of many tenants: a list, or {@code tenants:} with such a list beside {@code defaults:} for all of them.
 * Fields are written as the options of {@code tenant create}: {@code lag-target: 5s}. What they hold is judged by the
 * server.
 */
final class TenantFile {

  private static final Pattern HYPHEN = Pattern.compile("-([a-z])");

  private TenantFile() {}

  /**
   * @param file a path, or {@code -} for standard input
   */
  static List<ObjectNode> read(String file, Shell shell) {
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
      throw wrong(
          file + ":" + e.line(),
          "is not YAML",
          String.valueOf(e.getMessage()),
          "quote globs and patterns: [\"public.*\"]");
    }
    ObjectNode defaults = HeliosClient.object();
    YamlNode tenants = root;
    if (root instanceof YamlNode.Mapping mapping) {
      for (Map.Entry<String, YamlNode> entry : mapping.entries().entrySet()) {
        if (entry.getKey().equals("defaults") && entry.getValue() instanceof YamlNode.Mapping given) {
          defaults = fields(given);
        } else if (!entry.getKey().equals("tenants")) {
          throw wrong(
              file + ":" + mapping.keyLines().get(entry.getKey()),
              "\"" + entry.getKey() + "\" is not understood here",
              "the file holds tenants: and defaults:",
              "tenants: [{ name: acme, source: shop, target: shop-eu }]");
        }
      }
      tenants = mapping.entries().getOrDefault("tenants", root);
    }
    List<ObjectNode> declared = new ArrayList<>();
    if (tenants instanceof YamlNode.Items list) {
      for (YamlNode item : list.items()) {
        if (!(item instanceof YamlNode.Mapping mapping)) {
          throw wrong(
              file + ":" + item.line(),
              "a tenant is no mapping",
              "it has no fields",
              "- { name: acme, source: shop, target: shop-eu }");
        }
        declared.add(defaults.deepCopy().setAll(fields(mapping)));
      }
    }
    if (declared.isEmpty()) {
      throw wrong(
          file,
          "declares no tenant",
          "it has no list of tenants",
          "tenants: [{ name: acme, source: shop, target: shop-eu }]");
    }
    return declared;
  }

  private static ObjectNode fields(YamlNode.Mapping mapping) {
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

  private static FailedException wrong(String place, String what, String why, String hint) {
    return new FailedException(
        ExitCode.USAGE, Failure.of(ErrorCode.TENANT_DECLARATION, place + ": " + what, why, hint));
  }
}
