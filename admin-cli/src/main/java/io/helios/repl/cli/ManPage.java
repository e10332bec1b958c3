package io.helios.repl.cli;

import io.helios.repl.config.ProductVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The manual's page of a command, in roff with the macros of man(7), made from what --help is made from. */
final class ManPage {

  private static final List<List<String>> EXIT_CODES =
      List.of(
          List.of("0", "Done."),
          List.of("1", "Failed."),
          List.of("2", "The command line or a file is not right."),
          List.of("3", "Declined at a confirmation."),
          List.of("4", "Not allowed."),
          List.of("5", "There is no such tenant, source, target."),
          List.of("6", "A precondition does not hold."),
          List.of("7", "A verification found a difference."),
          List.of("8", "A wait timed out; the work goes on."),
          List.of("9", "The server cannot be reached."),
          List.of("130", "Interrupted."));

  private final StringBuilder page = new StringBuilder();
  private final CommandSpec command;

  private ManPage(CommandSpec command) {
    this.command = command;
  }

  /** The pages of a command and of all below it that are not hidden, by name: {@code helios-repl-tenant-start}. */
  static Map<String, String> all(CommandLine root) {
    Map<String, String> pages = new TreeMap<>();
    walk(root).forEach(c -> pages.put(c.qualifiedName("-"), new ManPage(c).text()));
    return pages;
  }

  private static Stream<CommandSpec> walk(CommandLine line) {
    return Stream.concat(
        Stream.of(line.getCommandSpec()),
        line.getSubcommands().values().stream()
            .distinct()
            .filter(c -> !c.getCommandSpec().usageMessage().hidden())
            .flatMap(ManPage::walk));
  }

  private String text() {
    UsageMessageSpec usage = command.usageMessage();
    String name = command.qualifiedName("-");
    page.append(".TH \"").append(name.toUpperCase(Locale.ROOT)).append("\" \"1\" \"\" \"helios-repl ");
    page.append(ProductVersion.current()).append("\" \"User Commands\"\n.nh\n.ad l\n");
    section("NAME");
    String description = String.join(" ", usage.description());
    int end = description.indexOf(". ");
    line(name + " \\- " + escaped((end < 0 ? description : description.substring(0, end)).replaceAll("\\.$", "")));
    section("SYNOPSIS");
    String synopsis = new Help(command, Help.defaultColorScheme(Help.Ansi.OFF)).synopsis(0);
    line(".B " + escaped(command.qualifiedName()));
    line(escaped(synopsis.replaceAll("\\s+", " ").strip().substring(command.qualifiedName().length()).strip()));
    section("DESCRIPTION");
    for (String sentence : usage.description()) {
      line(escaped(sentence));
    }
    options();
    commands();
    footer(usage.footer());
    section("EXIT STATUS");
    EXIT_CODES.forEach(c -> term(c.getFirst(), c.getLast()));
    related();
    return page.toString();
  }

  private void options() {
    List<OptionSpec> options = command.options().stream().filter(o -> !o.hidden()).toList();
    if (!command.positionalParameters().isEmpty()) {
      section("ARGUMENTS");
      command.positionalParameters().forEach(p -> term(p.paramLabel(), described(p)));
    }
    if (!options.isEmpty()) {
      section("OPTIONS");
      for (OptionSpec option : options) {
        String label = option.arity().max() == 0 ? "" : option.arity().min() == 0 ? "[=" + option.paramLabel() + "]" : " " + option.paramLabel();
        term(String.join(", ", option.names()) + label, described(option));
      }
    }
  }

  private static String described(ArgSpec argument) {
    return String.join(" ", argument.description())
        .replace("${COMPLETION-CANDIDATES}", OutputFormat.all());
  }

  private void commands() {
    List<CommandLine> below =
        command.subcommands().values().stream()
            .distinct()
            .filter(c -> !c.getCommandSpec().usageMessage().hidden())
            .toList();
    if (!below.isEmpty()) {
      section("COMMANDS");
      below.forEach(
          c -> term(c.getCommandName(), String.join(" ", c.getCommandSpec().usageMessage().description())));
    }
  }

  /** What stands below --help: a heading, then lines that are shown as they are. */
  private void footer(String[] lines) {
    boolean open = false;
    for (String text : lines) {
      if (text.matches("Examples?:")) {
        section("EXAMPLES");
        line(".nf");
        open = true;
      } else if (open || !text.isBlank()) {
        if (!open) {
          section("NOTES");
          line(".nf");
          open = true;
        }
        page.append(text.isBlank() ? ".sp\n" : escaped(text) + "\n");
      }
    }
    if (open) {
      line(".fi");
    }
  }

  private void related() {
    List<String> names = new ArrayList<>();
    CommandSpec parent = command.parent();
    if (parent != null) {
      names.add(parent.qualifiedName("-"));
    }
    command.subcommands().values().stream()
        .distinct()
        .filter(c -> !c.getCommandSpec().usageMessage().hidden())
        .forEach(c -> names.add(c.getCommandSpec().qualifiedName("-")));
    if (!names.isEmpty()) {
      section("SEE ALSO");
      line(escaped(String.join("(1), ", names) + "(1)"));
    }
  }

  private void section(String title) {
    line(".SH " + title);
  }

  private void term(String label, String text) {
    line(".TP");
    line(".B " + escaped(label));
    line(escaped(text));
  }

  private void line(String text) {
    page.append(text).append('\n');
  }

  /** Backslashes and hyphens as themselves, and no line that begins like a request. */
  private static String escaped(String text) {
    String safe = text.replace("\\", "\\e").replace("-", "\\-");
    return safe.startsWith(".") || safe.startsWith("'") ? "\\&" + safe : safe;
  }
}
