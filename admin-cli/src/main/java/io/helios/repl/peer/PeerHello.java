package io.helios.repl.peer;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a server tells its peers of itself: {@code GET /peer/v1/server}.
 *
 * @param protocol counts the versions of what is below {@code /peer/v1}; servers of different ones do not talk further
 * @param publicKey what is sealed for it is sealed to: {@link ServerKeyPair}
 * @param time its clock while it answered
 * @param capacities of the disks of those of its targets that are open to who asks and have one configured, by the target's name
 */
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
public record PeerHello(String region, String version, int protocol, byte[] publicKey, Instant time, Map<String, Long> capacities) {

  public PeerHello {
    capacities = Map.copyOf(capacities);
  }

  public static final String PATH = "/peer/v1/server";
  public static final int PROTOCOL = 1;

  /** Larger answers are none of ours. */
  static final int LARGEST_BYTES = 16 << 10;

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int LONGEST_VERSION = 60;

  public byte[] encode() {
    ObjectNode node =
        JSON.createObjectNode()
            .put("kind", "Peer")
            .put("region", region)
            .put("version", version)
            .put("protocol", protocol)
            .put("publicKey", PinnedKeys.text(publicKey))
            .put("time", time.toString());
    ObjectNode targets = node.putObject("capacities");
    capacities.forEach(targets::put);
    return JSON.writeValueAsBytes(node);
  }

  /** Null when it is not such an answer. */
  static @Nullable PeerHello decode(byte[] body) {
    try {
      JsonNode node = JSON.readTree(body);
      String version = node.path("version").asString("");
      int protocol = node.path("protocol").asInt(0);
      byte[] publicKey = Base64.getUrlDecoder().decode(node.path("publicKey").asString(""));
      boolean right =
          node.path("kind").asString("").equals("Peer") && version.matches("[\\x21-\\x7e]{1," + LONGEST_VERSION + "}") && protocol > 0
              && publicKey.length == ServerKeyPair.BYTES;
      return right
          ? new PeerHello(node.path("region").asString(""), version, protocol, publicKey, Instant.parse(node.path("time").asString("")), capacities(node.path("capacities")))
          : null;
    } catch (JacksonException | DateTimeException | IllegalArgumentException e) {
      return null; // not ours to understand
    }
  }

  private static Map<String, Long> capacities(JsonNode node) {
    return node.properties().stream()
        .filter(one -> one.getValue().isIntegralNumber())
        .collect(Collectors.toMap(Map.Entry::getKey, one -> one.getValue().asLong()));
  }
}
