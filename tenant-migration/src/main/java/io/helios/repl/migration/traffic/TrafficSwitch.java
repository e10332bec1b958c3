package io.helios.repl.migration.traffic;

import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.status.Finding;
import java.time.Duration;
import java.util.List;

/**
 * One place where it is decided which home a tenant's clients reach. The seam between a cutover and the world of its clients.
 *
 * <p>Each call may be made again, after a crash at any point of it or for no reason at all, and then does what is left to do.
 * None waits without end. Each throws members of the {@link io.helios.repl.error.HeliosException} family: {@link
 * TransientException} when the same may go well later, {@link OperatorException} when somebody must mend something first. Any
 * thread; one at a time for one tenant, any number for different ones.
 */
public interface TrafficSwitch extends AutoCloseable {

  /** How reports and messages call it: {@code pgbouncer 10.0.0.5:6432}. */
  String name();

  /**
   * Looks at everything that could fail in the real thing, and makes the connections that it will need. Changes nothing for
   * anybody.
   *
   * @return what is wrong; empty when all is well
   */
  List<Finding> check(TrafficMove move);

  /**
   * Makes the tenant's clients wait. When it fails it has undone itself as far as can be: they go on.
   *
   * @param within the most that they may wait before all of them do; a {@link TransientException} when it does not suffice
   */
  void pause(TrafficMove move, Duration within);

  /** Sends the tenant's clients to {@link TrafficMove#to} from now on. Only after the new home has taken over. */
  void change(TrafficMove move);

  /** Lets them go on, wherever they are sent now. */
  void resume(TrafficMove move);

  /** Closes the connections that are kept. */
  @Override
  default void close() {}
}
