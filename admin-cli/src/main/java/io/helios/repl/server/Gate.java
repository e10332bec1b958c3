package io.helios.repl.server;

import static io.helios.repl.server.Api.badRequest;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before and behind every route below {@code /api}: who asks, whether he may, whether it was done already, and what the audit
 * log tells of it. Routes know nothing of it. Any thread.
 */
final class Gate {

  private static final Logger LOG = LoggerFactory.getLogger(Gate.class);
  private static final String AUDITED = "helios.audited";
  private static final String DETAIL = "helios.detail";
  private static final String CODE = "helios.code";
  private static final String CLAIM = "helios.claim";
  private static final String WHO = "helios.who";
  private static final int LONGEST_ACTION = 2_000;
  private static final int LONGEST_DETAIL = 1_000;

  /** A request with an idempotency key that is worked on now. */
  private record Claim(String who, String key, String fingerprint) {
    String name() {
      return who + "\n" + key;
    }
  }

  private final Authentication authentication;
  private final AuditLog audit;
  private final IdempotencyKeys keys;
  private final Set<String> busy = ConcurrentHashMap.newKeySet();

  Gate(Authentication authentication, AuditLog audit, IdempotencyKeys keys) {
    this.authentication = authentication;
    this.audit = audit;
    this.keys = keys;
  }

  void install(RoutesConfig routes) {
    routes.before("/api/*", this::enter);
    routes.after("/api/*", this::leave);
  }

  /** What the audit log shall tell beside the path: names. */
  static void detail(Context request, List<String> names) {
    String all = String.join(", ", names);
    request.attribute(
        DETAIL, all.length() <= LONGEST_DETAIL ? all : all.substring(0, LONGEST_DETAIL) + "… (" + names.size() + ")");
  }

  /** The name of who asks, as the audit log has it. */
  static String who(Context request) {
    return Objects.requireNonNull(request.<String>attribute(WHO));
  }

  static void refused(Context request, String code) {
    request.attribute(CODE, code);
  }

  /** For what is told beside the API, of which tenants' names are a part. */
  void requireReader(Context request) throws InterruptedException {
    authentication.check(request);
  }

  private void enter(Context request) throws InterruptedException {
    Principal who = authentication.check(request);
    request.attribute(WHO, who.name());
    String method = request.method().name();
    Permission permission = Permission.of(method, request.path(), Api.dryRun(request));
    if (!permission.changes()) {
      return;
    }
    String key = request.header("Idempotency-Key");
    boolean allowed = who.role().includes(permission.role());
    if (allowed && key != null && replayed(request, who, key)) {
      return;
    }
    String action = method + " " + target(request);
    request.attribute(
        AUDITED,
        audit.asked(
            who, request.ip(), action.length() <= LONGEST_ACTION ? action : action.substring(0, LONGEST_ACTION) + "…", body(request)));
    if (!allowed) {
      throw new OperatorException(
          new Problem(
              ErrorCode.FORBIDDEN,
              "the role " + who.role().label() + " does not allow this",
              "it needs the role " + permission.role().label() + ", and " + who.name() + " has " + who.role().label(),
              "ask somebody with the role " + permission.role().label() + ", or give it in the server's configuration: api: or tls:"));
    }
  }

  /** Whether it was answered from what is kept; else the key is taken until the request is over. */
  private boolean replayed(Context request, Principal who, String key) {
    if (!key.matches("[\\x21-\\x7e]{1,255}")) {
      throw badRequest("the Idempotency-Key is not right", "1 to 255 visible ASCII characters, a UUID for instance");
    }
    Claim claim = new Claim(
            who.name(),
            key,
            hash((request.method().name() + " " + target(request) + "\n").getBytes(StandardCharsets.UTF_8), request.bodyAsBytes()));
    if (!busy.add(claim.name())) {
      throw new OperatorException(
          new Problem(
              ErrorCode.IDEMPOTENCY_KEY_BUSY,
              "the request with this Idempotency-Key is still worked on",
              "the first one has not been answered yet",
              "send it again in a moment"));
    }
    request.attribute(CLAIM, claim);
    IdempotencyKeys.Answer kept = keys.find(claim.who(), key).orElse(null);
    if (kept == null) {
      return false;
    }
    if (!kept.fingerprint().equals(claim.fingerprint())) {
      throw new OperatorException(
          new Problem(
              ErrorCode.IDEMPOTENCY_KEY_REUSED,
              "this Idempotency-Key was used for another request",
              "its path, query or body is not the one that came with the key before",
              "send a new key with each new request"));
    }
    busy.remove(claim.name());
    request.attribute(CLAIM, null);
    request
        .status(kept.status())
        .contentType("application/json")
        .header("Idempotency-Replayed", "true")
        .result(kept.body().getBytes(StandardCharsets.UTF_8));
    request.skipRemainingHandlers();
    return true;
  }

  /** Runs whatever became of the request. */
  private void leave(Context request) {
    AuditEntry asked = request.attribute(AUDITED);
    int status = request.statusCode();
    if (asked != null) {
      audit.ended(asked, status, request.attribute(DETAIL), status < 400 ? null : request.<String>attribute(CODE));
    }
    Claim claim = request.attribute(CLAIM);
    if (claim != null) {
      try {
        if (status / 100 == 2 && asked != null) {
          keys.keep(claim.who(), claim.key(), new IdempotencyKeys.Answer(claim.fingerprint(), status, answered(request)));
        }
      } catch (HeliosException e) {
        LOG.warn("the answer to an Idempotency-Key is not kept: {}", e.getMessage());
      } finally {
        busy.remove(claim.name());
      }
    }
  }

  private static String answered(Context request) {
    try {
      InputStream result = request.resultInputStream();
      if (result == null) {
        return "";
      }
      String text = new String(result.readAllBytes(), StandardCharsets.UTF_8);
      result.reset();
      return text;
    } catch (IOException e) {
      throw new IllegalStateException(e); // it is an array of bytes
    }
  }

  /** Path and query as they were sent. No secret is ever in them. */
  private static String target(Context request) {
    String query = request.queryString();
    return request.req().getRequestURI() + (query == null ? "" : "?" + query);
  }

  private static @Nullable String body(Context request) {
    byte[] body = request.bodyAsBytes();
    return body.length == 0 ? null : "body sha256 " + hash(body);
  }

  private static String hash(byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        digest.update(part);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
