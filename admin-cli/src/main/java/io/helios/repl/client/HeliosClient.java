package io.helios.repl.client;

import io.helios.repl.config.ConfigurationLoader;
import io.helios.repl.config.ListenAddress;
import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Asks a server. What it refuses is thrown as {@link FailedException} with the exit code that it means to a command. A request
 * whose connection breaks is sent again: what changes something carries a key of its own, by which the server knows it
 * again and does nothing twice. Any thread.
 */
public final class HeliosClient implements AutoCloseable {

  public static final String DEFAULT_SERVER = "http://" + ConfigurationLoader.DEFAULT_LISTEN;

  /** Pauses before a request is sent again whose connection broke: long enough for a server that starts anew. */
  private static final List<Long> AGAIN_MILLIS = List.of(100L, 500L, 2_000L);

  private static final long BUSY_MILLIS = 300;

  private final Exchange exchange;
  private final HttpExchange streams;
  private final URI server;
  private final @Nullable String token;

  private HeliosClient(URI server, @Nullable String token, @Nullable SSLContext tls) {
    this.server = server;
    this.token = token;
    boolean plain = server.getScheme().equals("http");
    this.streams = new HttpExchange(plain ? NoTls.CONTEXT : tls);
    this.exchange = plain ? new PlainExchange() : streams;
  }

  /**
   * @param url the server's address; null for {@code HELIOS_SERVER}, else the default
   * @throws FailedException when the address is none, or its token would cross a network in clear
   */
  public static HeliosClient to(@Nullable String url, Map<String, String> environment) {
    return to(url, null, environment);
  }

  /**
   * The server that a command means.
   *
   * @param url the server's address, or null
   * @param context the name of a context, or null; with neither it is {@code HELIOS_SERVER}, else the context {@code HELIOS_CONTEXT},
   *     else the current context, else the default
   */
  public static HeliosClient to(@Nullable String url, @Nullable String context, Map<String, String> environment) {
    if (url != null && context != null) {
      throw new FailedException(
          ExitCode.USAGE,
          Failure.of(
              ErrorCode.USAGE, "--server and --context are given", "each of them names a server", "leave one of them out"));
    }
    String named = url != null || context != null ? "" : environment.getOrDefault("HELIOS_SERVER", "");
    if (url != null || !named.isEmpty()) {
      URI server = parse(url != null ? url : named);
      return new HeliosClient(server, new TokenFinder(environment).find(server).orElse(null), null);
    }
    String chosen = context != null ? context : environment.getOrDefault("HELIOS_CONTEXT", "");
    Contexts contexts = Contexts.read(environment);
    Optional<ServerContext> found = chosen.isEmpty() ? contexts.current() : Optional.of(contexts.get(chosen));
    if (found.isPresent()) {
      return to(found.get(), environment);
    }
    URI server = parse(DEFAULT_SERVER);
    return new HeliosClient(server, new TokenFinder(environment).find(server).orElse(null), null);
  }

  /** A context with a token or a certificate of its own shows nothing else: no server is told another one's token. */
  private static HeliosClient to(ServerContext context, Map<String, String> environment) {
    URI server = parse(context.server());
    TokenFinder finder = new TokenFinder(environment);
    Optional<String> token =
        context.tokenFile() != null
            ? Optional.of(finder.read(context.tokenFile(), "the context \"" + context.name() + "\""))
            : context.certificate() != null ? Optional.empty() : finder.find(server);
    boolean ownTls = context.ca() != null || context.certificate() != null;
    return new HeliosClient(server, token.orElse(null), ownTls ? TlsFiles.context(context) : null);
  }

  /** With the token at hand, for whoever started the server. */
  public static HeliosClient to(URI server, String token) {
    return new HeliosClient(server, token, null);
  }

  private static URI parse(String text) {
    URI uri;
    try {
      uri = URI.create(text.contains("://") ? text : "http://" + text);
    } catch (IllegalArgumentException e) {
      throw badServer(text, "it is no URL");
    }
    String scheme = uri.getScheme();
    if (uri.getHost() == null
        || !(scheme.equals("http") || scheme.equals("https"))
        || uri.getUserInfo() != null
        || uri.getRawQuery() != null
        || !(uri.getRawPath().isEmpty() || uri.getRawPath().equals("/"))) {
      throw badServer(text, "it is not of the form http://host:port");
    }
    if (scheme.equals("http") && !new ListenAddress(uri.getHost().replaceAll("^\\[|\\]$", ""), 0).isLoopback()) {
      throw badServer(text, "the token would cross the network in clear");
    }
    return URI.create(scheme + "://" + uri.getRawAuthority());
  }

