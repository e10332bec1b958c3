package io.helios.repl.tui.model;

import java.util.List;

/** What the model wants done outside. Nothing of it may hold up the model's thread. */
public sealed interface Wish {

  /** Ask the server what an action would do. Answered by {@link News.Planned} or {@link News.Refused}. */
  record Plan(Action action, List<String> tenants) implements Wish {}

  /** Do it. Answered by {@link News.Done} or {@link News.Refused}, for verifications perhaps minutes later. */
  record CarryOut(Action action, List<String> tenants) implements Wish {}

  /** @param interrupted by Ctrl-C rather than by {@code q} */
  record Quit(boolean interrupted) implements Wish {}
}
