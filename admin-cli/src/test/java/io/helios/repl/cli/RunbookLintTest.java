package io.helios.repl.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.runbook.Commands;
import io.helios.repl.runbook.Finding;
import io.helios.repl.runbook.RunbookLint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/** What is wrong with a runbook is found without a server, all of it at once, each with its line. */
class RunbookLintTest {

  private static final String HEAD = "apiVersion: helios-repl/v1\nkind: Runbook\nname: trial\ndescription: a trial\n";
  private static final String TENANT = "parameters: { tenant: { description: its name, required: true } }\n";

  /** Where the step of {@link #step} stands. */
  private static final int STEP = 7;

  private static final Commands COMMANDS = new StepCommands(Map.of());

  @TempDir Path directory;

  private static List<Finding> lint(String text) {
    return RunbookLint.of(text, COMMANDS);
  }

  /** A runbook with this one step, whose parts are apart by {@code ;}. */
  private static String step(String parts) {
    return HEAD + TENANT + "steps:\n  - name: one\n    " + parts.replace("; ", "\n    ") + "\n";
  }

  @ParameterizedTest(name = "{0}: {2}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          0 | Unmatched argument        | command: [tenant, mend, "{tenant}"]
          0 | Unknown option            | command: [tenant, start, "{tenant}", --waits]
          0 | Missing required          | command: [tenant, wait, "{tenant}"]
          0 | is no duration            | command: [tenant, wait, "{tenant}", --for, caught-up, --timeout, soon]
          0 | group of commands         | command: [tenant]; for-each: tenant
          0 | begins with helios-repl   | command: [helios-repl, tenant, status, "{tenant}"]
          0 | cannot be a step          | command: [server, run, --config, "{tenant}"]
          0 | cannot be a step          | command: [runbook, run, "{tenant}"]
          0 | would never end           | command: [events, list, -f, --tenant, "{tenant}"]
          0 | would never end           | command: [tenant, status, "{tenant}", --watch]
          0 | asks for help             | command: [tenant, status, "{tenant}", --help]
          0 | asks for the name again   | command: [tenant, delete, "{tenant}"]
          0 | asks for the name again   | command: [key, shred, "{tenant}"]
          0 | asks for no name          | command: [tenant, status, "{tenant}"]; confirm: "{tenant}"
          1 | is no list of texts       | command: tenant status {tenant}
          1 | is no list of texts       | command: []
          0 | does nothing              | timeout: 5m; for-each: tenant
          0 | has command and approval  | command: [tenant, status, "{tenant}"]; approval: may I
          1 | has no timeout            | wait: { command: [tenant, status, "{tenant}"], until: { exit: 0 } }
          1 | has no timeout            | hook: { run: [tell, "{tenant}"] }
          2 | is an approval with a     | approval: go {tenant}; timeout: 5m
          2 | is an approval with on    | approval: go {tenant}; on-failure: continue
          1 | asks nothing              | approval: " "
          2 | is no duration            | command: [tenant, status, "{tenant}"]; timeout: 5
          2 | is no duration            | command: [tenant, status, "{tenant}"]; timeout: 0s
          2 | is not understood here    | command: [tenant, status, "{tenant}"]; time-out: 5m
          2 | on-failure: is not        | command: [tenant, status, "{tenant}"]; on-failure: ignore
          2 | on-failure: says nothing  | command: [tenant, status, "{tenant}"]; on-failure: {}
          2 | is no such number         | command: [tenant, status, "{tenant}"]; on-failure: { retry: { times: many } }
          2 | then: is neither          | command: [tenant, status, "{tenant}"]; on-failure: { retry: { times: 1 }, then: go }
          0 | no step of recovery       | command: [tenant, status, "{tenant}"]; on-failure: { run: [undo] }
          0 | which is no parameter     | command: [tenant, status, "{tenant}", -o, "{format}"]
          0 | and is not for-each       | command: [tenant, status, "{tenant}", "{each}"]
          0 | which is no list          | command: [tenant, status, "{each}"]; for-each: tenant
          0 | asks once only            | wait: { command: [tenant, status, "{tenant}"], until: { exit: 0 }, every: 5m }; timeout: 1m
          0 | changes something         | wait: { command: [tenant, start, "{tenant}"], until: { exit: 0 } }; timeout: 1m
          0 | changes something         | check: { command: [tenant, start, "{tenant}"], expect: { exit: 0 } }
          0 | prints no JSON            | check: { command: [context, use, here], expect: { json: /x, equals: "{tenant}" } }
          0 | does not print JSON       | check: { command: [tenant, status, "{tenant}", -o, yaml], expect: { json: /x, equals: 1 } }
          1 | expect: is missing        | check: { command: [tenant, status, "{tenant}"] }
          1 | neither of exit and json  | check: { command: [tenant, status, "{tenant}"], expect: {} }
          1 | both of exit and json     | check: { command: [tenant, status, "{tenant}"], expect: { exit: 0, json: /x } }
          1 | is compared with nothing  | check: { command: [tenant, status, "{tenant}"], expect: { json: /x } }
          1 | compared with equals and  | check: { command: [tenant, status, "{tenant}"], expect: { json: /x, equals: 1, below: 2 } }
          1 | is no JSON pointer        | check: { command: [tenant, status, "{tenant}"], expect: { json: state, equals: 1 } }
          1 | below: is no number       | check: { command: [tenant, status, "{tenant}"], expect: { json: /x, below: much } }
          1 | is no exit code           | check: { command: [tenant, status, "{tenant}"], expect: { exit: 256 } }
          1 | exists: is neither        | check: { command: [tenant, status, "{tenant}"], expect: { json: /x, exists: perhaps } }
          1 | is no name of a variable  | hook: { run: [tell, "{tenant}"], environment: { A-B: c } }; timeout: 1m
          1 | idempotent: is neither    | hook: { run: [tell, "{tenant}"], idempotent: maybe }; timeout: 1m
          1 | is not understood here    | hook: { run: [tell, "{tenant}"], shell: true }; timeout: 1m
          """)
  void aWrongStepIsFound(int below, String expected, String parts) {
    List<Finding> findings = lint(step(parts));
    assertThat(findings).as("%s", findings).anySatisfy(f -> {
      assertThat(f.what()).contains(expected);
      assertThat(f.line()).isEqualTo(STEP + below);
      assertThat(f.why()).isNotBlank();
      assertThat(f.hint()).isNotBlank();
    });
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource
  void aWrongFileIsFound(String text, String expected, int line) {
    List<Finding> findings = lint(text);
    assertThat(findings).as("%s", findings).anySatisfy(f -> {
      assertThat(f.what()).contains(expected);
      assertThat(f.line()).isEqualTo(line);
    });
  }

  static Stream<Arguments> aWrongFileIsFound() {
    String ok = "steps:\n  - { name: a, command: [version] }\n";
    return Stream.of(
        wrong("", "kind: is missing", 0),
        wrong("- a\n", "it is no mapping", 1),
        wrong("kind: [\n", "it is not YAML", 1),
        wrong(HEAD + ok + "kind: Runbook\n", "it is not YAML", 7),
        wrong(HEAD.replace("v1", "v2") + ok, "apiVersion: is \"helios-repl/v2\"", 1),
        wrong(HEAD.replace("kind: Runbook", "kind: Tenant") + ok, "kind: is \"Tenant\"", 2),
        wrong(HEAD.replace("trial\n", "a b\n") + ok, "is no name of a runbook", 3),
        wrong(HEAD.replace("description: a trial\n", "") + ok, "description: is missing", 1),
        wrong(HEAD, "steps: is missing", 1),
        wrong(HEAD + "steps: []\n", "steps: is no list", 5),
        wrong(HEAD + "steps: [version]\n", "an entry of steps: is no mapping", 5),
        wrong(HEAD + ok + "authors: me\n", "\"authors\" is not understood", 7),
        wrong(HEAD + ok + "  - { name: a, command: [version] }\n", "there are two steps a", 7),
        wrong(HEAD + ok + "recovery: [ { name: b, command: [version] } ]\n", "is never run", 7),
        wrong(HEAD + "parameters: { tenant: acme }\n" + ok, "is no mapping", 5),
        wrong(HEAD + "parameters: { tenant: }\n" + ok, "is empty", 5),
        wrong(HEAD + "parameters: { Tenant: { description: d, required: true } }\n" + ok, "is no name of a parameter", 5),
        wrong(HEAD + "parameters: { each: { description: d, required: true } }\n" + ok, "is no name of a parameter", 5),
        wrong(HEAD + "parameters: { tenant: { required: true } }\n" + ok, "has no description", 5),
        wrong(HEAD + "parameters: { tenant: { description: d } }\n" + ok, "neither required nor has a default", 5),
        wrong(HEAD + "parameters: { tenant: { description: d, required: true, default: x } }\n" + ok, "is required and has a default", 5),
        wrong(HEAD + "parameters: { tenant: { description: d, required: true, pattern: \"(\" } }\n" + ok, "is no regular expression", 5),
        wrong(HEAD + "parameters: { tenant: { description: d, default: x, pattern: \"[0-9]+\" } }\n" + ok, "does not match", 5),
        wrong(HEAD + TENANT + ok, "is never used", 5));
  }

  private static Arguments wrong(String text, String expected, int line) {
    return Arguments.of(text, expected, line);
  }

  @Test
  void everythingThatIsWrongIsToldAtOnceInTheOrderOfLines() {
    List<Finding> findings =
        lint(HEAD + "steps:\n  - { name: a, command: [tenant, mend] }\n  - { name: b, hook: { run: [x] } }\n  - { name: c, approval: y, retries: 3 }\n");
    assertThat(findings).hasSize(3).isSortedAccordingTo(Comparator.comparingInt(Finding::line));
  }

  @Test
  void aPlaceholderMayStandWhereANumberOrADurationBelongs() {
    assertThat(lint(step("command: [tenant, wait, acme, --for, caught-up, --timeout, \"{tenant}\"]"))).isEmpty();
    assertThat(lint(step("command: [verify, run, acme, --parallelism, \"{tenant}\"]"))).isEmpty();
  }

  @Test
  void bracesThatAreNoPlaceholderAreBraces() {
    assertThat(lint(step("hook: { run: [tell, \"{tenant}\", '{\"a\": {\"b\": 1}}', \"{{text}}\"] }; timeout: 1m"))).isEmpty();
  }

  /** The commands of releases to come are taken for granted until they are there. */
  @Test
  void theRunbooksThatAreShippedAreRight() throws IOException {
    boolean migrates = COMMANDS.parse(List.of("migrate", "status", "acme")).wrong() == null;
    Commands commands =
        new Commands() {
          @Override
          public Parsed parse(List<String> argv) {
            return migrates || !argv.getFirst().equals("migrate")
                ? COMMANDS.parse(argv)
                : new Parsed("migrate " + argv.get(1), options(argv.get(1)), Set.of(), null, "");
          }

          private Set<String> options(String verb) {
            return switch (verb) {
              case "cutover", "complete" -> Set.of("--output", "--dry-run", "--confirm");
              case "status" -> Set.of("--output");
              default -> Set.of("--output", "--dry-run");
            };
          }

          @Override
          public Commands.Ran run(List<String> argv, Consumer<String> printed) {
            throw new AssertionError("nothing is run");
          }
        };
    try (Stream<Path> all = Files.list(Path.of("..", "runbooks"))) {
      List<Path> shipped = all.sorted().toList();
      assertThat(shipped).hasSizeGreaterThanOrEqualTo(4);
      for (Path file : shipped) {
        assertThat(RunbookLint.of(Files.readString(file, UTF_8), commands)).as("%s", file).isEmpty();
        assertThat(Files.readString(file, UTF_8)).contains("\nname: " + file.getFileName().toString().replace(".yaml", "") + "\n");
      }
    }
  }

  @Test
  void theRunbookOfTheManualIsRight() throws IOException {
    String manual = Files.readString(Path.of("..", "docs", "runbooks.md"), UTF_8);
    String text = manual.replaceAll("(?s).*?```yaml\n(.*?)```.*", "$1");
    assertThat(text).startsWith("apiVersion: ");
    assertThat(lint(text)).isEmpty();
  }

  @Test
  void theCommandTellsEachProblemWithFileAndLineAndEndsWithTwo() throws IOException {
    Path wrong = Files.writeString(directory.resolve("a.yaml"), step("command: [tenant, mend, \"{tenant}\"]"));
    Files.writeString(directory.resolve("b.yaml"), step("command: [tenant, status, \"{tenant}\"]"));
    Files.writeString(directory.resolve("notes.txt"), "no runbook");
    Ran ran = Ran.command("runbook", "lint", directory.toString());
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).startsWith("error HR-7502: " + wrong + ":7: step one: ").contains("\n  why:  ", "\n  hint: ").doesNotContain("b.yaml");
    Ran json = Ran.command("runbook", "lint", directory.toString(), "-o", "json");
    assertThat(json.code()).isEqualTo(2);
    assertThat(JsonMapper.builder().build().readTree(json.out()).path("items").get(0).path("line").asInt()).isEqualTo(7);
    Files.delete(wrong);
    Ran right = Ran.command("runbook", "lint", directory.toString());
    assertThat(right.code()).as(right.err()).isZero();
    assertThat(right.out()).isEqualTo("the runbook is right\n");
  }
}
