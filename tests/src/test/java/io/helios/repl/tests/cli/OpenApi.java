package io.helios.repl.tests.cli;

import com.networknt.schema.Error;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** docs/openapi.yaml, read as a client would. */
final class OpenApi {

  private static final String FILE = "docs/openapi.yaml";

  private static final List<String> METHODS = List.of("get", "post", "delete", "put", "patch");

  private final JsonNode document = YAMLMapper.builder().build().readTree(text());
  private final SchemaRegistry schemas = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  /** An operation: {@code GET /api/v1/tenants}. */
  record Operation(String method, String path, JsonNode definition) {
    String name() {
      return method + " " + path;
    }
  }

  /** The file as it stands in the repository. */
  static String text() {
    try {
      return Files.readString(Path.of("..").resolve(FILE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All of them, by name. */
  Map<String, Operation> operations() {
    Map<String, Operation> all = new TreeMap<>();
    document.path("paths").properties().forEach(path -> {
      JsonNode item = resolved(path.getValue());
      for (String method : METHODS) {
        if (item.has(method)) {
          Operation operation = new Operation(method.toUpperCase(Locale.ROOT), path.getKey(), item.path(method));
          all.put(operation.name(), operation);
        }
      }
    });
    return all;
  }

  /** The operation that a request is; a path with fewer parameters goes before one with more. */
  Operation of(String method, String path) {
    return operations().values().stream()
        .filter(o -> o.method().equals(method) && path.matches(o.path().replaceAll("\\{\\w+}", "[^/]+")))
        .min(Comparator.comparingLong(o -> o.path().chars().filter(c -> c == '{').count()))
        .orElseThrow(() -> new AssertionError("no operation for " + method + " " + path));
  }

  /** What is wrong with an answer; empty when it is as described. */
  List<String> judge(Operation operation, int status, String type, String body) {
    JsonNode responses = operation.definition().path("responses");
    JsonNode response = resolved(responses.has("" + status) ? responses.path("" + status) : responses.path("default"));
    if (status / 100 == 2 && !responses.has("" + status)) {
      return List.of("a success with status " + status + " is not described");
    }
    String bare = type.replaceAll("\\s*;.*", "");
    JsonNode content = response.path("content").path(bare);
    if (content.isMissingNode()) {
      return List.of("status " + status + " with " + bare + " is not described");
    }
    return bare.endsWith("json") ? judge(content.path("schema"), JsonMapper.builder().build().readTree(body)) : List.of();
  }

  /** What is wrong with the body of a request. */
  List<String> judgeRequest(Operation operation, String body) {
    JsonNode content = resolved(operation.definition().path("requestBody")).path("content").path("application/json");
    return content.isMissingNode()
        ? List.of("no body is described")
        : judge(content.path("schema"), JsonMapper.builder().build().readTree(body));
  }

  List<String> judge(String schema, JsonNode value) {
    return judge(JsonMapper.builder().build().createObjectNode().put("$ref", "#/components/schemas/" + schema), value);
  }

  private List<String> judge(JsonNode schema, JsonNode value) {
    ObjectNode root = JsonMapper.builder().build().createObjectNode();
    root.putArray("allOf").add(schema);
    root.set("components", document.path("components"));
    List<String> found = new ArrayList<>();
    for (Error error : schemas.getSchema(root).validate(value)) {
      found.add(error.toString());
    }
    return found;
  }

  private JsonNode resolved(JsonNode node) {
    String reference = node.path("$ref").asString("");
    return reference.isEmpty() ? node : document.at(reference.substring(1));
  }
}
