package io.helios.repl.server;

import io.helios.repl.pipeline.FleetEvent;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Which events of the history are asked for.
 *
 * @param tenant null for all, and for those of no tenant
 * @param least those as loud as this, and louder
 * @param after those with a greater id only
 * @param before those with a smaller id only
 * @param since none from before this moment; null for no bound
 */
record EventQuery(
    @Nullable String tenant, FleetEvent.Severity least, long after, long before, @Nullable Instant since) {

  static final EventQuery ALL = new EventQuery(null, FleetEvent.Severity.INFO, -1, Long.MAX_VALUE, null);

  EventQuery of(String name) {
    return new EventQuery(name, least, after, before, since);
  }

  EventQuery after(long id) {
    return new EventQuery(tenant, least, id, before, since);
  }

  EventQuery before(long id) {
    return new EventQuery(tenant, least, after, id, since);
  }
}
