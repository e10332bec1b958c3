package io.helios.repl.tests.cli;

import io.helios.repl.cli.Main;
import io.helios.repl.cli.Shell;
import io.helios.repl.config.ConfigurationInput;
import io.helios.repl.config.ConfigurationLoader;
import io.helios.repl.config.LoadedConfiguration;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.server.FleetMaker;
import io.helios.repl.server.HeliosServer;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A server on two real databases and a free port, and what one does with it: commands in this process, plain HTTP. */
final class TestServer implements AutoCloseable {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  final Database source;
  final Database target = Database.create(Postgres.shared(17, "target"));
  final Path directory;
  private final FleetMaker fleets;
  private HeliosServer server;

  /** What a command printed and ended with. */
  record Ran(int code, String out, String err) {
    JsonNode json() {
      return JSON.readTree(out);
    }
  }

  TestServer(Path directory) {
    this(directory, FleetMaker.standard(Map.of()));
  }

  TestServer(Path directory, FleetMaker fleets) {
    this(directory, fleets, Database.create(Postgres.shared(17, "source")));
  }

  /** @param source empty, and somebody else's to end */
  TestServer(Path directory, FleetMaker fleets, Database source) {
    this.source = source;
    this.directory = directory;
    this.fleets = fleets;
    source.execute(
        "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO orders SELECT t, i, 'n' || i FROM unnest(ARRAY['acme', 'globex', '123']) t, generate_series(1,"
            + " 100) i");
    this.server = HeliosServer.start(configuration(yaml()), fleets, environment());
  }

  String yaml() {
    return """
    listen: 127.0.0.1:0
    data-dir: %s
    sources:
      shop: { url: "%s", slot: helios_%s, tenancy: { column: tenant_id }, tables: ["public.*"] }
    targets:
      shop-eu: { url: "%s" }
    """
        .formatted(directory.resolve("data"), source.uri(), source.name(), target.uri());
  }

  ServerConfiguration configuration(String yaml) {
    return configuration(directory, yaml);
  }

  /** @param directory where its file is made */
  static ServerConfiguration configuration(Path directory, String yaml) {
    try {
      LoadedConfiguration loaded =
          ConfigurationLoader.load(
              new ConfigurationInput(
                  Files.writeString(directory.resolve("helios-repl.yaml"), yaml), Map.of(), Map.of()));
      return Objects.requireNonNull(loaded.configuration(), () -> loaded.problems().toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Map<String, String> environment() {
    return Map.of("XDG_STATE_HOME", directory.resolve("state").toString());
  }

  HeliosServer server() {
    return server;
  }

  void restart(String yaml) {
    server.close();
    server = HeliosServer.start(configuration(yaml), fleets, environment());
  }

  /** Runs a command that finds the token by itself. */
  Ran run(String... arguments) {
    return run(Map.of(), arguments);
  }

  Ran run(Map<String, String> more, String... arguments) {
    return run(more, "", false, arguments);
  }

  /** Where somebody can be asked, who answers this. */
  Ran atATerminal(String input, String... arguments) {
    return run(Map.of(), input, true, arguments);
  }

  private Ran run(Map<String, String> more, String input, boolean interactive, String... arguments) {
    Map<String, String> environment = new HashMap<>(environment());
    environment.put("HELIOS_SERVER", server.address().toString());
    environment.putAll(more);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Main.run(
            new Shell(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                new BufferedReader(new StringReader(input)),
                environment,
                interactive,
                false),
            arguments);
    return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** A command that has to succeed. */
  Ran done(String... arguments) {
    Ran ran = run(arguments);
    if (ran.code() != 0) {
      throw new AssertionError(
          String.join(" ", arguments) + " ended with " + ran.code() + "\n" + ran.out() + ran.err());
    }
    return ran;
  }

  HttpResponse<String> http(String method, String path, @Nullable String body, @Nullable String token)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.address().resolve(path))
            .method(
                method, body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** With the token. */
  HttpResponse<String> api(String method, String path, @Nullable String body) throws Exception {
    return http(method, "/api/v1" + path, body, server.token());
  }

  static JsonNode json(HttpResponse<String> response) {
    return JSON.readTree(response.body());
  }

  @Override
  public void close() {
    server.close();
  }
}
