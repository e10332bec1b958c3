package io.helios.repl.failover.observation;

/**
 * What one probe came to.
 *
 * @param begunNanos by the observer's monotonic clock
 * @param endedNanos likewise
 */
public record Sample(Kind kind, long begunNanos, long endedNanos) {

  /** From the surest sign of life to the surest sign of death. */
  public enum Kind {
    /** It answered, however slowly; also that it takes no more connections, or does not know us. */
    ANSWERED,
    /** Something listens and does not answer in time, or says that it is starting, stopping or recovering. */
    UNANSWERED,
    /** Nothing answers at its address. */
    SILENT,
    /** Its machine answers, and nothing listens there. */
    REFUSED
  }
}
