package io.helios.repl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContextCommandsTest {

  private static final String TWO =
      """
      # mine
      current: here
      contexts:
        here: { server: "http://127.0.0.1:1" }   # nobody there
        prod:
          server: https://helios.example.invalid:7400
          token-file: prod.token
          ca: ~/ca.pem
      """;

  @TempDir Path directory;

  private Path write(String text) throws IOException {
    return Files.writeString(Files.createDirectories(directory.resolve("helios-repl")).resolve("contexts.yaml"), text);
  }

  private Ran run(Map<String, String> more, String... arguments) {
    Map<String, String> environment =
        new HashMap<>(Map.of("XDG_CONFIG_HOME", directory.toString(), "XDG_STATE_HOME", "/nonexistent", "HOME", "/home/me"));
    environment.putAll(more);
    return Ran.command(environment, "", false, arguments);
  }

  private Ran run(String... arguments) {
    return run(Map.of(), arguments);
  }

  @Test
  void contextsAreListedWithAStarAtTheCurrentOne() throws IOException {
    write(TWO);
    assertThat(run("context", "list").out().lines())
        .containsExactly(
            "CURRENT  CONTEXT  SERVER",
            "*        here     http://127.0.0.1:1",
            "         prod     https://helios.example.invalid:7400");
    assertThat(run("context", "list", "-o", "wide").out())
        .as("relative to the file's folder, or to the home")
        .contains(directory.resolve("helios-repl/prod.token").toString(), "/home/me/ca.pem");
    assertThat(run("context", "list", "-o", "name").out()).isEqualTo("here\nprod\n");
    assertThat(run("context", "list", "-o", "json").out()).contains("\"kind\": \"ContextList\"", "\"current\": true");
  }

  @Test
  void withoutAFileThereIsNone() {
    Ran list = run("context", "list");
    assertThat(list.code()).isZero();
    assertThat(list.err()).contains("has none");
    assertThat(run("context", "use", "prod").code()).isEqualTo(5);
  }

  @Test
  void anotherOneIsUsedFromNowOnAndTheRestOfTheFileStays() throws IOException {
    Path file = write(TWO);
    Ran used = run("context", "use", "prod");
    assertThat(used.out()).isEqualTo("commands are meant for https://helios.example.invalid:7400 from now on\n");
    assertThat(used.err()).isEmpty();
    assertThat(file).content().isEqualTo(TWO.replace("current: here", "current: prod"));
    assertThat(run(Map.of("HELIOS_SERVER", "http://127.0.0.1:1"), "context", "use", "here").err())
        .contains("warning: HELIOS_SERVER is set and wins over it");
    write("contexts: { a: { server: 127.0.0.1 } }\n");
    run("context", "use", "a");
    assertThat(file).content().isEqualTo("current: a\ncontexts: { a: { server: 127.0.0.1 } }\n");
  }

  @Test
  void whoIsNamedNearestWins() throws IOException {
    write(TWO.replace("https://helios.example.invalid:7400", "http://127.0.0.1:2").replace("          token-file: prod.token\n", "")
        .replace("          ca: ~/ca.pem\n", "").replace("    token-file: prod.token\n", "").replace("    ca: ~/ca.pem\n", ""));
    assertThat(run("tenant", "list").err()).as("the current one").contains("server at http://127.0.0.1:1 ");
    assertThat(run(Map.of("HELIOS_CONTEXT", "prod"), "tenant", "list").err()).contains("server at http://127.0.0.1:2 ");
    assertThat(run(Map.of("HELIOS_CONTEXT", "prod", "HELIOS_SERVER", "127.0.0.1:3"), "tenant", "list").err())
        .contains("server at http://127.0.0.1:3 ");
    assertThat(run(Map.of("HELIOS_SERVER", "127.0.0.1:3"), "tenant", "list", "--context", "prod").err())
        .contains("server at http://127.0.0.1:2 ");
    assertThat(run("tenant", "list", "--server", "127.0.0.1:4").err()).contains("server at http://127.0.0.1:4 ");
  }

  @Test
  void aContextsTokenFileThatIsMissingIsTold() throws IOException {
    write(TWO.replace("here:", "old:").replace("current: old", "current: prod"));
    Ran ran = run("tenant", "list", "--context", "prod");
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).startsWith("error HR-1204: the context \"prod\" names " + directory.resolve("helios-repl/prod.token"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          current: [a                                            | is not YAML
          5                                                      | is no mapping
          contxts: {}                                            | "contxts" is not understood
          current:                                               | "current" is not understood
          contexts: { a: { server: x, tokn: y } }                | unknown key "tokn"
          contexts: { a: {} }                                    | a: has no server
          contexts: { a: 5 }                                     | a: has no server
          contexts: { a: { server: [x] } }                       | a.server: one value is needed
          contexts: { a: { server: } }                           | a.server: one value is needed
          contexts: { 'a b': { server: x } }                     | "a b" is no name of a context
          contexts: { a: { server: x, certificate: c } }         | certificate and key go together
          """)
  void aFileThatCannotBeUnderstoodIsToldWithItsLine(String yaml, String said) throws IOException {
    Path file = write(yaml);
    for (String[] command : new String[][] {{"context", "list"}, {"tenant", "list"}}) {
      Ran ran = run(command);
      assertThat(ran.code()).isEqualTo(2);
      assertThat(ran.err()).startsWith("error HR-1207: " + file + ":1: ").contains(said, "\n  why:  ", "\n  hint: ");
    }
  }

  @Test
  void aContextThatIsNotThereIsToldWithTheNearest() throws IOException {
    write(TWO);
    for (String[] command :
        new String[][] {{"context", "use", "prd"}, {"tenant", "list", "--context", "prd"}, {"server", "status", "--context", "prd"}}) {
      Ran ran = run(command);
      assertThat(ran.code()).isEqualTo(5);
      assertThat(ran.err()).startsWith("error HR-1208: there is no context \"prd\"").contains("did you mean \"prod\"?");
    }
    write("current: gone\ncontexts: { a: { server: 127.0.0.1 } }\n");
    assertThat(run("tenant", "list").err()).startsWith("error HR-1208: there is no context \"gone\"");
  }
}
