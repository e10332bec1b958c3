package io.helios.repl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class WrongUseTest {

  private static Arguments wrong(int code, String said, String... command) {
    return Arguments.of(code, said, command);
  }

  /** Exit code, a piece of what is said, and the command. */
  static Stream<Arguments> wrongInvocations() {
    String tooLong = "x".repeat(64);
    return Stream.of(
        wrong(2, "Usage:"),
        wrong(2, "Usage:", "tenant"),
        wrong(2, "Usage:", "server"),
        wrong(2, "Usage:", "source"),
        wrong(2, "Usage:", "target"),
        wrong(2, "Usage:", "verify"),
        wrong(2, "did you mean tenant", "tenat", "list"),
        wrong(2, "Unmatched argument", "frobnicate"),
        wrong(2, "did you mean status or start", "tenant", "statsu", "a"),
        wrong(2, "Unknown option: '--frob'", "tenant", "list", "--frob"),
        wrong(2, "Unknown option: '--al'", "tenant", "start", "--al"),
        wrong(2, "Unmatched argument", "tenant", "list", "extra"),
        wrong(2, "Unmatched argument", "version", "extra"),
        wrong(2, "is none of table, wide, json", "tenant", "list", "-o", "xml"),
        wrong(2, "is none of", "tenant", "list", "-o", "JSON"),
        wrong(2, "Missing required parameter for option '--output'", "tenant", "list", "-o"),
        wrong(2, "is no duration", "tenant", "list", "--watch=often"),
        wrong(2, "is no duration", "tenant", "list", "--watch=5"),
        wrong(2, "Missing required parameter: 'NAME", "tenant", "status"),
        wrong(2, "Missing required parameter: 'NAME", "tenant", "describe"),
        wrong(2, "Unmatched argument", "tenant", "describe", "a", "b"),
        wrong(2, "Missing required", "tenant", "wait"),
        wrong(2, "Missing required option: '--for", "tenant", "wait", "a"),
        wrong(2, "cannot be waited for", "tenant", "wait", "a", "--for", "happiness"),
        wrong(2, "cannot be waited for", "tenant", "wait", "a", "--for", "STREAMING"),
        wrong(2, "is no duration", "tenant", "wait", "a", "--for", "streaming", "--timeout", "60"),
        wrong(2, "is no duration", "tenant", "start", "a", "--timeout", "soon"),
        wrong(2, "no tenant is named", "tenant", "start"),
        wrong(2, "no tenant is named", "tenant", "stop"),
        wrong(2, "no tenant is named", "tenant", "pause"),
        wrong(2, "no tenant is named", "tenant", "resume"),
        wrong(2, "no tenant is named", "tenant", "resync"),
        wrong(2, "no tenant is named", "tenant", "delete"),
        wrong(2, "names and --all are given", "tenant", "start", "a", "--all"),
        wrong(2, "names and --all are given", "tenant", "delete", "a", "--all", "--confirm", "all"),
        wrong(2, "no tenant is named", "tenant", "create"),
        wrong(2, "a name and a file are given", "tenant", "create", "a", "-f", "x.yaml"),
        wrong(2, "source is not named", "tenant", "create", "a"),
        wrong(2, "target is not named", "tenant", "create", "a", "--source", "s"),
        wrong(2, "cannot be read", "tenant", "create", "-f", "/nowhere/tenants.yaml"),
        wrong(2, "is no duration", "tenant", "create", "a", "--source", "s", "--target", "t", "--lag-target", "5"),
        wrong(2, "Unmatched argument", "tenant", "create", "a", "b", "--source", "s", "--target", "t"),
        wrong(2, "is no name of a tenant", "tenant", "create", "it's", "--source", "s", "--target", "t"),
        wrong(2, "is no name of a tenant", "tenant", "create", "", "--source", "s", "--target", "t"),
        wrong(2, "is no name of a tenant", "tenant", "create", "../../etc/passwd", "--source", "s", "--target", "t"),
        wrong(
            2,
            "is no name of a tenant",
            "tenant",
            "create",
            "a'; DROP TABLE tenant; --",
            "--source",
            "s",
            "--target",
            "t"),
        wrong(2, "is no name of a tenant", "tenant", "create", ".hidden", "--source", "s", "--target", "t"),
        wrong(2, "is no name of a tenant", "tenant", "create", "a b", "--source", "s", "--target", "t"),
        wrong(2, "is no name of a tenant", "tenant", "create", "a\nb", "--source", "s", "--target", "t"),
        wrong(2, "is no name of a tenant", "tenant", "create", "tenänt", "--source", "s", "--target", "t"),
        wrong(2, "is no name of a tenant", "tenant", "create", tooLong, "--source", "s", "--target", "t"),
        wrong(2, "is no name of a tenant", "tenant", "status", "a/b"),
        wrong(2, "is no name of a tenant", "tenant", "start", "ok", "\"quoted\""),
        wrong(2, "is no name of a tenant", "tenant", "wait", "a?b=c", "--for", "streaming"),
        wrong(2, "is no name of a tenant", "verify", "run", "a%2Fb"),
        wrong(2, "is no name of a source", "source", "check", "a/../b"),
        wrong(2, "is no name of a target", "target", "prepare", "a;b"),
        wrong(2, "Missing required parameter: 'NAME'", "source", "check"),
        wrong(2, "Missing required parameter: 'NAME'", "target", "prepare"),
        wrong(2, "Missing required parameter: 'NAME'", "verify", "run"),
        wrong(2, "is no address of a server", "tenant", "list", "--server", "ftp://127.0.0.1"),
        wrong(2, "is no address of a server", "tenant", "list", "--server", "http://user:pw@127.0.0.1"),
        wrong(2, "is no address of a server", "tenant", "list", "--server", "http://127.0.0.1:7400/path"),
        wrong(2, "in clear", "tenant", "list", "--server", "http://10.0.0.1:7400"),
        wrong(2, "is no address of a server", "tenant", "list", "--server", "a b"),
        wrong(9, "cannot be reached", "tenant", "list"),
        wrong(9, "cannot be reached", "tenant", "status", "a", "-o", "json"),
        wrong(9, "cannot be reached", "tenant", "start", "--all"),
        wrong(9, "cannot be reached", "server", "status"),
        wrong(9, "cannot be reached", "server", "config"),
        wrong(9, "cannot be reached", "verify", "run", "a"),
        wrong(3, "is not confirmed", "tenant", "delete", "a"),
        wrong(3, "is not confirmed", "tenant", "delete", "a", "--yes"),
        wrong(3, "--confirm names another", "tenant", "delete", "a", "--confirm=b"),
        wrong(2, "there is no such file", "server", "run", "--config", "/nowhere/helios-repl.yaml"),
        wrong(2, "there is no such file", "server", "config", "--config", "/nowhere/helios-repl.yaml"));
  }

  @ParameterizedTest
  @MethodSource("wrongInvocations")
  void aWrongInvocationEndsWithItsExitCodeAndSaysWhy(int code, String said, String[] command) {
    Ran ran = Ran.command(command);
    assertThat(ran.err()).contains(said);
    assertThat(ran.code()).isEqualTo(code);
    assertThat(ran.out()).as("data").isEmpty();
    if (!said.equals("Usage:")) {
      assertThat(ran.err())
          .startsWith("error HR-")
          .contains("\n  why:  ", "\n  hint: ")
          .doesNotContain("Exception", "\tat ");
    }
  }

  static Stream<String> commands() {
    return walk(
        Main.commandLine(
            new Shell(System.out, System.err, new BufferedReader(new StringReader("")), Map.of(), false, false)));
  }

  private static Stream<String> walk(CommandLine line) {
    return Stream.concat(
        Stream.of(line.getCommandSpec().qualifiedName()),
        line.getSubcommands().values().stream().distinct().flatMap(WrongUseTest::walk));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandsHelpHasAnExample(String name) {
    String[] words = name.split(" ");
    String[] arguments = Stream.concat(Stream.of(words).skip(1), Stream.of("--help")).toArray(String[]::new);
    Ran ran = Ran.command(arguments);
    assertThat(ran.code()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out()).startsWith("Usage: " + name).containsPattern("Examples?:\\R  helios-repl ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a", "tenant-123", "A.b_c-d", "0", "x23456789012345678901234567890123456789012345678901234567890123"})
  void namesOfTheAllowedFormPassToTheServer(String name) {
    assertThat(Ran.command("tenant", "status", name).code()).isEqualTo(9);
  }

  @Test
  void aBugEndsWithOneAndItsStackTraceShowsOnlyWhenAskedFor() {
    var err = new ByteArrayOutputStream();
    Shell shell =
        new Shell(
            System.out, new PrintStream(err, true), new BufferedReader(new StringReader("")), Map.of(), false, false);
    assertThat(Main.failed(shell, new IllegalStateException("secret"), false)).isEqualTo(1);
    assertThat(err.toString()).startsWith("error HR-9001: ").doesNotContain("secret", "\tat ");
    Main.failed(shell, new IllegalStateException("detail"), true);
    assertThat(err.toString()).contains("\tat ");
  }

  @Test
  void theNameIsAskedForAgainAtATerminal() {
    Map<String, String> environment = Map.of("HELIOS_SERVER", "http://127.0.0.1:1", "XDG_STATE_HOME", "/nonexistent");
    assertThat(Ran.command(environment, "acme\n", true, "tenant", "delete", "acme").code())
        .as("went on to the server")
        .isEqualTo(9);
    Ran other = Ran.command(environment, "y\n", true, "tenant", "delete", "acme");
    assertThat(other.code()).isEqualTo(3);
    assertThat(other.err()).contains("Type acme to go on").contains("hint: --confirm=acme");
    assertThat(Ran.command(environment, "", true, "tenant", "delete", "acme").code()).isEqualTo(3);
  }

  @Test
  void theConfigurationOfAFileIsShownWithTheOriginOfEachValue(@TempDir Path directory) throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("h.yaml"),
            "region: eu\nsources: { s: { url: 'postgresql://u:pw@h/d', tenancy: { column: c } } }\n");
    Ran ran =
        Ran.command(
            Map.of("HELIOS_APPLY_WORKERS", "9", "HELIOS_APLY_WORKERS", "9"),
            "",
            false,
            "server",
            "config",
            "--config",
            file.toString());
    assertThat(ran.code()).isZero();
    assertThat(ran.out())
        .startsWith("KEY")
        .containsPattern("region +eu +h.yaml:1")
        .containsPattern("apply.workers +9 +environment HELIOS_APPLY_WORKERS")
        .containsPattern("listen +127.0.0.1:7400 +default")
        .doesNotContain("pw@");
    assertThat(ran.err()).contains("warning: the environment variable HELIOS_APLY_WORKERS");
    Ran json = Ran.command(Map.of(), "", false, "server", "config", "--config", file.toString(), "-o", "json");
    assertThat(json.out()).contains("\"kind\": \"Configuration\"", "\"origin\": \"h.yaml:1\"");
  }

  @Test
  void allProblemsOfAConfigurationAreTold(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("h.yaml"), "regoin: eu\nlisten: here\npeers: eu\n");
    for (String verb : new String[] {"run", "config"}) {
      Ran ran = Ran.command(Map.of(), "", false, "server", verb, "--config", file.toString());
      assertThat(ran.code()).isEqualTo(2);
      assertThat(ran.err())
          .contains(
              "error HR-1102: h.yaml:1: regoin", "error HR-1103: h.yaml:2: listen", "error HR-1103: h.yaml:3: peers");
      assertThat(ran.out()).isEmpty();
    }
  }

  @Test
  void aFileOfTenantsMayBeWrongInManyWays(@TempDir Path directory) throws IOException {
    for (String yaml :
        new String[] {"", "5", "[]", "tenants: []", "tenants: {}", "- 5", "other: []", "tenants: [a", "defaults: 5"}) {
      Path file = Files.writeString(directory.resolve("t.yaml"), yaml);
      Ran ran = Ran.command("tenant", "create", "-f", file.toString());
      assertThat(ran.code()).as(yaml).isEqualTo(2);
      assertThat(ran.err()).as(yaml).startsWith("error HR-1305: " + file);
    }
  }

  @Test
  void theVersionIsToldWithoutAServer() {
    assertThat(Ran.command("version").out()).startsWith("helios-repl ");
    assertThat(Ran.command("--version").out()).startsWith("helios-repl ");
    assertThat(Ran.command("version", "-o", "json").out()).contains("\"kind\": \"Version\"");
    assertThat(Ran.command("version", "-o", "yaml").out()).contains("kind: \"Version\"");
  }
}
