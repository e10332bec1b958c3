package io.helios.repl.migration;

import io.helios.repl.status.TenantState;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * All that the gates look at, gathered at one moment.
 *
 * @param state of the tenant's stream
 * @param lagSeconds as in its status; null when unknown
 * @param wal whether its home is captured from the WAL, and not polled
 * @param room at the target; null where nobody has said what its disk holds
 * @param certificate the one between the two regions that ends first; null where both ends are this server's
 */
public record GateFacts(
    TenantState state,
    @Nullable Double lagSeconds,
    boolean wal,
    Proof proof,
    EndFacts.Seen ends,
    @Nullable Room room,
    @Nullable Certificate certificate) {

  /**
   * @param whose in an operator's words: {@code this server's}
   * @param left how long it holds; negative when it is over
   */
  public record Certificate(String whose, Duration left) {}
}
