package io.helios.repl.capture;

import io.helios.repl.error.Problem;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Loop 1, however a source is captured: from the source to the relay journal. {@link #runOnce} belongs to one thread, the rest
 * to any. After an exception it is done for: another one is made, which rewinds the journal. Who appears in {@link
 * CaptureStatus#failures} must not be in that one's routes.
 */
public sealed interface Capture permits WalCapture, CheckpointPoller {

  /**
   * Does what there is to do.
   *
   * @return how many messages or rows were taken; 0 after a short silence
   */
  int runOnce();

  /** Other routes; taken over between two transactions. An older version than the one in force is ignored. */
  void route(Routes routes);

  /** The version of the routes in force: transactions that are captured from now on are routed by them. */
  long routesVersion();

  /** Whether more was waiting when it last looked. */
  boolean isBehind();

  CaptureStatus status();

  /** What sealing and journaling take. */
  CaptureTimes times();

  /** Why the tenant's changes are not captured any more, as of now; null when they are. */
  @Nullable Problem failure(UUID tenant);
}
