package io.helios.repl.server;

import static io.helios.repl.server.Api.badRequest;

import io.javalin.http.Context;
import java.util.List;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/**
 * Lists in pieces: {@code limit} says how many, {@code next} in the answer is the {@code cursor} that goes on. A cursor is
 * where the last piece ended, not a number of items: what comes or goes meanwhile makes nothing come twice or be left out.
 */
final class Pages {

  private Pages() {}

  static int limit(Context request, int fallback, int most) {
    String value = request.queryParam("limit");
    if (value == null) {
      return fallback;
    }
    if (value.matches("\\d{1,7}") && Integer.parseInt(value) >= 1 && Integer.parseInt(value) <= most) {
      return Integer.parseInt(value);
    }
    throw badRequest("the parameter limit is not right", "a whole number from 1 to " + most);
  }

  /** A cursor that is a number. */
  static long number(String cursor) {
    if (cursor.matches("\\d{1,18}")) {
      return Long.parseLong(cursor);
    }
    throw badRequest("the cursor is not right", "cursor= what the answer before had as \"next\"");
  }

  /** Of items in the order of their names: those after the cursor, so many. */
  static <T> ObjectNode byName(
      Context request, String kind, List<T> all, int most, Function<T, String> name, Function<T, ObjectNode> document) {
    String cursor = request.queryParam("cursor");
    int limit = limit(request, Integer.MAX_VALUE, most);
    List<T> rest = all.stream().filter(item -> cursor == null || name.apply(item).compareTo(cursor) > 0).toList();
    List<T> page = rest.subList(0, Math.min(limit, rest.size()));
    ObjectNode list = Documents.list(kind, page.stream().map(document).toList());
    if (page.size() < rest.size()) {
      list.put("next", name.apply(page.getLast()));
    }
    return list;
  }
}
