package io.helios.repl.status;

import io.helios.repl.error.Problem;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a tenant is that another region's server has given to this one, as seen here: what it lags in seconds its home knows.
 *
 * @param source as its home calls it
 * @param appliedLsn where the target is; null before that is known
 * @param capturedLsn how far its home has captured, when it last said so
 * @param lagBytes WAL of the source between the two; null as long as one is not known
 * @param lastCommitAt when the last applied transaction was committed, by the source's clock; null when none was since the start
 * @param error of the last attempt, as long as none went well since
 */
public record GuestStatus(
    String tenant,
    String region,
    String source,
    String target,
    State state,
    long epoch,
    @Nullable String appliedLsn,
    @Nullable String capturedLsn,
    @Nullable Long lagBytes,
    @Nullable Instant lastCommitAt,
    @Nullable Problem error) {

  /** What is done for it. */
  public enum State {
    /** Its position at the target is not known yet. */
    STARTING,
    /** What comes is applied. */
    STREAMING,
    /** Applying fails, and is tried again. */
    RETRYING,
    /** Applying has ended with an error, until somebody mends it. */
    FAILED
  }
}
