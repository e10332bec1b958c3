package io.helios.repl.pipeline;

import io.helios.repl.apply.Replica;
import io.helios.repl.apply.Replicated;
import io.helios.repl.error.Problem;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.status.StageTimes;
import io.helios.repl.tenant.Tenant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Where a target's tenants are applied: in this process, or by the server of the target's own region. Any thread. */
interface ApplySite extends AutoCloseable {

  void start();

  /**
   * Takes a tenant in, with work at once. No tenant may be in twice.
   *
   * @param frames of its source's journal here
   */
  Replica attach(Tenant tenant, Replicated what, FrameSource frames);

  /** Returns when no applier works for the tenant any more, or when none can get any further. */
  void detach(UUID tenant) throws InterruptedException;

  /** The tenant may have frames. */
  void signal(UUID tenant);

  /** What is known of the tenant's position may not be what the target has: it is asked again. */
  void distrust(UUID tenant);

  /** The tenant has a new key. */
  void rekeyed(UUID tenant);

  /** Why nothing can be applied there at the moment, or null. */
  @Nullable Problem problem();

  /** How long tenants wait for their turn once there are frames for them. */
  StageTimes shipping();

  /** How long turns last. */
  StageTimes applying();

  /** Tenants that wait for their turn. */
  int waiting();

  /** How frames come there, for an operator. */
  String way();

  @Override
  void close();
}
