package io.helios.repl.tui.model;

import io.helios.repl.tui.fleet.Event;
import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.FleetUpdate;
import io.helios.repl.tui.fleet.Gates;
import io.helios.repl.tui.fleet.Passages;
import io.helios.repl.tui.fleet.Pipeline;
import java.util.List;

/** What the model is told from outside. */
public sealed interface News {

  record Told(FleetUpdate update) implements News {}

  record Happened(Event event) implements News {}

  record Piped(Pipeline pipeline) implements News {}

  /** What has happened to a migration or a failover. */
  record Recounted(Passages passages) implements News {}

  /** The gates of a migration were looked at. */
  record Looked(Gates gates) implements News {}

  /** The stream of news is open (again). */
  record Connected() implements News {}

  /** @param why in a few words */
  record Lost(String why) implements News {}

  /** The server's plans, in the order of the tenants asked for. */
  record Planned(Action action, List<TenantPlan> plans) implements News {}

  /** One tenant's part of a plan. */
  record TenantPlan(String tenant, List<String> steps) {}

  /** Something that was asked for is done. */
  record Done(Event.Severity severity, String text) implements News {}

  /** @param what was asked for, in a few words */
  record Refused(String what, Fault fault) implements News {}
}
