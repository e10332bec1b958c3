package io.helios.repl.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Options that several commands share. */
final class Options {

  private Options() {}

  /** Every command has it. */
  static final class Help {
    @Option(
        names = {"-h", "--help"},
        usageHelp = true,
        description = "Show this.")
    boolean help;
  }

  /** How to reach the server. */
  static final class Server {
    @Option(
        names = "--server",
        paramLabel = "URL",
        description = "The server; else HELIOS_SERVER, else the current context, else http://127.0.0.1:7400.")
    @Nullable String url;

    @Option(
        names = "--context",
        paramLabel = "NAME",
        description = "The server, token and certificates of this context: helios-repl context.")
    @Nullable String context;

    @Option(names = "--debug", description = "Show stack traces of what goes wrong.")
    boolean debug;
  }

  /** How to print. */
  static final class Output {
    @Option(
        names = {"-o", "--output"},
        paramLabel = "FORMAT",
        description = "One of ${COMPLETION-CANDIDATES}. Default: table.")
    OutputFormat format = OutputFormat.TABLE;
  }

  /** Repeating. */
  static final class Watch {
    @Option(
        names = "--watch",
        arity = "0..1",
        fallbackValue = "2s",
        paramLabel = "EVERY",
        description = "Print again and again, every 2s or as said.")
    @Nullable Duration every;
  }

  /** For what changes something. */
  static final class Change {
    @Option(names = "--dry-run", description = "Show the server's plan and do nothing.")
    boolean dryRun;

    @Option(
        names = {"-y", "--yes"},
        description = "Answer questions with yes.")
    boolean yes;
  }

  /** For what takes a while. */
  static final class Waiting {
    @Option(names = "--wait", description = "Return when it has come about.")
    boolean wait;

    @Option(names = "--timeout", paramLabel = "DURATION", description = "How long to wait at most. Default: 5m.")
    Duration timeout = Duration.ofMinutes(5);
  }

  /** Which tenants. */
  static final class Names {
    @Parameters(paramLabel = "NAME", arity = "0..*", description = "Names of tenants.")
    List<String> names = new ArrayList<>();

    @Option(names = "--all", description = "All tenants.")
    boolean all;
  }
}
