package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;

import io.javalin.config.RoutesConfig;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Who shares the control store. Answered by servers that stand by, too. */
final class MemberRoutes {

  static final String PATH = "/api/v1/servers";

  private final StoreMembers members;

  MemberRoutes(StoreMembers members) {
    this.members = members;
  }

  void install(RoutesConfig routes) {
    routes.get(PATH, r -> answer(r, 200, Documents.list("ServerList", documents(members.members()))));
  }

  /** Pure. */
  private static List<ObjectNode> documents(List<StoreMembers.Member> members) {
    return members.stream().map(MemberRoutes::document).toList();
  }

  static ObjectNode document(StoreMembers.Member member) {
    JsonNode said = member.said();
    ObjectNode node = Json.document("Server").put("name", member.name());
    node.put("state", member.isGone() ? "gone" : said.path("state").asString("unknown"));
    for (String field : List.of("address", "region", "version", "started")) {
      node.put(field, said.path(field).asString(null));
    }
    node.put("silentSeconds", member.silentNanos() / 1_000_000 / 1e3);
    node.set("sources", said.path("sources").isArray() && !member.isGone() ? said.path("sources") : Json.MAPPER.createArrayNode());
    return node;
  }
}
