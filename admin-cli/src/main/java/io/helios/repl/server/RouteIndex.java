package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;

import io.javalin.Javalin;
import io.javalin.config.RoutesConfig;
import io.javalin.router.Endpoint;
import io.javalin.router.ParsedEndpoint;
import java.io.IOException;
import java.io.InputStream;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.node.ObjectNode;

/** What the API has, as it is registered, and its description as OpenAPI has it. Told once, then any thread. */
final class RouteIndex {

  private static final String BASE = "/api/v1";
  private static final List<String> METHODS = List.of("GET", "POST", "DELETE", "PUT", "PATCH");

  private volatile List<Endpoint> endpoints = List.of();

  void install(RoutesConfig routes) {
    routes.get(BASE, r -> answer(r, 200, document()));
    routes.get(BASE + "/openapi.yaml", r -> r.contentType("application/yaml").result(openApi()));
  }

  /** What has been registered by now. */
  void tell(Javalin http) {
    endpoints =
        http.unsafe.internalRouter.allHttpHandlers().stream()
            .map((ParsedEndpoint e) -> e.endpoint)
            .filter(e -> METHODS.contains(e.method.name()) && e.path.startsWith(BASE))
            .sorted(Comparator.comparing((Endpoint e) -> e.path).thenComparing(e -> e.method.name()))
            .toList();
  }

  private ObjectNode document() {
    return Documents.list(
        "RouteList",
        endpoints.stream()
            .map(
                e ->
                    Json.MAPPER
                        .createObjectNode()
                        .put("method", e.method.name())
                        .put("path", e.path)
                        .put("role", Permission.of(e.method.name(), e.path, false).role().label()))
            .toList());
  }

  private static byte[] openApi() throws IOException {
    try (InputStream in = Objects.requireNonNull(RouteIndex.class.getResourceAsStream("openapi.yaml"), "openapi.yaml")) {
      return in.readAllBytes();
    }
  }
}
