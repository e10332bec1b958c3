package io.helios.repl.server;

import static io.helios.repl.server.Api.badRequest;

import io.helios.repl.apply.SourceCatalog;
import io.helios.repl.peer.CatalogDocument;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiPredicate;

/**
 * What a source's catalog says of a table, for the peer that applies tenants of that source: it asks when a table's shape changes in the
 * stream.
 *
 * @param given whether that region is given any tenant of that source: (source, region)
 */
record CatalogRoutes(SourceCatalog catalog, BiPredicate<String, String> given) {

  void install(RoutesConfig routes) {
    routes.get("/peer/v1/sources/{source}/tables/{oid}", this::table);
    routes.get("/peer/v1/sources/{source}/types", this::types);
  }

  private void table(Context request) {
    String source = source(request);
    send(request, CatalogDocument.encode(catalog.table(source, oid(request.pathParam("oid"))).orElse(null)));
  }

  private void types(Context request) {
    String source = source(request);
    String oids = request.queryParam("oids");
    List<Integer> wanted =
        oids == null || oids.isEmpty() ? List.of() : Arrays.stream(oids.split(",")).map(CatalogRoutes::oid).toList();
    send(request, CatalogDocument.encode(catalog.types(source, wanted)));
  }

  private String source(Context request) {
    String source = request.pathParam("source");
    if (!given.test(source, PeerGate.region(request))) {
      throw FrameRoutes.notGiven();
    }
    return source;
  }

  private static int oid(String text) {
    if (!text.matches("\\d{1,10}") || Long.parseLong(text) > 0xffff_ffffL) {
      throw badRequest("an OID is not right", "a number of at most 32 bits");
    }
    return Integer.parseUnsignedInt(text);
  }

  private static void send(Context request, byte[] body) {
    request.contentType("application/json").result(body);
  }
}
