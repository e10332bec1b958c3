package io.helios.repl.runbook;

import java.util.Set;

/** What steps may do with which command. Pure. */
final class CommandRules {

  /** They last until somebody ends them, ask, or run runbooks themselves. */
  private static final Set<String> NO_STEPS =
      Set.of("server run", "top", "demo", "completion", "man-pages", "runbook run", "runbook resume");

  /** They change nothing anywhere, so a dry run runs them. */
  private static final Set<String> LOOKS =
      Set.of(
          "server status", "server config", "context list", "source list", "source check", "target list", "target check", "tenant list",
          "tenant describe", "tenant status", "tenant errors", "verify show", "key list", "slot list", "events list", "audit verify",
          "doctor", "explain", "version", "migrate status", "failover status", "failover history", "runbook lint", "runbook show");

  private CommandRules() {}

  static boolean mayBeAStep(Commands.Parsed parsed) {
    return !NO_STEPS.contains(parsed.words());
  }

  /** Every command that changes something takes {@code --dry-run}. */
  static boolean changes(Commands.Parsed parsed) {
    return parsed.options().contains("--dry-run") && !parsed.given().contains("--dry-run");
  }

  static boolean looks(Commands.Parsed parsed) {
    return LOOKS.contains(parsed.words());
  }

  /** A severe one wants a name again. */
  static boolean isSevere(Commands.Parsed parsed) {
    return parsed.options().contains("--confirm") && changes(parsed);
  }

  static boolean neverEnds(Commands.Parsed parsed) {
    return parsed.given().contains("--watch") || parsed.given().contains("--follow");
  }
}
