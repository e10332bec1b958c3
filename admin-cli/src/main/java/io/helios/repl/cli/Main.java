package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.config.Durations;
import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Where the program begins. */
public final class Main {

  private Main() {}

  public static void main(String[] arguments) {
    Shell shell = Shell.ofProcess();
    int code = run(shell, arguments);
    shell.out().flush();
    // System.exit first looks for a logger, in every jar there is. Without it the end comes by itself, if nobody holds it.
    if (code != ExitCode.DONE || Thread.getAllStackTraces().keySet().stream().anyMatch(Main::holdsTheEnd)) {
      System.exit(code);
    }
  }

  private static boolean holdsTheEnd(Thread thread) {
    return !thread.isDaemon() && thread != Thread.currentThread();
  }

  /** Runs one command and returns its exit code. Nothing is thrown. */
  public static int run(Shell shell, String... arguments) {
    CommandLine line = configured(shell, CommandTree.of(new CommandFactory(shell), arguments));
    int code =
        line.execute(Arrays.stream(arguments).map(a -> a.equals("--watch") ? "--watch=2s" : a).toArray(String[]::new));
    shell.out().flush();
    return code;
  }

  /** All commands. */
  static CommandLine commandLine(Shell shell) {
    return configured(shell, new CommandLine(HeliosRepl.class, new CommandFactory(shell)));
  }

  private static CommandLine configured(Shell shell, CommandLine line) {
    line.registerConverter(
        Duration.class,
        text ->
            Durations.parse(text)
                .orElseThrow(
                    () ->
                        new CommandLine.TypeConversionException("\"" + text + "\" is no duration: " + Durations.FORM)));
    line.registerConverter(
        OutputFormat.class,
        text ->
            Arrays.stream(OutputFormat.values())
                .filter(f -> f.toString().equals(text))
                .findFirst()
                .orElseThrow(
                    () ->
                        new CommandLine.TypeConversionException("\"" + text + "\" is none of " + OutputFormat.all())));
    line.setAbbreviatedOptionsAllowed(false);
    line.setExecutionStrategy(Main::executed);
    line.setOut(new PrintWriter(shell.out(), true));
    line.setErr(new PrintWriter(shell.err(), true));
    line.setColorScheme(CommandLine.Help.defaultColorScheme(shell.color() ? Ansi.ON : Ansi.OFF));
    line.setUsageHelpWidth(120);
    line.setParameterExceptionHandler((e, args) -> wrongUse(shell, e));
    line.setExecutionExceptionHandler((e, command, parsed) -> failed(shell, e, debug(parsed)));
    return line;
  }

  private static int executed(CommandLine.ParseResult parsed) {
    try {
      return new CommandLine.RunLast().execute(parsed);
    } finally {
      for (CommandLine line : parsed.asCommandLineList()) {
        if (line.getCommand() instanceof ApiCommand command) {
          command.close();
        }
      }
    }
  }

  private static boolean debug(CommandLine.ParseResult parsed) {
    CommandLine.ParseResult last = parsed;
    while (last.hasSubcommand()) {
      last = last.subcommand();
    }
    return last.hasMatchedOption("--debug");
  }

  private static int wrongUse(Shell shell, ParameterException e) {
    String command = e.getCommandLine().getCommandSpec().qualifiedName();
    List<String> meant = e instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
    String hint =
        (meant.isEmpty()
                ? ""
                : "did you mean " + String.join(" or ", meant.subList(0, Math.min(2, meant.size()))) + "? ")
            + command
            + " --help";
    String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("the command line is not right");
    shell.say(
        Failure.of(
                ErrorCode.USAGE, message.replaceAll("\\p{Cntrl}", "?"), "the command line cannot be understood", hint)
            .text());
    return ExitCode.USAGE;
  }

  static int failed(Shell shell, Throwable e, boolean debug) {
    List<Failure> failures;
    int code;
    switch (e) {
      case FailedException failed -> {
        failures = failed.failures();
        code = failed.exitCode();
      }
      case HeliosException known -> {
        failures = List.of(Failure.of(known.problem()));
        code =
            switch (known) {
              case OperatorException o ->
                  o.problem().code() == ErrorCode.USAGE ? ExitCode.USAGE : ExitCode.PRECONDITION;
              case TransientException t -> ExitCode.FAILED;
              case CorruptionException c -> ExitCode.FAILED;
            };
      }
      case InterruptedException interrupted -> {
        failures = List.of();
        code = ExitCode.INTERRUPTED;
      }
      case CancellationException cancelled -> {
        failures = List.of();
        code = ExitCode.INTERRUPTED;
      }
      default -> {
        failures =
            List.of(
                Failure.of(
                    ErrorCode.INTERNAL,
                    "helios-repl met a bug in itself: " + e.getClass().getSimpleName(),
                    "an assumption of the program does not hold",
                    debug ? "report it with what stands below" : "run it again with --debug and report what it says"));
        code = ExitCode.FAILED;
      }
    }
    failures.forEach(f -> shell.say(f.text()));
    if (debug) {
      e.printStackTrace(shell.err());
    }
    return code;
  }
}
