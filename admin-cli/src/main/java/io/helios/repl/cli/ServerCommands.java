package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.Failure;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.ConfigurationInput;
import io.helios.repl.config.ConfigurationLoader;
import io.helios.repl.config.Durations;
import io.helios.repl.config.LoadedConfiguration;
import io.helios.repl.error.ErrorCode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "server",
    description = "Run a server, or ask one how it is.",
    subcommands = {ServerRun.class, ServerCommands.Status.class, ServerCommands.Members.class, ServerCommands.Drain.class, ServerCommands.Config.class, PkiCommands.class},
    footer = {"", "Example:", "  helios-repl server run --config helios-repl.yaml"})
final class ServerCommands extends CommandGroup {

  @Command(
      name = "status",
      description = "Show the server, its sources and its targets.",
      footer = {"", "Example:", "  helios-repl server status --server http://127.0.0.1:7400"})
  static final class Status extends ApiCommand {

    @Mixin Options.Watch watch = new Options.Watch();

    private static final List<Column> PEERS =
        List.of(
            Column.of("PEER", "region"),
            Column.of("URL", "url"),
            Column.of("REACHABLE", n -> Texts.yesNo(n.path("reachable"))),
            Column.of("VERSION", "version"),
            Column.of("PUBLIC-KEY", "publicKey").onlyWide(),
            Column.of("CERTIFICATE-ENDS", "certificateEnds"),
            Column.number("CLOCK-AHEAD", n -> millis(n.path("clockAheadMillis"))),
            Column.number("ROUND-TRIP", n -> millis(n.path("roundTripMillis"))),
            Column.of("ERROR", n -> Texts.text(n.path("error").path("code"))),
            Column.of("MESSAGE", n -> Texts.text(n.path("error").path("message"))).onlyWide());

    Status(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      return watched(
          watch,
          () -> {
            JsonNode status = client().get("/server");
            return () -> show(status);
          });
    }

    private static String millis(JsonNode value) {
      return value.isNumber() ? value.asLong() + " ms" : Texts.text(value);
    }

    private void show(JsonNode status) {
      if (!output.format.isForPeople()) {
        printer().print(status, "address", List.of());
        return;
      }
      List<List<String>> fields = new ArrayList<>();
      for (String field :
          List.of("address", "state", "version", "region", "publicKey", "process", "started", "dataDirectory", "store")) {
        if (!status.path(field).isNull()) {
          fields.add(List.of(field, Texts.text(status.path(field))));
        }
      }
      JsonNode tenants = status.path("tenants");
      StringBuilder counts = new StringBuilder(Texts.text(tenants.path("total")));
      for (Map.Entry<String, JsonNode> state : tenants.path("byState").properties()) {
        counts
            .append(counts.indexOf("(") < 0 ? " (" : ", ")
            .append(state.getKey())
            .append(' ')
            .append(Texts.text(state.getValue()));
      }
      fields.add(List.of("tenants", counts.append(counts.indexOf("(") < 0 ? "" : ")").toString()));
      fields.add(List.of("largestLag", Texts.seconds(tenants.path("largestLagSeconds"))));
      printer().fields(fields);
      shell.out().println();
      printer().table(status.path("sources").valueStream().toList(), EndpointCommands.columns("source"));
      shell.out().println();
      printer().table(status.path("targets").valueStream().toList(), EndpointCommands.columns("target"));
      if (!status.path("peers").isEmpty()) {
        shell.out().println();
        printer().table(status.path("peers").valueStream().toList(), PEERS);
      }
    }
  }

  @Command(
      name = "list",
      description = {
        "Show the servers that share the control store.",
        "One is active and has all the work. The others stand by, and take its place when it ends or goes silent. Any of them answers."
      },
      footer = {"", "Example:", "  helios-repl server list --watch"})
  static final class Members extends ApiCommand {

    @Mixin Options.Watch watch = new Options.Watch();

    private static final List<Column> COLUMNS =
        List.of(
            Column.of("SERVER", "name"),
            Column.of("STATE", "state"),
            Column.of("ADDRESS", "address"),
            Column.of("REGION", "region"),
            Column.of("VERSION", "version").onlyWide(),
            Column.of("STARTED", "started"),
            Column.number("SILENT", n -> Texts.seconds(n.path("silentSeconds"))),
            Column.of("SOURCES", n -> n.path("sources").valueStream().map(JsonNode::asString).collect(Collectors.joining(","))));

    Members(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      return watched(
          watch,
          () -> {
            JsonNode servers = client().get("/servers");
            return () -> printer().print(servers, "name", COLUMNS);
          });
    }
  }

  @Command(
      name = "drain",
      description = {
        "Make the server ready to be stopped.",
        "It takes no new work, copies, verifications and repairs that run come to their end, streaming tenants come to where their sources are, and nothing more is captured. Who is paused or held up is not waited for.",
        "A restart begins as ever; --undo goes on without one."
      },
      footer = {
        "",
        "Examples:",
        "  helios-repl server drain --wait --timeout 30m && systemctl stop helios-repl",
        "  helios-repl server drain --undo"
      })
  static final class Drain extends ApiCommand {

    private static final String PATH = "/server/drain";

    @Mixin Options.Change change = new Options.Change();
    @Mixin Options.Waiting waiting = new Options.Waiting();

    @Option(names = "--undo", description = "Take work again, and go on capturing.")
    boolean undo;

