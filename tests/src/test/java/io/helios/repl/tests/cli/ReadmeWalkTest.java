package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.cli.Main;
import io.helios.repl.cli.Shell;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.fixture.Roles;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The README's "Use it on your own databases", walked: its SQL, its configuration and its commands as they stand there, with
 * nothing replaced but the names of places and of roles.
 */
class ReadmeWalkTest {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String SECTION = section(Roles.read(Path.of("..", "README.md")));

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private static String section(String readme) {
    int from = readme.indexOf("## Use it on your own databases");
    return readme.substring(from, readme.indexOf("\n## ", from + 1));
  }

  private static List<String> blocks(String language) {
    return Pattern.compile("```" + language + "\\n(.*?)```", Pattern.DOTALL).matcher(SECTION).results()
        .map(found -> found.group(1))
        .toList();
  }

  private String configuration() throws Exception {
    Path password = directory.resolve("password");
    Files.writeString(password, "a secret");
    Files.setPosixFilePermissions(password, Set.copyOf(
        java.nio.file.attribute.PosixFilePermissions.fromString("rw-------")));
    String yaml = blocks("yaml").getFirst();
    for (Map.Entry<String, String> place : Map.of(
        "helios@db-us.internal:5432/shop", "reader_" + source.name() + "@127.0.0.1:" + source.server().port() + "/" + source.name(),
        "helios@db-eu.internal:5432/shop", "writer_" + target.name() + "@127.0.0.1:" + target.server().port() + "/" + target.name(),
        "/etc/helios-repl/shop.pw", password.toString(),
        "/etc/helios-repl/shop-eu.pw", password.toString(),
        "    tenancy:", "    slot: walk_" + source.name() + "\n    tenancy:").entrySet()) {
      assertThat(yaml).contains(place.getKey());
      yaml = yaml.replace(place.getKey(), place.getValue());
    }
    return yaml + "listen: 127.0.0.1:0\ndata-dir: " + directory.resolve("data") + "\n";
  }

  private Process serve(String arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED", "-Xmx256m", "-cp",
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
        "io.helios.repl.cli.Main"));
    command.addAll(List.of(arguments.split(" ")));
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(directory.resolve("stderr").toFile());
    builder.directory(directory.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("HELIOS_"));
    builder.environment().put("XDG_STATE_HOME", directory.resolve("state").toString());
    return builder.start();
  }

  private record Ran(int code, String out, String err) {
    JsonNode json() {
      assertThat(code).as(out + err).isZero();
      return JSON.readTree(out);
    }
  }

  private Ran run(String address, String arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code = Main.run(
        new Shell(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            new BufferedReader(new StringReader("")),
            Map.of("XDG_STATE_HOME", directory.resolve("state").toString(), "HELIOS_SERVER", address),
            false,
            false),
        arguments.split(" "));
    return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void itEndsInAVerifiedCopyThatRefusesWrites() throws Exception {
    source.execute(
        "CREATE TABLE orders (tenant_id int, id serial, note text, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE plans (id int PRIMARY KEY, name text)",
        "INSERT INTO plans VALUES (1, 'small')",
        "INSERT INTO orders (tenant_id, note) SELECT t, 'x' FROM unnest(ARRAY[123, 7]) t, generate_series(1, 50)");
    List<String> sql = blocks("sql");
    assertThat(sql).hasSize(2);
    source.execute(Roles.statements(sql.getFirst(), "reader_" + source.name(), source.name(), ""));
    target.execute(Roles.statements(sql.getLast(), "writer_" + target.name(), target.name(), ""));
    Files.writeString(directory.resolve("helios-repl.yaml"), configuration());
    List<String> commands = Arrays.stream(SECTION.split("\n"))
        .filter(line -> line.startsWith("./helios-repl "))
        .map(line -> line.substring("./helios-repl ".length()).strip())
        .toList();
    assertThat(commands).startsWith("server run --config helios-repl.yaml").hasSizeGreaterThan(8);

    Process server = serve(commands.getFirst());
    try (BufferedReader out = server.inputReader()) {
      String ready = String.valueOf(out.readLine());
      assertThat(ready).as(Files.readString(directory.resolve("stderr"))).contains("is ready at");
      String address = ready.replaceAll(".*(http://[0-9.:]+).*", "$1");
      for (String command : commands.subList(1, commands.size())) {
        Ran ran = run(address, command);
        if (command.equals("source check shop")) {
          assertThat(ran.out() + ran.err()).as("the one thing that is not ours to do").contains("HR-2204").doesNotContain("HR-2203");
        } else {
          assertThat(ran.code()).as("%s%n%s%s", command, ran.out(), ran.err()).isZero();
        }
        if (command.equals("source prepare shop --dry-run")) {
          String[] byTheOwner = run(address, command + " -o json").json().path("sql").valueStream()
              .map(JsonNode::asString).toArray(String[]::new);
          assertThat(byTheOwner).isNotEmpty().allSatisfy(statement -> assertThat(ran.out()).contains(statement));
          source.execute(byTheOwner);
          assertThat(run(address, "source check shop").code()).isZero();
        }
      }
      assertThat(run(address, "tenant status tenant-123 -o json").json().path("state").asString()).isEqualTo("STREAMING");
      assertThat(run(address, "verify run tenant-123 -o json").json().path("equal").asBoolean()).isTrue();
      assertThat(target.query("SELECT DISTINCT tenant_id FROM orders")).containsExactly("123");
      assertThat(target.query("SELECT * FROM plans")).containsExactly("1|small");
      assertThatThrownBy(() -> target.execute("UPDATE orders SET note = 'mine'"))
          .hasMessageContaining("tenant \"tenant-123\" is read-only here: its primary is in region us-east-1");
      server.destroy();
      assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      server.destroyForcibly();
    }
  }
}
