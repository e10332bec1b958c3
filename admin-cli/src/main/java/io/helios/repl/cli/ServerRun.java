package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.Failure;
import io.helios.repl.config.LoadedConfiguration;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.server.LogFormat;
import io.helios.repl.server.ServerLife;
import io.helios.repl.server.ServerLogging;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "run",
    description = "Run a server until it is told to stop.",
    footer = {
      "",
      "Example:",
      "  helios-repl server run --config helios-repl.yaml",
      "",
      "Flags win over HELIOS_* variables (HELIOS_DATA_DIR, HELIOS_RELAY_MAX_BYTES, HELIOS_SOURCES_SHOP_URL),",
      "which win over the file. A file that is enough to begin with:",
      "",
      "  sources:",
      "    shop:",
      "      url: postgresql://helios@127.0.0.1:5432/shop",
      "      password-file: /etc/helios-repl/shop.pw",
      "      tenancy: { column: tenant_id }",
      "  targets:",
      "    shop-eu:",
      "      url: postgresql://helios@10.0.0.2:5432/shop",
      "      password-file: /etc/helios-repl/shop-eu.pw"
    })
final class ServerRun implements Callable<Integer> {

  /** A server that has not stopped by then is left to the operating system. */
  private static final long STOP_SECONDS = 30;

  private final Shell shell;

  @Mixin Options.Help help = new Options.Help();
  @Mixin ServerCommands.ConfigurationOptions options = new ServerCommands.ConfigurationOptions();

  @Option(names = "--debug", description = "Log more, and show stack traces of what goes wrong.")
  boolean debug;

  @Option(
      names = "--log-format",
      paramLabel = "FORMAT",
      description = "text for people, json for log collectors: one object a line. Else HELIOS_LOG_FORMAT, else text.")
  @Nullable LogFormat logFormat;

  ServerRun(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() throws InterruptedException {
    LoadedConfiguration loaded = options.load(shell.environment());
    loaded.warnings().forEach(w -> shell.say("warning: " + w));
    ServerConfiguration configuration = loaded.configuration();
    if (configuration == null) {
      loaded.problems().forEach(p -> shell.say(Failure.of(p).text()));
      return ExitCode.USAGE;
    }
    ServerLogging.configure(debug, format());
    ServerLife server = ServerLife.start(configuration, shell.environment());
    CountDownLatch stopped = new CountDownLatch(1);
    NotifySocket manager = NotifySocket.of(shell.environment());
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  manager.tell("STOPPING=1");
                  stop(server, stopped);
                },
                "helios-stop"));
    shell.out().println(server.greeting());
    shell.out().flush();
    if (!manager.tell("READY=1\nSTATUS=" + server.greeting())) {
      shell.say("warning: the service manager that NOTIFY_SOCKET names cannot be told that the server is ready");
    }
    stopped.await();
    return ExitCode.DONE;
  }

  private LogFormat format() {
    String named = shell.environment().getOrDefault("HELIOS_LOG_FORMAT", "");
    if (logFormat != null || named.isEmpty()) {
      return logFormat == null ? LogFormat.TEXT : logFormat;
    }
    return Arrays.stream(LogFormat.values())
        .filter(format -> format.name().equalsIgnoreCase(named))
        .findFirst()
        .orElseThrow(
            () ->
                ApiCommand.usage(
                    "HELIOS_LOG_FORMAT is not a format of the log", "it is text or json", "HELIOS_LOG_FORMAT=json"));
  }

  /** Told to stop by a signal, it stops what it started, says so, and ends with 0 whatever the signal was. */
  private void stop(ServerLife server, CountDownLatch stopped) {
    Thread closing = Thread.ofPlatform().name("helios-close").daemon().start(server::close);
    boolean inTime = false;
    try {
      inTime = closing.join(Duration.ofSeconds(STOP_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    shell.say(
        inTime
            ? "helios-repl server has stopped"
            : "helios-repl server did not stop within " + STOP_SECONDS + "s and is left to itself");
    stopped.countDown();
    Runtime.getRuntime().halt(inTime ? ExitCode.DONE : ExitCode.FAILED);
  }
}
