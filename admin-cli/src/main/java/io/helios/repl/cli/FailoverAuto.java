package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.config.Durations;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "auto",
    description = {
      "Show who is failed over without being asked for, or switch it.",
      "on and off take tenants, --tier or --all; what is said of a tenant comes before its tier, and that before all.",
      "off --for is a maintenance: afterwards it is as before."
    },
    footer = {
      "",
      "Examples:",
      "  helios-repl failover auto",
      "  helios-repl failover auto on --tier premium",
      "  helios-repl failover auto off acme",
      "  helios-repl failover auto off --all --for 1h"
    })
final class FailoverAuto extends ApiCommand {

  private static final List<Column> COLUMNS =
      List.of(
          Column.of("TENANT", "tenant"),
          Column.of("TIER", "tier"),
          Column.of("AUTOMATIC", n -> Texts.yesNo(n.path("automatic"))),
          Column.of("OFF-UNTIL", "offUntil"),
          Column.of("STEP", "step"),
          Column.of("WHY", "why"));

  @Parameters(paramLabel = "on|off", index = "0", arity = "0..1", description = "What is to be; shown when nothing is said.")
  @Nullable String state;

  @Parameters(paramLabel = "NAME", index = "1..*", arity = "0..*", description = "The tenants' names.")
  List<String> names = new ArrayList<>();

  @Option(names = "--tier", paramLabel = "TIER", description = "For the tenants of a tier: premium, standard, best-effort.")
  @Nullable String tier;

  @Option(names = "--all", description = "For all tenants.")
  boolean all;

  @Option(names = "--for", paramLabel = "DURATION", description = "With off: for so long, such as 30m or 1h.")
  @Nullable String duration;

  @Mixin Options.Watch watch = new Options.Watch();

  FailoverAuto(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() {
    if (state == null) {
      check(!all && tier == null && duration == null, "nothing is switched", "say on or off");
      return watched(
          watch,
          () -> {
            JsonNode list = client().get("/failover/auto");
            return () -> printer().print(list, "tenant", COLUMNS);
          });
    }
    check(state.equals("on") || state.equals("off"), "it is neither on nor off", "the first word says which; tenants follow");
    int said = (names.isEmpty() ? 0 : 1) + (tier == null ? 0 : 1) + (all ? 1 : 0);
    check(said == 1, "it is not said for whom", "exactly one of tenants, --tier and --all is needed");
    ObjectNode body = HeliosClient.object().put("automatic", state.equals("on"));
    names.forEach(name -> body.withArray("tenants").add(checked("tenant", name)));
    if (tier != null) {
      check(Arrays.stream(Tier.values()).anyMatch(t -> t.label().equals(tier)), "there is no such tier", "premium, standard, best-effort");
      body.put("tier", tier);
    }
    if (all) {
      body.put("all", true);
    }
    if (duration != null) {
      Optional<Duration> parsed = Durations.parse(duration);
      check(state.equals("off") && parsed.isPresent(), "--for does not fit", "off takes it, and it is " + Durations.FORM);
      body.put("for", duration);
    }
    printer().print(client().post("/failover/auto", body), "tenant", COLUMNS);
    return ExitCode.DONE;
  }

  private static void check(boolean right, String message, String why) {
    if (!right) {
      throw usage(message, why, "helios-repl failover auto on --tier premium");
    }
  }
}
