package io.helios.repl.cli;

import io.helios.repl.client.Contexts;
import io.helios.repl.client.ExitCode;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.client.ServerContext;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "context",
    description = {
      "Name servers, with the token and the certificates for each, and choose the one that commands are meant for.",
      "They stand in ~/.config/helios-repl/contexts.yaml, or below $XDG_CONFIG_HOME. --server, HELIOS_SERVER, --context and",
      "HELIOS_CONTEXT win over the current one."
    },
    subcommands = {ContextCommands.Listing.class, ContextCommands.Use.class},
    footer = {
      "",
      "Example:",
      "  helios-repl context use prod",
      "",
      "contexts.yaml:",
      "  current: prod",
      "  contexts:",
      "    here: { server: \"http://127.0.0.1:7400\" }",
      "    prod:",
      "      server: https://helios.example.com:7400",
      "      ca: ca.pem                    # who may have signed the server's certificate; relative to this file's folder",
      "      token-file: ~/.helios/prod    # or certificate: and key:, where the server knows us by certificate"
    })
final class ContextCommands extends CommandGroup {

  private static final List<Column> COLUMNS =
      List.of(
          Column.of("CURRENT", n -> n.path("current").asBoolean(false) ? "*" : ""),
          Column.of("CONTEXT", "context"),
          Column.of("SERVER", "server"),
          Column.of("TOKEN-FILE", "tokenFile").onlyWide(),
          Column.of("CA", "ca").onlyWide(),
          Column.of("CERTIFICATE", "certificate").onlyWide(),
          Column.of("KEY", "key").onlyWide());

  @Command(
      name = "list",
      description = "List the contexts; a star marks the current one.",
      footer = {"", "Example:", "  helios-repl context list -o wide"})
  static final class Listing implements Callable<Integer> {

    private final Shell shell;

    @Mixin Options.Help help = new Options.Help();
    @Mixin Options.Output output = new Options.Output();

    Listing(Shell shell) {
      this.shell = shell;
    }

    @Override
    public Integer call() {
      Contexts contexts = Contexts.read(shell.environment());
      String current = contexts.current().map(ServerContext::name).orElse("");
      List<JsonNode> all =
          contexts.all().stream().<JsonNode>map(c -> document(c, c.name().equals(current))).toList();
      new Printer(shell, output.format).print(TenantVerbs.list("ContextList", all), "context", COLUMNS);
      if (all.isEmpty() && output.format.isForPeople()) {
        shell.say(contexts.file() + " has none; helios-repl context --help shows how to write one");
      }
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "use",
      description = "Mean this context's server from now on.",
      footer = {"", "Example:", "  helios-repl context use prod"})
  static final class Use implements Callable<Integer> {

    private final Shell shell;

    @Mixin Options.Help help = new Options.Help();

    @Parameters(paramLabel = "NAME", description = "The context's name.")
    String name = "";

    Use(Shell shell) {
      this.shell = shell;
    }

    @Override
    public Integer call() {
      Contexts contexts = Contexts.read(shell.environment());
      contexts.use(name);
      shell.out().println("commands are meant for " + contexts.get(name).server() + " from now on");
      for (String variable : List.of("HELIOS_SERVER", "HELIOS_CONTEXT")) {
        if (!shell.environment().getOrDefault(variable, "").isEmpty()) {
          shell.say("warning: " + variable + " is set and wins over it");
        }
      }
      return ExitCode.DONE;
    }
  }

  private static ObjectNode document(ServerContext context, boolean current) {
    return HeliosClient.object()
        .put("apiVersion", "helios-repl/v1")
        .put("kind", "Context")
        .put("context", context.name())
        .put("server", context.server())
        .put("current", current)
        .put("tokenFile", text(context.tokenFile()))
        .put("ca", text(context.ca()))
        .put("certificate", text(context.certificate()))
        .put("key", text(context.key()));
  }

  private static @Nullable String text(@Nullable Path path) {
    return path == null ? null : path.toString();
  }
}
