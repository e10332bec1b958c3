package io.helios.repl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** A command that is read alone is the one that it is among all others. */
class CommandTreeTest {

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Shell shell =
      new Shell(
          new PrintStream(out, true, StandardCharsets.UTF_8),
          new PrintStream(err, true, StandardCharsets.UTF_8),
          new BufferedReader(new StringReader("")),
          Map.of(),
          false,
          false);

  /** The words of every command that has none below it. */
  private List<List<String>> commands() {
    List<List<String>> found = new ArrayList<>();
    collect(Main.commandLine(shell), List.of(), found);
    return found;
  }

  private static void collect(CommandLine at, List<String> words, List<List<String>> found) {
    if (at.getSubcommands().isEmpty()) {
      found.add(words);
    }
    at.getSubcommands().forEach((name, below) -> {
      List<String> longer = new ArrayList<>(words);
      longer.add(name);
      collect(below, longer, found);
    });
  }

  private static CommandLine below(CommandLine at, String word) {
    return Objects.requireNonNull(at.getSubcommands().get(word));
  }

  @Test
  void itsHelpIsTheSameWordForWord() {
    List<List<String>> commands = commands();
    assertThat(commands).hasSizeGreaterThan(20).contains(List.of("tenant", "status"), List.of("version"));
    for (List<String> words : commands) {
      CommandLine whole = Main.commandLine(shell);
      for (String word : words) {
        whole = below(whole, word);
      }
      out.reset();
      List<String> line = new ArrayList<>(words);
      line.add("--help");
      assertThat(Main.run(shell, line.toArray(String[]::new))).isZero();
      assertThat(out.toString(StandardCharsets.UTF_8)).as("%s", words).isEqualTo(whole.getUsageMessage());
    }
  }

  @Test
  void onlyItIsReadWhereTheWordsAreExact() {
    CommandLine tree = CommandTree.of(new CommandFactory(shell), "tenant", "status", "acme");
    assertThat(tree.getSubcommands()).containsOnlyKeys("tenant");
    assertThat(below(tree, "tenant").getSubcommands()).containsOnlyKeys("status");
  }

  @Test
  void thoseThatAreKnownByTheirWordsAreTheOnesOfTheWholeTree() {
    List<String> known = new ArrayList<>();
    for (List<String> words : commands()) {
      Class<?> type = CommandTree.known(words.toArray(String[]::new));
      if (type != null) {
        CommandLine whole = Main.commandLine(shell);
        for (String word : words) {
          whole = below(whole, word);
        }
        assertThat(type).as("%s", words).isEqualTo(whole.getCommandSpec().userObject().getClass());
        known.add(String.join(" ", words));
      }
    }
    assertThat(Rehearsal.COMMANDS).as("what is rehearsed").allMatch(line -> known.stream().anyMatch(line::startsWith));
    assertThat(known).allMatch(words -> Rehearsal.COMMANDS.stream().anyMatch(line -> line.startsWith(words)));
  }

  @Test
  void wrongWordsMeetAllCommands() {
    for (List<String> wrong : List.of(List.<String>of(), List.of("tenants"), List.of("tenant"), List.of("tenant", "statis"), List.of("--help"))) {
      CommandLine tree = CommandTree.of(new CommandFactory(shell), wrong.toArray(String[]::new));
      assertThat(tree.getSubcommands().keySet()).as("%s", wrong).isEqualTo(Main.commandLine(shell).getSubcommands().keySet());
    }
  }

  @Test
  void aWrongOptionIsToldWithTheWholeCommand() {
    assertThat(Main.run(shell, "tenant", "status", "--nope")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("helios-repl tenant status --help");
  }
}
