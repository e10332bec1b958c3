package io.helios.repl.tui.fleet;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What stands in the way of a migration's next cutover, as it was last looked at.
 *
 * @param migration its id
 * @param at by the server's clock
 * @param unseen why the gates could not be looked at; null when they were
 */
public record Gates(String migration, Instant at, List<Gate> gates, @Nullable Fault unseen) {

  public Gates {
    gates = List.copyOf(gates);
  }

  /**
   * @param byItself whether it is closed now, and the cutover opens it before it begins
   * @param problem why it is closed; null when it is open
   */
  public record Gate(String name, boolean byItself, @Nullable Fault problem) {

    public boolean isOpen() {
      return problem == null;
    }
  }
}