    Drain(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      if (undo && (waiting.wait || change.dryRun)) {
        throw usage(
            "--undo takes neither --wait nor --dry-run", "it is done at once, and has no plan", "helios-repl server drain --undo");
      }
      if (undo) {
        show(client().delete(PATH));
      } else if (change.dryRun) {
        TenantVerbs.showPlans(this, client().post(PATH + "?dryRun=true", null));
      } else {
        confirm(change, "drain the server at " + client().server() + "?");
        show(waiting.wait ? drained() : client().post(PATH, null));
      }
      return ExitCode.DONE;
    }

    private JsonNode drained() {
      return follow(
          () -> Progress.Step.of(awaited(client().get(PATH))),
          client().post(PATH + "?wait=true", null),
          () -> client().post(PATH + "?wait=true", null),
          waiting.timeout,
          () ->
              Failure.of(
                  ErrorCode.WAIT_TIMED_OUT,
                  "the server is not drained after " + Durations.format(waiting.timeout) + "; " + awaited(client().get(PATH)),
                  "the wait is over, draining goes on",
                  "helios-repl server drain --wait --timeout " + Durations.format(waiting.timeout.multipliedBy(2))));
    }

    private static String awaited(JsonNode drain) {
      List<String> all = drain.path("waitsFor").valueStream().map(a -> Texts.text(a.path("kind")) + " of " + Texts.text(a.path("name"))).toList();
      return all.isEmpty()
          ? "it is " + Texts.text(drain.path("state"))
          : "it waits for " + String.join(", ", all.subList(0, Math.min(5, all.size()))) + (all.size() > 5 ? " and " + (all.size() - 5) + " more" : "");
    }

    private void show(JsonNode drain) {
      if (!output.format.isForPeople()) {
        printer().print(drain, "state", List.of());
        return;
      }
      String state = drain.path("state").asString("");
      shell.out().println("the server is " + state + (state.equals("draining") ? "; " + awaited(drain) : ""));
      if (state.equals("drained")) {
        List<String> left = drain.path("left").valueStream().map(Texts::text).toList();
        if (!left.isEmpty()) {
          shell.say("changes wait in its journal, so keep its data directory, for: " + String.join(", ", left));
        }
      }
      drain.path("nextSteps").forEach(step -> shell.say("next: " + Texts.text(step)));
    }
  }

  @Command(
      name = "config",
      description = {
        "Show the configuration in force with the origin of each value, secrets masked:",
        "of the running server, or with --config of a file as a server would read it."
      },
      footer = {"", "Example:", "  helios-repl server config --config helios-repl.yaml"})
  static final class Config extends ApiCommand {

    @Mixin ConfigurationOptions configuration = new ConfigurationOptions();

    Config(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      if (configuration.isGiven()) {
        LoadedConfiguration loaded = configuration.load(shell.environment());
        loaded.warnings().forEach(w -> shell.say("warning: " + w));
        if (loaded.configuration() == null) {
          loaded.problems().forEach(p -> shell.say(Failure.of(p).text()));
          return ExitCode.USAGE;
        }
        print(document(loaded));
      } else {
        print(client().get("/config"));
      }
      return ExitCode.DONE;
    }

    private void print(JsonNode document) {
      printer()
          .print(
              document,
              "key",
              List.of(Column.of("KEY", "key"), Column.of("VALUE", "value"), Column.of("ORIGIN", "origin")));
    }

    private static ObjectNode document(LoadedConfiguration loaded) {
      ObjectNode node = HeliosClient.object().put("apiVersion", "helios-repl/v1").put("kind", "Configuration");
      ArrayNode items = node.putArray("items");
      loaded
          .values()
          .forEach(v -> items.addObject().put("key", v.key()).put("value", v.value()).put("origin", v.origin()));
      return node;
    }
  }

  /** The options that a configuration is read from. */
  static final class ConfigurationOptions {
    @Option(
        names = "--config",
        paramLabel = "FILE",
        description = "The configuration file; else HELIOS_CONFIG, else ./helios-repl.yaml.")
    @Nullable Path file;

    @Option(names = "--listen", paramLabel = "HOST:PORT", description = "Overrides listen:")
    @Nullable String listen;

    @Option(names = "--data-dir", paramLabel = "DIRECTORY", description = "Overrides data-dir:")
    @Nullable String dataDirectory;

    @Option(names = "--region", paramLabel = "REGION", description = "Overrides region:")
    @Nullable String region;

    @Option(
        names = "--store",
        paramLabel = "STORE",
        description = "Overrides store:; sqlite or a PostgreSQL URI without a password.")
    @Nullable String store;

    boolean isGiven() {
      return file != null || listen != null || dataDirectory != null || region != null || store != null;
    }

    LoadedConfiguration load(Map<String, String> environment) {
      Map<String, String> flags = new HashMap<>();
      put(flags, "listen", listen);
      put(flags, "data-dir", dataDirectory);
      put(flags, "region", region);
      put(flags, "store", store);
      return ConfigurationLoader.load(new ConfigurationInput(file(environment), environment, flags));
    }

    private Path file(Map<String, String> environment) {
      Path given = file;
      if (given != null) {
        return given;
      }
      String named = environment.getOrDefault("HELIOS_CONFIG", "");
      return Path.of(named.isEmpty() ? "helios-repl.yaml" : named);
    }

    private static void put(Map<String, String> flags, String key, @Nullable String value) {
      if (value != null) {
        flags.put(key, value);
      }
    }
  }
}
