package io.helios.repl.tests.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.fixture.Database;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The server as a process of its own, which can be killed and started again on its data, and its API. */
public final class ServerProcess implements AutoCloseable {

  public static final Duration PATIENCE = Duration.ofSeconds(120);

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private final HttpClient http;
  final Path directory;
  final Map<String, String> environment = new LinkedHashMap<>();
  private final String yaml;
  private @Nullable Process process;
  private String address = "";

  /** @param more lines of the configuration after its target */
  public ServerProcess(Path directory, Database source, String sourceUrl, String targetUrl, String more) {
    this(
        directory,
        """
        listen: 127.0.0.1:0
        data-dir: %s
        sources: { shop: { url: "%s", tenancy: { column: tenant_id }, publication: %s, slot: %s } }
        targets:
          copy: { url: "%s" }
        %s
        """
            .formatted(
                directory.resolve("data"), sourceUrl, "p_" + source.name(), "s_" + source.name(), targetUrl, more),
        HttpClient.newHttpClient());
  }

  /**
   * @param yaml the configuration, with {@code data} in the directory as its data directory
   * @param http trusts the server; closed with this
   */
  public ServerProcess(Path directory, String yaml, HttpClient http) {
    this.directory = directory;
    this.yaml = yaml;
    this.http = http;
  }

  Path data() {
    return directory.resolve("data");
  }

  Path file(String name) {
    return directory.resolve(name);
  }

  String text(String name) {
    try {
      return Files.readString(file(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a process of the program; its standard error is appended to {@code stderr}, its output to {@code output}. */
  Process run(@Nullable String output, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "io.helios.repl.cli.Main"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(file("stderr").toFile()));
    if (output != null) {
      builder.redirectOutput(ProcessBuilder.Redirect.appendTo(file(output).toFile()));
    }
    builder.environment().put("XDG_STATE_HOME", file("state").toString());
    builder.environment().keySet().removeIf(name -> name.startsWith("HELIOS_"));
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** Starts the server and returns when it takes commands. */
  public ServerProcess start(String... more) throws IOException {
    Path file = Files.writeString(file("helios-repl.yaml"), yaml);
    List<String> arguments = new ArrayList<>(List.of("server", "run", "--config", file.toString()));
    arguments.addAll(List.of(more));
    Process started = run(null, arguments.toArray(String[]::new));
    process = started;
    BufferedReader out = started.inputReader();
    String ready = Objects.requireNonNull(out.readLine(), () -> "the server did not start: " + text("stderr"));
    Files.writeString(file("stdout"), ready + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    address = ready.replaceAll(".*(https?://[0-9.:]+).*", "$1");
    return this;
  }

  Process process() {
    return Objects.requireNonNull(process);
  }

  String address() {
    return address;
  }

  public String token() {
    return text("data/token").strip();
  }

  /** With SIGKILL. */
  public void kill() throws InterruptedException {
    process().destroyForcibly();
    assertThat(process().waitFor(30, TimeUnit.SECONDS)).isTrue();
  }

  public HttpResponse<String> send(String method, String path, @Nullable String body, String token) {
    try {
      return http.send(
          HttpRequest.newBuilder(URI.create(address + path))
              .header("Authorization", "Bearer " + token)
              .method(
                  method,
                  body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** A request that has to succeed. */
  public JsonNode api(String method, String path, @Nullable String body) {
    HttpResponse<String> answer = send(method, "/api/v1" + path, body, token());
    assertThat(answer.statusCode()).as(() -> path + ": " + answer.body()).isLessThan(300);
    return JSON.readTree(answer.body());
  }

  public void create(String tenant) {
    api(
        "POST",
        "/tenants",
        "{\"tenants\": [{\"name\": \"%s\", \"source\": \"shop\", \"target\": \"copy\"}]}".formatted(tenant));
  }

  public JsonNode status(String tenant) {
    return api("GET", "/tenants/" + tenant + "/status", null);
  }

  public void becomes(String tenant, String state) {
    JsonNode status = await().atMost(PATIENCE).until(() -> status(tenant), s -> isSettled(s, state));
    assertThat(status.path("state").asString()).as(status.toString()).isEqualTo(state);
  }

  /** Whether it is where it should be, or in a state that it does not leave by itself. */
  private static boolean isSettled(JsonNode status, String state) {
    String now = status.path("state").asString();
    return now.equals(state) || now.equals("FAILED");
  }

  /** The generation of the tenant's key. */
  int generation(String tenant) {
    for (JsonNode key : api("GET", "/keys", null).path("items")) {
      if (key.path("tenant").asString().equals(tenant)) {
        return key.path("generation").asInt();
      }
    }
    throw new IllegalStateException("no such tenant: " + tenant);
  }

  @Override
  public void close() {
    Process running = process;
    if (running != null) {
      running.destroyForcibly();
    }
    http.close();
  }
}
