package io.helios.repl.server;

import io.helios.repl.failover.FailoverTraffic;
import io.helios.repl.migration.Traffic;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;

/** The switches of moves, worked by failovers: nobody is held back, for nobody can write at a home that is gone. Any thread. */
final class FailoverSending implements FailoverTraffic {

  private final Traffic traffic;

  FailoverSending(Traffic traffic) {
    this.traffic = traffic;
  }

  @Override
  public void send(Tenant tenant, long epoch, String from, String to) {
    Traffic.Move move = new Traffic.Move(tenant, epoch, from, to);
    traffic.change(move);
    traffic.resume(move);
  }

  @Override
  public Duration check(Tenant tenant, long epoch) {
    long began = System.nanoTime();
    traffic.check(new Traffic.Move(tenant, epoch, tenant.source(), tenant.target()));
    return Duration.ofNanos(System.nanoTime() - began);
  }
}
