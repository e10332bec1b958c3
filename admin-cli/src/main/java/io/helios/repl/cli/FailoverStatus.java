package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.seal.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "status",
    description = {
      "Show every failover and what the observers see, or one failover with its account and all that happened to it.",
      "--export writes what never arrived, with the keys of its rows, into a new file that only you can read."
    },
    footer = {
      "",
      "Examples:",
      "  helios-repl failover status --watch",
      "  helios-repl failover status acme",
      "  helios-repl failover status acme --export acme-account.json"
    })
final class FailoverStatus extends ApiCommand {

  static final List<Column> COLUMNS =
      List.of(
          Column.of("TENANT", "tenant"),
          Column.of("STATE", n -> MigrateStatus.label(Texts.text(n.path("state")))),
          Column.of("FROM", "from"),
          Column.of("TO", "to"),
          Column.number("EPOCH", n -> Texts.text(n.path("epoch"))),
          Column.number("TIME", n -> millis(n.path("rtoMillis"))),
          Column.of("OLD-SOURCE", "oldSource"),
          Column.number("UNREPLICATED", n -> Texts.text(n.path("unreplicated").path("transactions"))),
          Column.of("SINCE", "since"),
          Column.number("PLACE", n -> Texts.text(n.path("place"))).onlyWide(),
          Column.of("ASKED-BY", "askedBy").onlyWide(),
          Column.of("ERROR", n -> Texts.text(n.path("error").path("code"))));

  /** Of the databases that are looked at. */
  private static final List<Column> OBSERVED =
      List.of(
          Column.of("DATABASE", "endpoint"),
          Column.of("VERDICT", "verdict"),
          Column.of("SINCE", "since"),
          Column.number("DEAD", n -> Texts.text(n.path("deadVotes"))),
          Column.number("COUNTED", n -> Texts.text(n.path("countedVotes"))),
          Column.number("NEEDED", n -> Texts.text(n.path("neededVotes"))),
          Column.of("LAST-ANSWER", "lastAnswer"),
          Column.of("VOTES", FailoverStatus::votes),
          Column.of("WHY", "why"));

  @Parameters(paramLabel = "NAME", arity = "0..1", description = "The tenant's name.")
  @Nullable String name;

  @Option(names = "--export", paramLabel = "FILE", description = "Write the account, with keys, into a new file.")
  @Nullable Path export;

  @Mixin Options.Watch watch = new Options.Watch();

