package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.client.Follow;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import tools.jackson.databind.JsonNode;

/** What commands that ask a server have in common. One thread. */
abstract class ApiCommand implements Callable<Integer>, AutoCloseable {

  final Shell shell;

  @Mixin Options.Help help = new Options.Help();
  @Mixin Options.Server server = new Options.Server();
  @Mixin Options.Output output = new Options.Output();

  private @Nullable HeliosClient client;

  ApiCommand(Shell shell) {
    this.shell = shell;
  }

  final HeliosClient client() {
    HeliosClient made = client;
    if (made == null) {
      made = HeliosClient.to(server.url, server.context, shell.environment());
      client = made;
    }
    return made;
  }

  /** After the command, however it ended. */
  @Override
  public final void close() {
    HeliosClient made = client;
    if (made != null) {
      made.close();
    }
  }

  final Printer printer() {
    return new Printer(shell, output.format);
  }

  /** A name as part of a path; what cannot be a name is a usage error. */
  static String checked(String kind, String name) {
    if (!TenantNames.isValid(name)) {
      throw usage(
          "\"" + TenantNames.printable(name) + "\" is no name of a " + kind,
          TenantNames.RULE,
          "helios-repl " + kind + " list");
    }
    return name;
  }

  static FailedException usage(String message, String why, String hint) {
    return new FailedException(ExitCode.USAGE, Failure.of(ErrorCode.USAGE, message, why, hint));
  }

  /** Prints once, or again and again until interrupted. */
  final int watched(Options.Watch watch, Supplier<Runnable> fetch) {
    Runnable print = fetch.get();
    while (watch.every != null) {
      if (shell.redraws()) {
        shell.out().print("\u001b[H\u001b[2J");
      }
      print.run();
      shell.out().flush();
      try {
        Thread.sleep(Math.max(100, watch.every.toMillis()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return ExitCode.INTERRUPTED;
      }
      print = fetch.get();
    }
    print.run();
    return ExitCode.DONE;
  }

  /** Asks for yes where somebody can be asked; scripts are taken at their word. */
  final void confirm(Options.Change change, String question) {
    if (!change.yes && !change.dryRun && shell.interactive()) {
      String answer = ask(question + " [y/N] ");
      if (!answer.equalsIgnoreCase("y") && !answer.equalsIgnoreCase("yes")) {
        throw declined("not confirmed", "the answer was not yes", "--yes answers it");
      }
    }
  }

  /** A severe act: the name has to be said again, by option or at the terminal. */
  final void confirmName(Options.Change change, List<String> confirmed, String name, String act) {
    if (change.dryRun || confirmed.contains(name)) {
      return;
    }
    String hint = "--confirm=" + name;
    if (!confirmed.isEmpty() || !shell.interactive()) {
      throw declined(
          act + " is not confirmed",
          confirmed.isEmpty() ? "nobody can be asked here" : "--confirm names another",
          hint);
    }
    if (!ask(act + ". Type " + name + " to go on: ").equals(name)) {
      throw declined(act + " is not confirmed", "the answer was not " + name, hint);
    }
  }

  /** What is typed after the question; empty where nothing can be. */
  final String ask(String question) {
    shell.out().flush();
    shell.err().print(question);
    shell.err().flush();
    try {
      String answer = shell.in().readLine();
      return answer == null ? "" : answer.strip();
    } catch (IOException e) {
      return "";
    }
  }

  private static FailedException declined(String message, String why, String hint) {
    return new FailedException(ExitCode.DECLINED, Failure.of(ErrorCode.DECLINED, message, why, hint));
  }

  /** Waits for an operation about a tenant, with its state as progress where somebody looks. */
  final JsonNode follow(
      String tenant, JsonNode operation, Supplier<JsonNode> again, Duration patience, Follow.TimedOut timedOut) {
    return follow(() -> Progress.ofTenant(client(), tenant), operation, again, patience, timedOut);
  }

  /** Waits for an operation, with its progress: drawn in place on a terminal, a line now and then elsewhere. */
  final JsonNode follow(
      Supplier<Progress.Step> step,
      JsonNode operation,
      Supplier<JsonNode> again,
      Duration patience,
      Follow.TimedOut timedOut) {
    Progress progress = new Progress(shell, step, System::nanoTime);
    try {
      return new Follow(client(), shell.redraws() ? Duration.ofMillis(700) : Duration.ofSeconds(20), progress::show)
          .toEnd(operation, again, patience, timedOut);
    } finally {
      progress.clear();
    }
  }
}
