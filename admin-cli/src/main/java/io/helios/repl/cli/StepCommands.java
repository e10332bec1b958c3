package io.helios.repl.cli;

import io.helios.repl.runbook.Commands;
import java.io.BufferedReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** This program's commands for steps of runbooks: run in this process, with nobody there to be asked. */
final class StepCommands implements Commands {

  private static final int MOST_DATA = 16 << 20;
  private static final int MOST_MESSAGES = 0;

  private final Map<String, String> environment;
  private final CommandLine tree;

  /** @param environment says among other things which server is meant */
  StepCommands(Map<String, String> environment) {
    this.environment = environment;
    PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    this.tree = Main.commandLine(shell(nowhere, nowhere));
  }

  private Shell shell(PrintStream out, PrintStream err) {
    return new Shell(out, err, new BufferedReader(new StringReader("")), environment, false, false);
  }

  @Override
  public Parsed parse(List<String> argv) {
    if (argv.getFirst().equals("helios-repl")) {
      return wrong("it begins with helios-repl", "leave the program's name out: [" + String.join(", ", argv.subList(1, argv.size())) + "]");
    }
    ParseResult parsed;
    try {
      parsed = tree.parseArgs(argv.stream().map(a -> a.equals("--watch") ? "--watch=2s" : a).toArray(String[]::new));
    } catch (ParameterException e) {
      String command = e.getCommandLine().getCommandSpec().qualifiedName();
      List<String> meant = e instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
      return wrong(
          String.valueOf(e.getMessage()).lines().findFirst().orElse("it is not right"),
          meant.isEmpty() ? command + " --help" : "did you mean " + String.join(" or ", meant.subList(0, Math.min(2, meant.size()))) + "?");
    }
    while (parsed.hasSubcommand()) {
      parsed = parsed.subcommand();
    }
    CommandLine.Model.CommandSpec spec = parsed.commandSpec();
    if (!spec.subcommands().isEmpty()) {
      return wrong(
          spec.parent() == null ? "it names no command" : spec.name() + " is a group of commands",
          "one of " + String.join(", ", spec.subcommands().keySet()));
    }
    if (parsed.isUsageHelpRequested()) {
      return wrong("it asks for help", "leave --help out");
    }
    return new Parsed(
        spec.qualifiedName().substring(tree.getCommandName().length()).strip(), names(spec.options()), names(parsed.matchedOptions()), null, "");
  }

  private static Set<String> names(List<OptionSpec> options) {
    Set<String> names = new TreeSet<>();
    options.forEach(option -> names.add(option.longestName()));
    return names;
  }

  private static Parsed wrong(String what, String hint) {
    return new Parsed("", Set.of(), Set.of(), what, hint);
  }

  @Override
  public Ran run(List<String> argv, Consumer<String> printed) {
    LineStream data = new LineStream(printed, MOST_DATA);
    LineStream messages = new LineStream(printed, MOST_MESSAGES);
    PrintStream out = new PrintStream(data, true, StandardCharsets.UTF_8);
    PrintStream err = new PrintStream(messages, true, StandardCharsets.UTF_8);
    int code = Main.run(shell(out, err), argv.toArray(String[]::new));
    out.flush();
    err.flush();
    data.end();
    messages.end();
    return new Ran(code, data.text());
  }
}