  private static FailedException badServer(String text, String why) {
    return new FailedException(
        ExitCode.USAGE,
        Failure.of(
            ErrorCode.USAGE,
            "\"" + TenantNames.printable(text) + "\" is no address of a server",
            why,
            "--server " + DEFAULT_SERVER + " on the same machine, https:// elsewhere"));
  }

  public URI server() {
    return server;
  }

  /** Ends what streams. */
  @Override
  public void close() {
    streams.close();
  }

  public JsonNode get(String path) {
    return send("GET", path, null);
  }

  /** A list whole, however many pages the server makes of it. */
  public JsonNode list(String path) {
    JsonNode whole = get(path);
    String next = whole.path("next").asString("");
    while (!next.isEmpty()
        && whole instanceof ObjectNode document
        && document.path("items") instanceof ArrayNode items) {
      JsonNode page = get(path + (path.indexOf('?') < 0 ? "?" : "&") + "cursor=" + encode(next));
      page.path("items").forEach(items::add);
      next = page.path("next").asString("");
      document.remove("next");
    }
    return whole;
  }

  public JsonNode post(String path, @Nullable JsonNode body) {
    return send("POST", path, body);
  }

  public JsonNode delete(String path) {
    return send("DELETE", path, null);
  }

  /** Server-sent events as they come, for as long as the answer is open. */
  InputStream events(String query, String lastId) {
    Map<String, String> headers = headers("text/event-stream");
    if (!lastId.isEmpty()) {
      headers.put("Last-Event-ID", lastId);
    }
    try {
      HttpResponse<InputStream> response = streams.open(server.resolve("/api/v1/events?" + query), headers);
      String type = HttpExchange.type(response);
      if (response.statusCode() == 200 && type.startsWith("text/event-stream")) {
        return response.body();
      }
      try (InputStream body = response.body()) {
        if (type.startsWith("application/problem+json")) {
          throw refusal(response.statusCode(), JsonText.read(body.readAllBytes()));
        }
      }
      throw unreachable("what answers there tells no events (status " + response.statusCode() + ")", null);
    } catch (IOException e) {
      throw unreachable(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  static JsonNode json(String text) {
    return JsonText.read(text.getBytes(StandardCharsets.UTF_8));
  }

  /** An empty object, for a body. */
  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** One part of a path or query, made safe. */
  public static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private JsonNode send(String method, String path, @Nullable JsonNode body) {
    Map<String, String> headers = headers("application/json");
    if (!method.equals("GET")) {
      headers.put("Idempotency-Key", UUID.randomUUID().toString());
    }
    Exchange.Request request =
        new Exchange.Request(
            method, server.resolve("/api/v1" + path), headers, body == null ? null : body.toString().getBytes(StandardCharsets.UTF_8));
    Exchange.Answer answer = persistently(request);
    JsonNode document = read(answer);
    if (answer.status() / 100 == 2) {
      return document;
    }
    if (isCode(document, ErrorCode.IDEMPOTENCY_KEY_BUSY)) {
      throw unreachable("the connection broke, and what was asked for is still worked on", null);
    }
    throw refusal(answer.status(), document);
  }

  private Map<String, String> headers(String accepted) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Accept", accepted);
    if (token != null) {
      headers.put("Authorization", "Bearer " + token);
    }
    return headers;
  }

  /**
   * The answer to it, over another connection where one breaks. While the server works on what came over the one that broke,
   * its answer is waited for.
   */
  private Exchange.Answer persistently(Exchange.Request request) {
    int broken = 0;
    long until = System.nanoTime() + Exchange.ANSWER.toNanos();
    try {
      while (true) {
        try {
          Exchange.Answer answer = exchange.send(request);
          if (broken == 0
              || answer.status() != 409
              || !isCode(read(answer), ErrorCode.IDEMPOTENCY_KEY_BUSY)
              || System.nanoTime() - until > 0) {
            return answer;
          }
          Thread.sleep(BUSY_MILLIS);
        } catch (SSLException e) {
          throw notTrusted(e);
        } catch (IOException e) {
          if (Thread.currentThread().isInterrupted()) {
            throw new FailedException(ExitCode.INTERRUPTED, List.of(), e);
          }
          if (broken == AGAIN_MILLIS.size() || !mayHelpAgain(e, broken > 0)) {
            throw unreachable(e);
          }
          Thread.sleep(AGAIN_MILLIS.get(broken++));
        }
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /** Where nobody is, or nothing comes, nobody comes by asking again; but a server that was there a moment ago may be back. */
  private static boolean mayHelpAgain(IOException e, boolean wasThere) {
    return switch (e) {
      case ConnectException _ -> wasThere;
      case UnknownHostException _ -> false;
      case ProtocolException _ -> false;
      case SocketTimeoutException _ -> false;
      case HttpTimeoutException _ -> false;
      default -> true;
    };
  }

  private static boolean isCode(JsonNode document, ErrorCode code) {
    return document.path("code").asString("").equals(code.id());
  }

  private JsonNode read(Exchange.Answer answer) {
    if (answer.type().startsWith("application/json") || answer.type().startsWith("application/problem+json")) {
      try {
        return JsonText.read(answer.body());
      } catch (JacksonException e) {
        throw unreachable("its answer is cut off", e);
      }
    }
    throw unreachable("what answers there is no helios-repl server (status " + answer.status() + ")", null);
  }

  private FailedException refusal(int status, JsonNode answer) {
    if (status == 401 && token == null) {
      return new FailedException(
          ExitCode.NOT_ALLOWED,
          Failure.of(
              ErrorCode.TOKEN_MISSING,
              "no token for the server at " + server + " was found",
              "it runs on another machine or as another user",
              "set HELIOS_TOKEN_FILE, or token-file: of a context, to a copy of the file \"token\" in its data directory"));
    }
    JsonNode all = answer.path("problems");
    List<Failure> failures = new ArrayList<>();
    (all.isArray() ? all.valueStream() : Stream.of(answer)).forEach(p -> failures.add(failure(p)));
    return new FailedException(ExitCode.ofStatus(status), failures, null);
  }

  /** A problem document as a failure. */
  static Failure failure(JsonNode problem) {
    return new Failure(
        problem.path("code").asString(ErrorCode.INTERNAL.id()),
        problem.path("detail").asString("the server refused without a reason"),
        problem.path("why").asString(""),
        problem.path("hint").asString(""));
  }

  private FailedException notTrusted(SSLException e) {
    Throwable cause = e;
    while (cause.getCause() != null && !(cause instanceof CertificateException)) {
      cause = cause.getCause();
    }
    boolean theirs = cause instanceof CertificateException;
    return new FailedException(
        ExitCode.UNREACHABLE,
        List.of(
            Failure.of(
                ErrorCode.SERVER_NOT_TRUSTED,
                theirs
                    ? "the certificate of the server at " + server + " is not trusted"
                    : "no TLS connection to the server at " + server + " came about",
                theirs
                    ? "no authority that is known here has signed it, or it is for another host, or it is over"
                    : String.valueOf(e.getMessage()).lines().findFirst().orElse("TLS failed")
                        + ": the server has no TLS, or does not take our certificate",
                theirs
                    ? "set ca: of a context to the authority's certificate: helios-repl context --help"
                    : "set certificate: and key: of a context where the server asks for them: helios-repl context --help")),
        e);
  }

  private static FailedException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new FailedException(ExitCode.INTERRUPTED, List.of(), e);
  }

  private FailedException unreachable(IOException e) {
    String message = e.getMessage();
    String why =
        switch (e) {
          case ConnectException _ -> "nothing listens there";
          case UnknownHostException _ -> "nobody knows a host of this name";
          default -> message == null || message.isBlank() ? "the connection broke" : message;
        };
    return unreachable(why, e);
  }

  private FailedException unreachable(String why, @Nullable Throwable cause) {
    return new FailedException(
        ExitCode.UNREACHABLE,
        List.of(
            Failure.of(
                ErrorCode.SERVER_UNREACHABLE,
                "the server at " + server + " cannot be reached",
                why,
                "helios-repl server run --config helios-repl.yaml, or name another with --server URL")),
        cause);
  }
}
