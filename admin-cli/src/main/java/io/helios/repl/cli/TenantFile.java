package io.helios.repl.cli;

import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.YamlNode;
import io.helios.repl.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/**
 * Declarations of many tenants: a list, or {@code tenants:} with such a list beside {@code defaults:} for all of them.
 * Fields are written as the options of {@code tenant create}: {@code lag-target: 5s}. What they hold is judged by the
 * server.
 */
final class TenantFile {

  private TenantFile() {}

  /**
   * @param file a path, or {@code -} for standard input
   */
  static List<ObjectNode> read(String file, Shell shell) {
    DeclarationFile declarations = new DeclarationFile(file, ErrorCode.TENANT_DECLARATION);
    YamlNode root = declarations.read(shell, "quote globs and patterns: [\"public.*\"]");
    ObjectNode defaults = HeliosClient.object();
    YamlNode tenants = root;
    if (root instanceof YamlNode.Mapping mapping) {
      for (Map.Entry<String, YamlNode> entry : mapping.entries().entrySet()) {
        if (entry.getKey().equals("defaults") && entry.getValue() instanceof YamlNode.Mapping given) {
          defaults = DeclarationFile.fields(given);
        } else if (!entry.getKey().equals("tenants")) {
          throw declarations.wrong(
              mapping.keyLines().getOrDefault(entry.getKey(), mapping.line()),
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
          throw declarations.wrong(
              item.line(),
              "a tenant is no mapping",
              "it has no fields",
              "- { name: acme, source: shop, target: shop-eu }");
        }
        declared.add(defaults.deepCopy().setAll(DeclarationFile.fields(mapping)));
      }
    }
    if (declared.isEmpty()) {
      throw declarations.wrong(
          "declares no tenant",
          "it has no list of tenants",
          "tenants: [{ name: acme, source: shop, target: shop-eu }]");
    }
    return declared;
  }
}
