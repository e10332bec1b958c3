package io.helios.repl.server;

import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The one mapper, and the head that every document has. */
final class Json {

  static final ObjectMapper MAPPER = JsonMapper.builder().build();
  static final String API_VERSION = "helios-repl/v1";

  private Json() {}

  static ObjectNode document(String kind) {
    return MAPPER.createObjectNode().put("apiVersion", API_VERSION).put("kind", kind);
  }
}
