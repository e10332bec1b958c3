package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.HeliosClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

@Command(
    name = "events",
    description = "See what has happened.",
    subcommands = {EventCommands.Listing.class},
    footer = {"", "Example:", "  helios-repl events list -f"})
final class EventCommands extends CommandGroup {

  private static final List<String> SEVERITIES = List.of("info", "warn", "error");
  private static final int MOST = 1_000;

  static final List<Column> COLUMNS =
      List.of(
          Column.of("AT", "at"),
          Column.of("SEVERITY", "severity"),
          Column.of("TENANT", "tenant"),
          Column.of("EVENT", "type"),
          Column.of("CODE", "code"),
          Column.of("MESSAGE", "message"),
          Column.of("HINT", "hint").onlyWide());

  @Command(
      name = "list",
      description = {
        "List events, the newest last: of tenants, sources and targets; with --audit who changed what by a command.",
        "With -f go on with those that come, until interrupted; a server that is away for a while is waited for."
      },
      footer = {
        "",
        "Examples:",
        "  helios-repl events list --tenant acme --severity warn --since 24h",
        "  helios-repl events list -f -o jsonl",
        "  helios-repl events list --audit --limit 20"
      })
  static final class Listing extends ApiCommand {

    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    @Option(
        names = {"-f", "--follow"},
        description = "Go on with those that come.")
    boolean follow;

    @Option(names = "--audit", description = "List the audit log instead: every change that was asked for, by whom.")
    boolean audit;

    @Option(names = "--tenant", paramLabel = "NAME", description = "Of this tenant only.")
    @Nullable String tenant;

    @Option(names = "--severity", paramLabel = "LEVEL", description = "info, warn or error, and what is louder. Default: info.")
    @Nullable String severity;

    @Option(
        names = "--since",
        paramLabel = "WHEN",
        description = "How long ago (1h), a moment (2026-01-01T12:00:00Z) or an event's id.")
    @Nullable String since;

    @Option(names = "--limit", paramLabel = "N", description = "The newest N of them, 1 to 1000. Default: 100.")
    int limit = 100;

    Listing(Shell shell) {
      super(shell);
    }

    @Override
    public Integer call() {
      if (tenant != null) {
        checked("tenant", tenant);
      }
      if (limit < 1 || limit > MOST) {
        throw usage("--limit is not right", "it is a number from 1 to " + MOST, "--limit 100");
      }
      if (severity != null && !SEVERITIES.contains(severity.toLowerCase(Locale.ROOT))) {
        throw usage("--severity is not right", "it is one of " + String.join(", ", SEVERITIES), "--severity warn");
      }
      if (audit && (severity != null || tenant != null || since != null)) {
        throw usage(
            "--audit is given with " + (severity != null ? "--severity" : tenant != null ? "--tenant" : "--since"),
            "the audit log is listed whole",
            "helios-repl events list --audit -o jsonl | grep …");
      }
      JsonNode list = client().get(path(since, limit));
      List<JsonNode> found = oldestFirst(list);
      if (!follow) {
        printer().print(TenantVerbs.list(audit ? "AuditList" : "EventList", found), "id", columns());
        return ExitCode.DONE;
      }
      return goOn(found);
    }

    /** One table for what is there, then lines as they come; ends by an interrupt, or when the server refuses. */
    private int goOn(List<JsonNode> there) {
      OutputFormat each = output.format == OutputFormat.JSON ? OutputFormat.JSONL : output.format;
      Printer lines = new Printer(shell, each);
      List<JsonNode> news = there;
      long last = 0;
      boolean away = false;
      boolean titled = false;
      while (true) {
        if (!news.isEmpty() || !titled) {
          if (each.isForPeople()) {
            lines.table(news, columns(), !titled);
          } else if (!news.isEmpty()) {
            lines.print(TenantVerbs.list("EventList", news), "id", columns());
          }
          titled = true;
          shell.out().flush();
        }
        if (!news.isEmpty()) {
          last = news.getLast().path("id").asLong(last);
        }
        try {
          Thread.sleep(LOOK_EVERY);
          long seen = last;
          news =
              oldestFirst(client().get(path(audit ? null : Long.toString(seen), MOST))).stream()
                  .filter(event -> event.path("id").asLong(0) > seen)
                  .toList();
          away = false;
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return ExitCode.INTERRUPTED;
        } catch (FailedException e) {
          if (e.exitCode() != ExitCode.UNREACHABLE) {
            throw e;
          }
          news = List.of();
          if (!away) {
            shell.say("the server is away; waiting for it");
          }
          away = true;
        }
      }
    }

    private List<Column> columns() {
      return audit ? AuditCommands.COLUMNS : COLUMNS;
    }

    private static List<JsonNode> oldestFirst(JsonNode list) {
      List<JsonNode> found = new ArrayList<>(list.path("items").valueStream().toList());
      return found.reversed();
    }

    private String path(@Nullable String from, int most) {
      StringBuilder path = new StringBuilder(audit ? "/audit" : "/events").append("?limit=").append(most);
      if (tenant != null) {
        path.append("&tenant=").append(tenant);
      }
      if (severity != null) {
        path.append("&severity=").append(severity.toLowerCase(Locale.ROOT));
      }
      if (from != null) {
        path.append("&since=").append(HeliosClient.encode(from));
      }
      return path.toString();
    }
  }
}
