package io.helios.repl.migration.traffic;

import io.helios.repl.error.HeliosException;
import io.helios.repl.status.Finding;
import java.time.Duration;
import java.util.List;

/** A switch that somebody else makes: told of each phase by one call, which may come twice. */
interface PhaseSwitch extends TrafficSwitch {

  /** How long a call may take. */
  Duration timeout();

  /** Returns when it has done what that phase asks for; throws what {@link TrafficSwitch} throws. */
  void call(TrafficMove move, TrafficPhase phase, Duration patience);

  @Override
  default List<Finding> check(TrafficMove move) {
    try {
      call(move, TrafficPhase.CHECK, timeout());
      return List.of();
    } catch (HeliosException e) {
      return List.of(TrafficCheck.error(e.problem()));
    }
  }

  @Override
  default void pause(TrafficMove move, Duration within) {
    try {
      call(move, TrafficPhase.PAUSE, within.compareTo(timeout()) < 0 ? within : timeout());
    } catch (HeliosException e) {
      try {
        resume(move);
      } catch (HeliosException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  @Override
  default void change(TrafficMove move) {
    call(move, TrafficPhase.CHANGE, timeout());
  }

  @Override
  default void resume(TrafficMove move) {
    call(move, TrafficPhase.RESUME, timeout());
  }
}
