package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.config.Durations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.DoubleNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "show",
    description = {
      "Show the evidence of a tenant's last verification: its point in the WAL, rows, differences, what it cost.",
      "With --sql the queries that list the rows in which tables differ; run them at source and target."
    },
    footer = {
      "",
      "Examples:",
      "  helios-repl verify show tenant-123 -o wide",
      "  helios-repl verify show tenant-123 --table public.orders --sql | psql postgresql://db-eu/shop",
      "  helios-repl verify show tenant-123 --max-age 1h"
    })
final class VerifyShow extends ApiCommand {

  /** Of a list of verifications. */
  static final List<Column> COLUMNS =
      List.of(
          Column.of("AT", "at"),
          Column.of("RESULT", VerifyShow::result),
          Column.number("TABLES", n -> Texts.count(n.path("tablesDone")) + "/" + Texts.count(n.path("tablesWanted"))),
          Column.number("ROWS", n -> Texts.count(n.path("sourceRows"))),
          Column.number("DIFFERING", n -> Texts.count(n.path("differing"))),
          Column.number("TOOK", n -> seconds(n.path("millis"))),
          Column.of("LSN", "lsn"),
          Column.number("EPOCH", n -> Texts.text(n.path("epoch"))).onlyWide(),
          Column.of("ID", "id").onlyWide());

  private static final List<Column> TABLES =
      List.of(
          Column.of("TABLE", "table"),
          Column.number("SOURCE-ROWS", n -> Texts.count(n.path("sourceRows"))),
          Column.number("TARGET-ROWS", n -> Texts.count(n.path("targetRows"))),
          Column.number("DIFFERING", n -> Texts.count(n.path("differing"))),
          Column.number("ALTERED", n -> Texts.count(n.path("altered"))).onlyWide(),
          Column.number("MISSING", n -> Texts.count(n.path("missing"))).onlyWide(),
          Column.number("EXTRA", n -> Texts.count(n.path("extra"))).onlyWide(),
          Column.of("LSN", "lsn").onlyWide(),
          Column.of("SOURCE-DIGEST", "sourceDigest").onlyWide(),
          Column.of("TARGET-DIGEST", "targetDigest").onlyWide());

  @Parameters(paramLabel = "NAME", description = "The tenant's name.")
  String name = "";

  @Option(names = "--table", paramLabel = "SCHEMA.TABLE", description = "This table only.")
  @Nullable String table;

  @Option(names = "--sql", description = "Print the SQL that lists the rows that differ, and nothing else.")
  boolean sql;

  @Option(names = "--history", description = "List the verifications that are kept, the newest first.")
  boolean history;

  @Option(
      names = "--max-age",
      paramLabel = "DURATION",
      description = "Exit code 6 unless it found both sides equal, of all tables, no longer ago than this.")
  @Nullable Duration maxAge;

  VerifyShow(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() {
    checked("tenant", name);
    if (history) {
      printer().print(client().get("/tenants/" + name + "/verifications"), "id", COLUMNS);
      return ExitCode.DONE;
    }
    JsonNode verification =
        client().get("/tenants/" + name + "/verification" + (maxAge == null ? "" : "?maxAge=" + Durations.format(maxAge)));
    if (table != null) {
      keepTable(verification, table);
    }
    if (sql) {
      printSql(verification);
    } else {
      print(this, verification);
    }
    return ExitCode.DONE;
  }

  private static void keepTable(JsonNode verification, String table) {
    ArrayNode kept = ((ObjectNode) verification).arrayNode();
    List<String> others = new ArrayList<>();
    for (JsonNode one : verification.path("tables")) {
      String found = one.path("table").asString("");
      if (found.equals(table)) {
        kept.add(one);
      } else {
        others.add(found);
      }
    }
    if (kept.isEmpty()) {
      throw usage(
          "table \"" + table + "\" is not in the verification",
          others.isEmpty() ? "no table was compared" : "it is none of " + String.join(", ", others.subList(0, Math.min(10, others.size()))),
          "helios-repl verify show " + Texts.text(verification.path("tenant")));
    }
    ((ObjectNode) verification).set("tables", kept);
  }

  private void printSql(JsonNode verification) {
    boolean any = false;
    for (JsonNode one : verification.path("tables")) {
      if (one.has("sql")) {
        shell.out().print(one.path("sql").asString(""));
        any = true;
      }
    }
    if (!any) {
      shell.err().println("no table differs");
    }
  }

  /** A verification with its tables. */
  static void print(ApiCommand command, JsonNode verification) {
    if (!command.output.format.isForPeople()) {
      command.printer().print(verification, "tenant", List.of());
      return;
    }
    command.printer().table(verification.path("tables").valueStream().toList(), TABLES);
    Shell shell = command.shell;
    String tenant = Texts.text(verification.path("tenant"));
    shell.out().println("tenant " + tenant + ": " + told(verification) + " at " + Texts.text(verification.path("lsn")));
    JsonNode cost = verification.path("cost");
    shell
        .out()
        .println(
            "taken at " + Texts.text(verification.path("at")) + ", in " + seconds(verification.path("millis")) + ": "
                + Texts.count(cost.path("rows")) + " rows and " + Texts.bytes(cost.path("bytes"))
                + " read on both sides, the applier held for " + Texts.count(cost.path("heldMillis"))
                + " ms, snapshots up to " + seconds(cost.path("snapshotMillis")) + " old");
    if (verification.path("progress").isObject()) {
      shell.out().println("running: " + progress(verification));
    } else if (verification.path("differing").asLong(0) > 0) {
      shell.out().println("the rows that differ: helios-repl verify show " + tenant + " --sql");
    }
  }

  private static String told(JsonNode verification) {
    return switch (result(verification)) {
      case "equal" -> "both sides are equal";
      case "differs" -> "the sides differ";
      case "superseded" -> "resynced since; what was found no longer counts";
      default ->
          "unfinished, " + Texts.count(verification.path("tablesDone")) + " of "
              + Texts.count(verification.path("tablesWanted")) + " tables compared";
    };
  }

  private static String result(JsonNode verification) {
    if (verification.path("superseded").asBoolean(false)) {
      return "superseded";
    }
    if (!verification.path("complete").asBoolean(false)) {
      return "unfinished";
    }
    return verification.path("equal").asBoolean(false) ? "equal" : "differs";
  }

  /** How far a running one is, on one line. */
  static String progress(JsonNode verification) {
    JsonNode progress = verification.path("progress");
    if (!progress.isObject()) {
      return "verifying";
    }
    long expected = progress.path("bytesExpected").asLong(0);
    String share =
        expected == 0 ? "" : ", " + Math.min(99, 100 * progress.path("bytes").asLong(0) / expected) + " %";
    return Texts.count(progress.path("tablesDone")) + "/" + Texts.count(progress.path("tables")) + " tables, "
        + Texts.count(progress.path("rows")) + " rows" + share + ", snapshots " + seconds(progress.path("snapshotMillis"))
        + " old";
  }

  /** The same with how much of it is done. */
  static Progress.Step step(JsonNode verification) {
    JsonNode progress = verification.path("progress");
    return Progress.Step.of(
        progress(verification), progress.path("bytes").asDouble(0), progress.path("bytesExpected").asDouble(0));
  }

  private static String seconds(JsonNode millis) {
    return millis.isNumber() ? Texts.seconds(DoubleNode.valueOf(millis.asDouble() / 1000)) : "-";
  }
}
