package io.helios.repl.failover.observation;

import java.time.Duration;

/**
 * When a database that does not answer is dead. By how it does not answer, since that says how sure one may be.
 *
 * @param probeEvery from the begin of a probe to the begin of the next
 * @param probeTimeout for connecting, and again for the answer
 * @param refused its machine answers, and nothing listens there: the server process is gone
 * @param silent nothing answers at all: the machine or the network is gone
 * @param unanswered something listens and does not answer in time, or says that it is starting, stopping or recovering
 * @param steady how long it has to answer before it is taken for alive again
 */
public record Thresholds(
    Duration probeEvery, Duration probeTimeout, Duration refused, Duration silent, Duration unanswered, Duration steady) {

  public static final Thresholds DEFAULT =
      new Thresholds(
          Duration.ofMillis(250),
          Duration.ofSeconds(1),
          Duration.ofSeconds(1),
          Duration.ofSeconds(3),
          Duration.ofSeconds(10),
          Duration.ofSeconds(2));
}