  FailoverStatus(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() {
    String of = name == null ? null : FailoverCommands.OfTenant.path(name, "");
    Path file = export;
    if (file != null) {
      if (of == null) {
        throw usage("no tenant is named", "an account is one tenant's", "helios-repl failover status NAME --export FILE");
      }
      return written(file, client().post(of + "/export", null));
    }
    return watched(
        watch,
        () -> {
          JsonNode answer = client().get(of == null ? "/failovers" : of);
          JsonNode seen = of == null && output.format.isForPeople() ? client().get("/observations") : null;
          return () -> {
            show(answer, of == null);
            if (seen != null) {
              show(seen);
            }
          };
        });
  }

  /** Keys are the tenant's data: nobody else reads the file, and none that exists is written over. */
  private int written(Path file, JsonNode account) {
    try {
      if (PrivateFiles.createIfAbsent(file, (account.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8))) {
        shell.say("the account is in " + file);
        return ExitCode.DONE;
      }
      throw unwritten(file, "it exists, and none is written over");
    } catch (IOException e) {
      throw unwritten(file, e.getClass().getSimpleName() + ": " + e.getMessage());
    }
  }

  private FailedException unwritten(Path file, String why) {
    return new FailedException(
        ExitCode.FAILED,
        Failure.of(
            ErrorCode.USAGE,
            "the account cannot be written to " + file,
            why,
            "choose another: helios-repl failover status " + name + " --export FILE"));
  }

  /** Who says what, and the leases that are given. */
  private void show(JsonNode observations) {
    shell.out().println();
    printer().print(observations, "endpoint", OBSERVED);
    observations.path("leases").forEach(
        lease -> {
          JsonNode error = lease.path("error");
          shell.out().println(
              "lease of " + Texts.text(lease.path("database")) + ": "
                  + (lease.path("given").asBoolean(false) ? "given" : "NOT GIVEN")
                  + (error.isObject() ? ", " + Texts.text(error.path("code")) + ": " + Texts.text(error.path("message")) : ""));
        });
    JsonNode problem = observations.path("problem");
    if (problem.isObject()) {
      shell.say(Texts.text(problem.path("code")) + ": " + Texts.text(problem.path("message")) + "; " + Texts.text(problem.path("hint")));
    }
  }

  /** Those who agree with the verdict by name only, the others with what they say. */
  private static String votes(JsonNode observation) {
    List<String> votes = new ArrayList<>();
    observation.path("votes").forEach(
        v -> {
          String said = Texts.text(v.path("verdict"));
          votes.add(
              Texts.text(v.path("observer"))
                  + (said.equals(Texts.text(observation.path("verdict"))) ? "" : "=" + said)
                  + (v.path("fresh").asBoolean(true) ? v.path("sighted").asBoolean(true) ? "" : "(sees nothing)" : "(old)"));
        });
    return votes.isEmpty() ? "-" : String.join(",", votes);
  }

  private void show(JsonNode answer, boolean list) {
    if (list || !output.format.isForPeople()) {
      printer().print(answer, "tenant", COLUMNS);
      if (list && output.format.isForPeople() && !answer.path("items").isEmpty()) {
        shell.say(progress(answer.path("progress")));
      }
      return;
    }
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of("tenant", Texts.text(answer.path("tenant"))));
    lines.add(
        List.of(
            "state",
            MigrateStatus.label(Texts.text(answer.path("state"))) + " since " + Texts.text(answer.path("since"))));
    lines.add(List.of("from", Texts.text(answer.path("from")) + ", " + Texts.text(answer.path("oldSource"))));
    lines.add(List.of("to", Texts.text(answer.path("to")) + ", in epoch " + Texts.text(answer.path("epoch"))));
    lines.add(List.of("asked for by", Texts.text(answer.path("askedBy")) + (answer.path("forced").asBoolean(false) ? ", forced" : "")));
    lines.addAll(outcome(answer));
    JsonNode error = answer.path("error");
    if (error.isObject()) {
      lines.add(List.of("error", Texts.text(error.path("code")) + ": " + Texts.text(error.path("message"))));
      lines.add(List.of("why", Texts.text(error.path("why"))));
      lines.add(List.of("hint", Texts.text(error.path("hint"))));
    }
    printer().fields(lines);
    answer
        .path("passages")
        .forEach(
            p ->
                shell.out().println(
                    "  " + Texts.text(p.path("at")) + "  " + MigrateStatus.label(Texts.text(p.path("from"))) + " to "
                        + MigrateStatus.label(Texts.text(p.path("to"))) + " after " + millis(p.path("tookMillis")) + ": "
                        + Texts.text(p.path("reason"))));
    answer.path("nextSteps").forEach(next -> shell.say("next: " + next.asString()));
  }

  /** What came of it, and what it cost. */
  static List<List<String>> outcome(JsonNode failover) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of("time", millis(failover.path("rtoMillis")) + ", since " + Texts.text(failover.path("lastAlive"))));
    lines.add(
        List.of(
            "promoted",
            Texts.text(failover.path("promotedLsn")) + ", whose last commit was at " + Texts.text(failover.path("lastCommit"))
                + (failover.path("drained").asBoolean(true) ? "" : "; not all that was captured was applied")));
    JsonNode account = failover.path("unreplicated");
    boolean made = account.path("transactions").isNumber();
    lines.add(
        List.of(
            "unreplicated",
            made
                ? Texts.text(account.path("transactions")) + " transactions"
                    + (account.path("first").isString()
                        ? ", from " + Texts.text(account.path("first")) + " to " + Texts.text(account.path("last"))
                        : "")
                : "not known until the old home is back"));
    if (account.path("missing").isString()) {
      lines.add(List.of("  and maybe more", account.path("missing").asString()));
    }
    account.path("tables").forEach(
        t ->
            lines.add(
                List.of(
                    "  " + Texts.text(t.path("table")),
                    Texts.text(t.path("inserts")) + " inserted, " + Texts.text(t.path("updates")) + " updated, "
                        + Texts.text(t.path("deletes")) + " deleted, " + Texts.text(t.path("keys")) + " keys")));
    return lines;
  }

  static String progress(JsonNode progress) {
    return Texts.text(progress.path("waiting")) + " wait, " + Texts.text(progress.path("promoting")) + " on the way, "
        + Texts.text(progress.path("promoted")) + " promoted (" + Texts.text(progress.path("promotedInLastMinute"))
        + " in the last minute), " + Texts.text(progress.path("failed")) + " failed";
  }

  static String millis(JsonNode value) {
    return value.isNumber() ? value.asLong() + " ms" : "-";
  }
}
