package io.helios.repl.migration.traffic;

/** A move as JSON, for hooks and for those who listen to a directory's channel. Pure. */
final class MoveDocument {

  private MoveDocument() {}

  /** One for each phase of a move: the same text comes again when a call is repeated. Fit for a header. */
  static String idempotencyKey(TrafficMove move, TrafficPhase phase) {
    return move.tenant() + "/" + move.epoch() + "/" + phase.word();
  }

  static String of(TrafficMove move, TrafficPhase phase) {
    StringBuilder json = new StringBuilder("{\"apiVersion\":\"helios-repl/v1\",\"kind\":\"TrafficMove\"");
    text(json.append(','), "phase", phase.word());
    text(json.append(','), "idempotencyKey", idempotencyKey(move, phase));
    text(json.append(','), "tenant", move.tenant());
    text(json.append(','), "key", move.key());
    json.append(",\"epoch\":").append(move.epoch());
    home(json, "from", move.from());
    home(json, "to", move.to());
    return json.append('}').toString();
  }

  private static void home(StringBuilder json, String name, HomeAddress home) {
    json.append(",\"").append(name).append("\":{");
    text(json, "home", home.name());
    text(json.append(','), "region", home.region());
    text(json.append(','), "host", home.host());
    json.append(",\"port\":").append(home.port());
    text(json.append(','), "database", home.database());
    json.append('}');
  }

  private static void text(StringBuilder json, String name, String value) {
    json.append('"').append(name).append("\":\"");
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < 0x20 || c == 0x7f || Character.isSurrogate(c)) {
        json.append(String.format("\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    json.append('"');
  }
}
