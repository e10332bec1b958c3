package io.helios.repl.failover;

import io.helios.repl.tenant.Tenant;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is known of failovers after a crash. A seam: what was written when a method returned is there for ever. Any thread;
 * throws {@link io.helios.repl.error.TransientException} when it cannot be written, and then nothing was, or all of it.
 */
public interface FailoverJournal {

  /** The newest failover of each tenant. */
  List<Failover> newest();

  /** All that are kept, the newest first. */
  List<Failover> history();

  /**
   * Writes it as it is now, in the place of what was written of it before, all or nothing.
   *
   * @param by the transition that it made; null when its state is the same
   * @param turned the tenant, when its source and target have changed places; the tenant's own row in the same transaction
   */
  void write(Failover failover, @Nullable Transition by, @Nullable Tenant turned);

  /** Forgets all failovers of a tenant: it is deleted. */
  void forget(UUID tenant);

  /** A transition that was made. */
  record Passage(Instant at, FailoverState from, FailoverState to, Transition.Reason reason, long epoch) {}

  /** All that a failover made, in their order. */
  List<Passage> passages(UUID failover);
}
