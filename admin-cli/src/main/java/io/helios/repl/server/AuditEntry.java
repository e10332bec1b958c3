package io.helios.repl.server;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;

/**
 * A line of the audit log. A change has two: one before it is tried, with the outcome {@code asked}, and one with how it ended,
 * which refers to the first. Wrong tokens have one. A change without the second was cut off, or still goes on.
 *
 * <p>The hash is SHA-256 over the JSON array of all fields before it, in the order of this record, moments in microseconds since
 * 1970; it is hexadecimal, and {@code previous} of the first line is 64 zeros.
 *
 * @param seq 1, 2, 3, … without a gap
 * @param action method and path with its query
 * @param detail what the path does not tell: names, or the hash of the body; never a value of a row
 * @param outcome {@code asked}; then {@code done}, {@code refused} or {@code failed}
 * @param status of the answer
 * @param code of the problem that it was refused with
 */
record AuditEntry(
    long seq,
    Instant at,
    String who,
    String role,
    String address,
    String action,
    @Nullable String detail,
    String outcome,
    @Nullable Integer status,
    @Nullable String code,
    @Nullable Long refers,
    String previous,
    String hash) {

  static final String NOTHING = "0".repeat(64);

  /** The line after the one with {@code previous}, with its hash. */
  AuditEntry sealed(long number, String before) {
    AuditEntry open =
        new AuditEntry(number, at, who, role, address, action, detail, outcome, status, code, refers, before, "");
    return new AuditEntry(
        number, at, who, role, address, action, detail, outcome, status, code, refers, before, open.computedHash());
  }

  /** What the hash must be. */
  String computedHash() {
    ArrayNode fields =
        Json.MAPPER
            .createArrayNode()
            .add(seq)
            .add(ControlStore.micros(at))
            .add(who)
            .add(role)
            .add(address)
            .add(action)
            .add(detail)
            .add(outcome)
            .add(status)
            .add(code)
            .add(refers)
            .add(previous);
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(Json.MAPPER.writeValueAsString(fields).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
