package io.helios.repl.server;

import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.status.TenantState;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What can be asked of a declared tenant, what it then waits for, and when it is refused. */
enum Verb {
  START(DesiredState.RUNNING, TenantState.STREAMING),
  STOP(DesiredState.STOPPED, TenantState.STOPPED),
  PAUSE(DesiredState.PAUSED, TenantState.PAUSED),
  RESUME(DesiredState.RUNNING, TenantState.STREAMING),
  RESYNC(DesiredState.RUNNING, TenantState.STREAMING);

  private final DesiredState wish;
  private final TenantState goal;

  Verb(DesiredState wish, TenantState goal) {
    this.wish = wish;
    this.goal = goal;
  }

  DesiredState wish() {
    return wish;
  }

  TenantState goal() {
    return goal;
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The verb that has to come first, or null when this one may go ahead. */
  @Nullable Verb needsFirst(DesiredState desired, TenantState state) {
    boolean idle = desired == DesiredState.CREATED || desired == DesiredState.STOPPED;
    return switch (this) {
      case START -> state == TenantState.NEEDS_RESYNC ? RESYNC : null;
      case PAUSE, RESUME -> {
        if (idle) {
          yield START;
        }
        yield switch (state) {
          case NEEDS_RESYNC -> RESYNC;
          case FAILED -> START;
          default -> null;
        };
      }
      case RESYNC -> desired == DesiredState.CREATED ? START : null;
      case STOP -> null;
    };
  }
}
