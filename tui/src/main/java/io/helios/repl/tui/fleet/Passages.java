package io.helios.repl.tui.fleet;

import java.time.Instant;
import java.util.List;

/**
 * All that has happened to one migration or failover, oldest first.
 *
 * @param of its id
 */
public record Passages(String of, List<Passage> passages) {

  public Passages {
    passages = List.copyOf(passages);
  }

  /**
   * @param from the state that it left, as the server names it
   * @param reason why, in words
   */
  public record Passage(Instant at, String from, String to, String reason, long epoch) {}
}
