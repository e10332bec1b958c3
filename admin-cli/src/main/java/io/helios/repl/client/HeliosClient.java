package io.helios.repl.client;

import io.helios.repl.config.ConfigurationLoader;
import io.helios.repl.config.ListenAddress;
import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Asks a server. What it refuses is thrown as {@link FailedException} with the exit code that it means to a command.
 * Any thread.
 */
public final class HeliosClient implements AutoCloseable {

  public static final String DEFAULT_SERVER = "http://" + ConfigurationLoader.DEFAULT_LISTEN;

  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration END = Duration.ofSeconds(1);

  /** Deleting and preparing block in the server; everything else answers within half a minute. */
  private static final Duration ANSWER = Duration.ofMinutes(10);

  private final HttpClient http;
  private final URI server;
  private final @Nullable String token;

  private HeliosClient(URI server, @Nullable String token, @Nullable SSLContext tls) {
    this.server = server;
    this.token = token;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER);
    SSLContext context = server.getScheme().equals("http") ? NoTls.CONTEXT : tls;
    this.http = (context == null ? builder : builder.sslContext(context)).build();
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

  /**
   * Ends what is under way, and the thread that waits for answers: while that sits in the operating system, the virtual machine
   * delays its own end by 0.3 s, longer than most commands take.
   */
  @Override
  public void close() {
    http.shutdownNow();
    try {
      http.awaitTermination(END);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.resolve("/api/v1/events?" + query))
            .timeout(CONNECT.multipliedBy(2)) // until the answer begins
            .header("Accept", "text/event-stream");
    if (!lastId.isEmpty()) {
      request.header("Last-Event-ID", lastId);
    }
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    try {
      HttpResponse<InputStream> response = http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      String type = response.headers().firstValue("Content-Type").orElse("");
      if (response.statusCode() == 200 && type.startsWith("text/event-stream")) {
        return response.body();
      }
      try (InputStream body = response.body()) {
        if (type.startsWith("application/problem+json")) {
          throw refusal(response.statusCode(), MAPPER.readTree(body.readAllBytes()));
        }
      }
      throw unreachable("what answers there tells no events (status " + response.statusCode() + ")", null);
    } catch (IOException e) {
      throw unreachable(
          e.getMessage() == null || e.getMessage().isBlank() ? "nothing listens there" : e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException(ExitCode.INTERRUPTED, List.of(), e);
    }
  }

  static JsonNode json(String text) {
    return MAPPER.readTree(text);
  }

  /** An empty object, for a body. */
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** One part of a path or query, made safe. */
  public static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private JsonNode send(String method, String path, @Nullable JsonNode body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.resolve("/api/v1" + path))
            .timeout(ANSWER)
            .header("Accept", "application/json")
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(MAPPER.writeValueAsBytes(body)));
    if (body != null) {
      request.header("Content-Type", "application/json");
    }
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    HttpResponse<byte[]> response;
    try {
      response = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    } catch (SSLException e) {
      throw notTrusted(e);
    } catch (IOException e) {
      throw unreachable(
          e.getMessage() == null || e.getMessage().isBlank() ? "nothing listens there" : e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException(ExitCode.INTERRUPTED, List.of(), e);
    }
    JsonNode answer = read(response);
    if (response.statusCode() / 100 == 2) {
      return answer;
    }
    throw refusal(response.statusCode(), answer);
  }

  private JsonNode read(HttpResponse<byte[]> response) {
    String type = response.headers().firstValue("Content-Type").orElse("");
    if (type.startsWith("application/json") || type.startsWith("application/problem+json")) {
      try {
        return MAPPER.readTree(response.body());
      } catch (JacksonException e) {
        throw unreachable("its answer is cut off", e);
      }
    }
    throw unreachable("what answers there is no helios-repl server (status " + response.statusCode() + ")", null);
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
