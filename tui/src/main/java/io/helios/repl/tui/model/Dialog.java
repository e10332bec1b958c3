package io.helios.repl.tui.model;

import io.helios.repl.tui.fleet.Fault;
import java.util.List;

/** What stands in front of the screen and takes the keys. */
public sealed interface Dialog {

  record Help() implements Dialog {}

  /** The server was asked what an action would do. */
  record Planning(Action action, List<String> tenants) implements Dialog {}

  /**
   * The plan is there; yes or no, or for a severe action the tenant's name.
   *
   * @param typed so far
   */
  record Confirming(Action action, List<News.TenantPlan> plans, String typed) implements Dialog {

    List<String> tenants() {
      return plans.stream().map(News.TenantPlan::tenant).toList();
    }

    /** Whether nothing more has to be typed. */
    public boolean isTyped() {
      return !action.isSevere() || typed.equals(plans.getFirst().tenant());
    }
  }

  record Refusal(String what, Fault fault) implements Dialog {}
}
