package io.helios.repl.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Whoever is told to run a command can run it: every command that a message, a hint or a document names is there. */
class HintsTest {

  /** A piece of text in the sources; what follows it is put together at run time. */
  private static final Pattern LITERAL = Pattern.compile("\"((?:[^\"\\\\\\n]|\\\\.)*)\"");

  private static final Pattern CODE_SPAN = Pattern.compile("`(helios-repl [^`\\n]+)`");
  private static final Pattern FENCED = Pattern.compile("(?ms)^```[a-z]*$(.*?)^```$");
  private static final Pattern CODE_LINE = Pattern.compile("(?m)^(?:\\$ )?(?:sudo )?(?:\\./)?(helios-repl [^\\n#]+)");
  private static final Pattern COMMAND = Pattern.compile("helios-repl (--?[a-z]+|[a-z][a-z-]*)( [a-z][a-z-]*)?([^;,|&`\\n]*)");
  private static final Pattern OPTION = Pattern.compile("(?<=\\s)--[a-z][a-z-]*");

  /** What messages say of the program itself. */
  private static final Set<String> PROSE =
      Set.of(
          "alone", "context", "created", "did", "has", "is", "made", "met", "overrides", "prepared", "serves", "sets", "that", "whose", "wrote");

  private static final Set<String> SERVER_PROSE = Set.of("did", "has", "is", "may", "needs", "uses");

  private final CommandLine tree =
      Main.commandLine(
          new Shell(
              new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
              new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
              new BufferedReader(new StringReader("")),
              Map.of(),
              false,
              false));

  private int seen;

  @Test
  void everyCommandThatAMessageNamesIsThere() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (String module : List.of("replicator", "tenant-migration", "failover", "tui", "admin-cli")) {
      for (Path source : files(Path.of("..", module, "src", "main", "java"), ".java")) {
        LITERAL.matcher(Files.readString(source, UTF_8)).results()
            .forEach(literal -> look(literal.group(1).replace("\\\"", "\"").replace("\\n", "\n"), source, true, wrong));
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(seen).isGreaterThan(150);
  }

  @Test
  void everyCommandThatADocumentNamesIsThere() throws IOException {
    List<String> wrong = new ArrayList<>();
    List<Path> documents = new ArrayList<>(files(Path.of("..", "docs"), ".md"));
    documents.add(Path.of("..", "README.md"));
    documents.addAll(files(Path.of("..", "monitoring"), ".yaml"));
    for (Path document : documents) {
      String text = Files.readString(document, UTF_8);
      Stream.concat(
              CODE_SPAN.matcher(text).results(), FENCED.matcher(text).results().flatMap(f -> CODE_LINE.matcher(f.group(1)).results()))
          .forEach(m -> look(m.group(1), document, false, wrong));
    }
    assertThat(wrong).isEmpty();
    assertThat(seen).isGreaterThan(50);
  }

  @Test
  void whatIsNotThereWouldBeFound() {
    List<String> wrong = new ArrayList<>();
    for (String hint :
        List.of("helios-repl tenants list", "helios-repl tenant mend acme", "run helios-repl verify run acme --deep", "helios-repl doctor --everything")) {
      look(hint, Path.of("hint"), true, wrong);
    }
    look("another helios-repl server uses it; helios-repl tenant start acme --wait; helios-repl --version", Path.of("hint"), true, wrong);
    assertThat(wrong).hasSize(4);
  }

  /** @param prose whether sentences are in it, too */
  private void look(String text, Path where, boolean prose, List<String> wrong) {
    Matcher command = COMMAND.matcher(text);
    while (command.find()) {
      String first = command.group(1);
      String second = Objects.requireNonNullElse(command.group(2), "").strip();
      if (first.startsWith("-") || prose && (PROSE.contains(first) || first.equals("server") && SERVER_PROSE.contains(second))) {
        continue;
      }
      boolean cut = command.end() == text.length();
      String reason = wrongWith(first, second, Objects.requireNonNullElse(command.group(3), ""), cut && prose);
      seen++;
      if (reason != null) {
        wrong.add(where + ": " + command.group() + ": " + reason);
      }
    }
  }

  private @Nullable String wrongWith(String first, String second, String rest, boolean cut) {
    CommandLine command = tree.getSubcommands().get(first);
    if (command == null) {
      return "no command " + first;
    }
    if (!command.getSubcommands().isEmpty() && !second.isEmpty()) {
      command = command.getSubcommands().get(second);
      if (command == null) {
        return "no command " + first + " " + second;
      }
      if (!command.getSubcommands().isEmpty()) {
        command = command.getSubcommands().getOrDefault(rest.strip().split("\\s", 2)[0], command);
      }
    } else if (!command.getSubcommands().isEmpty() && !cut && !rest.strip().startsWith("--help")) {
      return first + " is a group of commands";
    }
    Set<String> unknown = new LinkedHashSet<>();
    Matcher options = OPTION.matcher(" " + rest);
    while (options.find()) {
      if (command.getCommandSpec().findOption(options.group()) == null) {
        unknown.add(options.group());
      }
    }
    return unknown.isEmpty() ? null : "no option " + unknown;
  }

  private static List<Path> files(Path folder, String suffix) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(p -> p.toString().endsWith(suffix)).sorted().toList();
    }
  }
}
