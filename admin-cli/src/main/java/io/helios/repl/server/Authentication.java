package io.helios.repl.server;

import io.helios.repl.config.ApiAccess;
import io.helios.repl.config.Role;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.pki.RegionNames;
import io.helios.repl.pki.TrustedAuthorities;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says who asks: by a bearer token, compared in constant time, or by a client's certificate that the TLS handshake has
 * proven. A wrong token is answered late, the later the more of them came from its address, then not at all for a while; the
 * right one is let in at any time, so that nobody can shut an operator out. Logged without the token. Any thread.
 */
final class Authentication {

  private static final Logger LOG = LoggerFactory.getLogger(Authentication.class);
  private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";
  private static final String RETRY_AFTER = "helios.retry-after";
  private static final long FIRST_DELAY_MILLIS = 100;
  private static final long LONGEST_DELAY_MILLIS = 2_000;

  /** @param sha256 of its token, in hexadecimal digits */
  private record Known(String sha256, Principal principal) {

    static Known of(ApiAccess.Token token) {
      return new Known(token.sha256(), new Principal("token:" + token.name(), token.role()));
    }

    boolean is(String digest) {
      return MessageDigest.isEqual(sha256.getBytes(StandardCharsets.US_ASCII), digest.getBytes(StandardCharsets.US_ASCII));
    }
  }

  private final List<Known> tokens = new CopyOnWriteArrayList<>();
  private final Map<String, Role> clientRoles;
  private final @Nullable TrustedAuthorities clientAuthorities;
  private final FailedAttempts failures = new FailedAttempts(System::nanoTime);
  private final FailedLogins told;
  private final Semaphore delayed = new Semaphore(32);

  /**
   * @param ownToken the data directory's, which may everything
   * @param told of each wrong token
   */
  Authentication(String ownToken, ApiAccess access, FailedLogins told) {
    this.told = told;
    tokens.add(new Known(digest(ownToken), new Principal("owner", Role.ADMIN)));
    for (ApiAccess.Token token : access.tokens()) {
      tokens.add(Known.of(token));
    }
    ApiAccess.Tls tls = access.tls();
    this.clientRoles = tls == null ? Map.of() : tls.clientRoles();
    this.clientAuthorities = tls == null || tls.clientCa() == null ? null : TrustedAuthorities.of(tls.clientCa());
  }

  /** Another token for the same name: the one before opens nothing any more. */
  void replace(ApiAccess.Token token) {
    Known renewed = Known.of(token);
    tokens.replaceAll(known -> known.principal().equals(renewed.principal()) ? renewed : known);
  }

  /** Throws {@link OperatorException}: HR-9007 for who is not known, HR-9021 for an address that fails too often. */
  Principal check(Context request) throws InterruptedException {
    String header = request.header("Authorization");
    if (header == null) {
      Principal proven = certified(request);
      if (proven != null) {
        return proven;
      }
      throw refusal("the request carries no token", "a bearer token is needed for everything below /api");
    }
    Principal known = header.regionMatches(true, 0, "Bearer ", 0, 7) ? known(header.substring(7).strip()) : null;
    if (known != null) {
      failures.succeeded(request.ip());
      return known;
    }
    throw failed(request);
  }

  /** All are compared, so that the time tells nothing of which one came near. */
  private @Nullable Principal known(String token) {
    String digest = digest(token);
    Principal found = null;
    for (Known one : tokens) {
      if (one.is(digest)) {
        found = one.principal();
      }
    }
    return found;
  }

  private OperatorException failed(Context request) throws InterruptedException {
    told.add(request.ip());
    long blocked = failures.blockedSeconds(request.ip());
    if (blocked > 0) {
      request.attribute(RETRY_AFTER, blocked);
      return new OperatorException(
          new Problem(
              ErrorCode.TOO_MANY_FAILURES,
              "too many wrong tokens came from this address",
              FailedAttempts.ALLOWED + " of them within " + FailedAttempts.WINDOW_SECONDS + " s",
              "find who sends them, and try again in " + blocked + " s with the right token"));
    }
    int count = failures.failed(request.ip());
    LOG.warn(
        "authentication failed: {} {} from {}, failure {} in a row",
        request.method(),
        request.path(),
        request.ip(),
        count);
    slowDown(count);
    return refusal(
        "the token is not this server's", "it is of another server, or from before the data directory was made anew");
  }

  /** Who the TLS handshake has proven, if the configuration gives it a role. */
  private @Nullable Principal certified(Context request) {
    if (!(request.req().getAttribute(CERTIFICATES) instanceof X509Certificate[] chain) || chain.length == 0) {
      return null;
    }
    // A peer's authority vouches for regions, and a certificate of a region for a server: neither makes anybody an operator.
    boolean person =
        clientAuthorities != null && !RegionNames.claimed(chain[0]) && clientAuthorities.vouchFor(chain);
    String name = person ? commonName(chain[0]) : null;
    Role role = name == null ? null : clientRoles.get(name);
    if (role == null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.FORBIDDEN,
              "the client certificate has no role here",
              person
                  ? "its common name is not among tls.client-roles, and the request carries no token"
                  : "it stands for a server, or is not of the authority in tls.client-ca; and the request carries no token",
              "add it to the server's configuration: tls: { client-roles: { NAME: read } }"));
    }
    return new Principal("certificate:" + name, role);
  }

  private static @Nullable String commonName(X509Certificate certificate) {
    try {
      return new LdapName(certificate.getSubjectX500Principal().getName())
          .getRdns().stream()
              .filter(rdn -> rdn.getType().equalsIgnoreCase("CN"))
              .map(rdn -> rdn.getValue().toString())
              .findFirst()
              .orElse(null);
    } catch (InvalidNameException e) {
      return null;
    }
  }

  /**
   * Only so many are held at a time; who comes on top of them is answered at once, so that nobody can fill the server.
   */
  private void slowDown(int count) throws InterruptedException {
    if (delayed.tryAcquire()) {
      try {
        Thread.sleep(Math.min(LONGEST_DELAY_MILLIS, FIRST_DELAY_MILLIS << Math.min(count - 1, 10)));
      } finally {
        delayed.release();
      }
    }
  }

  /** The headers that belong to a refusal (RFC 9110, RFC 6585). */
  static void explain(Context request, HeliosException refusal) {
    switch (refusal.problem().code()) {
      case UNAUTHENTICATED -> request.header("WWW-Authenticate", "Bearer");
      case TOO_MANY_FAILURES -> request.header("Retry-After", String.valueOf(request.<Long>attribute(RETRY_AFTER)));
      default -> {}
    }
  }

  private static OperatorException refusal(String message, String why) {
    return new OperatorException(
        new Problem(
            ErrorCode.UNAUTHENTICATED,
            message,
            why,
            "set HELIOS_TOKEN_FILE to the file \"token\" in the server's data directory, or to a token of its configuration"));
  }

  /** Of equal length for all texts, so that the comparison tells nothing of the token's. */
  private static String digest(String text) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
