package io.helios.repl.demo;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code helios-repl demo}. Also when it is interrupted, its servers end and its folders go before the process does. */
@Command(
    name = "demo",
    description = "Starts two PostgreSQL servers, a workload and a server, and shows tenants being copied and streamed.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:both sides were equal", "1:it could not be carried out", "7:verification found a difference"},
    footer = {
      "",
      "Examples:",
      "  helios-repl demo",
      "  helios-repl demo --tui --tenants 40",
      "  helios-repl demo --once --tenants 20 --rate 500"
    })
public final class DemoCommand implements Callable<Integer> {

  private static final int EXIT_DIFFERENT = 7;
  private static final int EXIT_INTERRUPTED = 130;
  private static final Duration LIVE = Duration.ofSeconds(10);
  private static final long CLEAN_UP_SECONDS = 30;

  private final DemoServer.Factory servers;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before call()
  private CommandSpec spec;

  @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this.")
  private boolean help;

  @Option(names = "--once", description = "Unattended: copy, 10 s of live load, stop it, catch up, verify, sum up, end.")
  private boolean once;

  @Option(names = "--tui", description = "Open the dashboard on it; leaving it with q ends the demonstration.")
  private boolean tui;

  @Option(names = "--tenants", paramLabel = "N", defaultValue = "8", description = "How many tenants, 1 to 500 (default: ${DEFAULT-VALUE}).")
  private int tenants;

  @Option(names = "--rate", paramLabel = "N", defaultValue = "200", description = "Transactions a second at the source, 1 to 10000 (default: ${DEFAULT-VALUE}).")
  private int rate;

  public DemoCommand(DemoServer.Factory servers) {
    this.servers = servers;
  }

  @Override
  public Integer call() throws IOException {
    requireBetween("--tenants", tenants, 1, 500);
    requireBetween("--rate", rate, 1, 10_000);
    PrintStream out = System.out;
    Terminal terminal = Terminal.detect(out, System.getenv());
    if (tui && once) {
      throw new ParameterException(spec.commandLine(), "Options '--tui' and '--once' do not go together: one waits for you, the other does not");
    }
    if (tui && !terminal.redraws()) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TERMINAL_NEEDED,
              "demo --tui needs a terminal",
              "standard input or output is none, or TERM is not set or dumb",
              "helios-repl demo --once"));
    }
    Path directory = Files.createTempDirectory("helios-repl-demo");
    Path log = directory.resolveSibling(directory.getFileName() + ".log");
    CountDownLatch ended = new CountDownLatch(1);
    AtomicBoolean ending = new AtomicBoolean();
    Thread interrupter = endOnShutdown(Thread.currentThread(), ending, ended);
    try (DemoLog file = DemoLog.open(log);
        DemoScreen screen = new DemoScreen(out, terminal)) {
      Demo demo = new Demo(new DemoSettings(tenants, rate, once, tui, LIVE), servers, screen);
      Demo.Outcome outcome = demo.run(directory);
      file.discard();
      return outcome == Demo.Outcome.DIFFERENT ? EXIT_DIFFERENT : 0;
    } catch (InterruptedException e) {
      Files.deleteIfExists(log);
      Thread.currentThread().interrupt();
      return EXIT_INTERRUPTED;
    } catch (IOException | SQLException | TimeoutException | RuntimeException e) {
      if (ending.get()) {
        // What was under way failed because the process is ending.
        Files.deleteIfExists(log);
        return EXIT_INTERRUPTED;
      }
      if (e instanceof RuntimeException bug) {
        throw bug;
      }
      throw new TransientException(
          new Problem(ErrorCode.DEMO_FAILED, "the demonstration ended early", String.valueOf(e.getMessage()), "see " + log), e);
    } finally {
      delete(directory);
      ended.countDown();
      stopWatching(interrupter);
    }
  }

  private void requireBetween(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for option '" + option + "': " + value + " is not from " + least + " to " + most);
    }
  }

  /** Ctrl-C begins the virtual machine's end, which waits for this. */
  private static Thread endOnShutdown(Thread demo, AtomicBoolean ending, CountDownLatch ended) {
    Thread hook =
        new Thread(
            () -> {
              ending.set(true);
              demo.interrupt();
              try {
                if (!ended.await(CLEAN_UP_SECONDS, TimeUnit.SECONDS)) {
                  System.err.println("the demonstration has not cleaned up within " + CLEAN_UP_SECONDS + " s");
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "demo-shutdown");
    Runtime.getRuntime().addShutdownHook(hook);
    return hook;
  }

  private static void stopWatching(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException endingAlready) {
      // Then the hook has done its work.
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
