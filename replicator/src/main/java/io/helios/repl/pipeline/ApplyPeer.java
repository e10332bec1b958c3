package io.helios.repl.pipeline;

import io.helios.repl.seal.KeyTransfer;
import io.helios.repl.seal.SealedKey;
import java.time.Duration;
import java.util.UUID;

/**
 * Another region's server, as the one that applies this one's tenants at its targets: a seam. Every wait is bounded; what goes wrong is a
 * {@link io.helios.repl.error.HeliosException}, and whether it was done then is not known. Any thread.
 */
public interface ApplyPeer {

  /** A key of the tenant's, for that server and nobody else. */
  SealedKey seal(KeyTransfer keys, UUID tenant, int generation);

  /**
   * Gives a tenant, or tells what has changed of it; the same again changes nothing.
   *
   * @param target its name there
   */
  void give(String target, GivenTenant tenant) throws InterruptedException;

  /** Takes it back, if it is there in that incarnation. On return nothing applies it any more, and its keys are gone there. */
  void takeBack(String target, UUID tenant, UUID incarnation) throws InterruptedException;

  /**
   * Waits for news after that version of that boot; any other boot's, and version 0, brings everything at once.
   *
   * @param urgent only for what somebody waits for: a hold that is reached, a promotion, a stop; all news come with it
   */
  ApplyReports reports(String target, UUID boot, long version, boolean urgent, Duration wait) throws InterruptedException;
}
