package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.HeliosClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** The verbs that sources and targets share. */
final class EndpointCommands {

  private EndpointCommands() {}

  static List<Column> columns(String role) {
    List<Column> columns =
        new ArrayList<>(
            List.of(
                Column.of(role.equals("source") ? "SOURCE" : "TARGET", role),
                Column.of("PLACE", "place"),
                Column.of("REACHABLE", n -> Texts.yesNo(n.path("reachable"))),
                Column.number("TENANTS", n -> Texts.text(n.path("tenants")))));
    if (role.equals("source")) {
      columns.addAll(
          List.of(
              Column.of("CAPTURED", "capturedLsn"),
              Column.number("WAL-RETAINED", n -> Texts.bytes(n.path("retainedWalBytes"))),
              Column.number("RELAY", n -> Texts.bytes(n.path("relayBytes")))));
    }
    columns.add(Column.of("ERROR", n -> Texts.text(n.path("error").path("code"))));
    columns.add(Column.of("MESSAGE", n -> Texts.text(n.path("error").path("message"))).onlyWide());
    return columns;
  }

  /** {@code list}. */
  abstract static class Listing extends ApiCommand {

    private final String role;

    @Mixin Options.Watch watch = new Options.Watch();

    Listing(Shell shell, String role) {
      super(shell);
      this.role = role;
    }

    @Override
    public final Integer call() {
      return watched(
          watch,
          () -> {
            JsonNode list = client().get("/" + role + "s");
            return () -> printer().print(list, role, columns(role));
          });
    }
  }

  /** {@code check}. */
  abstract static class Check extends ApiCommand {

    private final String role;

    @Parameters(paramLabel = "NAME", description = "Its name in the configuration.")
    String name = "";

    Check(Shell shell, String role) {
      super(shell);
      this.role = role;
    }

    @Override
    public final Integer call() {
      JsonNode check = client().get(path(role, name, "check"));
      if (output.format.isForPeople()) {
        show(check);
      } else {
        printer().print(check, role, List.of());
      }
      return check.path("ok").asBoolean(false) ? ExitCode.DONE : ExitCode.PRECONDITION;
    }

    private void show(JsonNode check) {
      for (JsonNode f : check.path("findings")) {
        shell
            .out()
            .println(
                Texts.text(f.path("severity")).toLowerCase(Locale.ROOT)
                    + " "
                    + Texts.text(f.path("code"))
                    + ": "
                    + Texts.text(f.path("message")));
        line("  why:  ", f.path("why"));
        line("  hint: ", f.path("hint"));
      }
      shell
          .out()
          .println(
              role
                  + " "
                  + name
                  + ": "
                  + (check.path("ok").asBoolean(false) ? "ok" : "not ready, see the errors above"));
    }

    private void line(String label, JsonNode text) {
      if (!text.asString("").isEmpty()) {
        shell.out().println(label + text.asString().replace("\n", "\n        "));
      }
    }
  }

  /** Of what is to be done; another region's target is called {@code REGION/NAME}. */
  private static String path(String role, String name, String verb) {
    int slash = name.indexOf('/');
    return role.equals("target") && slash > 0
        ? "/targets/" + ApiCommand.checked(role, name.substring(slash + 1)) + "/" + verb + "?region="
            + HeliosClient.encode(name.substring(0, slash))
        : "/" + role + "s/" + ApiCommand.checked(role, name) + "/" + verb;
  }

  /** {@code prepare}. */
  abstract static class Prepare extends ApiCommand {

    private final String role;

    @Mixin Options.Change change = new Options.Change();

    @Parameters(paramLabel = "NAME", description = "Its name in the configuration.")
    String name = "";

    Prepare(Shell shell, String role) {
      super(shell);
      this.role = role;
    }

    @Override
    public final Integer call() {
      String path = path(role, name, "prepare");
      JsonNode plan = client().post(path + (path.indexOf('?') < 0 ? "?" : "&") + "dryRun=" + change.dryRun, null);
      if (!output.format.isForPeople()) {
        printer().print(plan, role, List.of());
        return ExitCode.DONE;
      }
      List<String> statements = plan.path("sql").valueStream().map(JsonNode::asString).toList();
      statements.stream().map(s -> s.endsWith(";") ? s : s + ";").forEach(shell.out()::println);
      shell.say(
          statements.isEmpty()
              ? role + " " + name + " is prepared already, nothing to do"
              : plan.path("done").asBoolean(false)
                  ? role + " " + name + " is prepared"
                  : change.dryRun
                      ? "nothing was done; helios-repl " + role + " prepare " + name + " does what is its own to do"
                      : "nothing was done: it goes on without, and this is for the tables' owner to decide");
      return ExitCode.DONE;
    }
  }
}
