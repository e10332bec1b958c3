package io.helios.repl.failover;

import io.helios.repl.apply.TenantHome;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.Succession;
import io.helios.repl.pipeline.SuccessionAccount;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;

/** Both databases of a tenant in this server's own fleet. Any thread. */
public final class FleetFailoverEnds implements FailoverEnds {

  private final Fleet fleet;

  public FleetFailoverEnds(Fleet fleet) {
    this.fleet = fleet;
  }

  private interface Step<T> {
    T take() throws InterruptedException;
  }

  /** An interrupt ends a step where it is; it can be taken again. */
  private static <T> T uninterrupted(Tenant tenant, Step<T> step) {
    try {
      return step.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException(
          new Problem(
              ErrorCode.WAIT_TIMED_OUT,
              "a step of the failover of tenant \"" + tenant.name() + "\" was broken off",
              "the server is stopping",
              "it goes on when the server runs again: helios-repl failover status " + tenant.name()),
          e);
    }
  }

  @Override
  public Arbiter arbiter(Tenant tenant) {
    TenantHome.State state = fleet.handover(tenant).arbiter();
    return new Arbiter(state.epoch(), state.role() != TenantHome.Role.REPLICA, state.refused());
  }

  @Override
  public Standing standing(Tenant tenant) {
    Succession.Standing standing = fleet.succession(tenant).standing();
    return new Standing(standing.obstacle(), standing.applied(), standing.captured(), standing.lastCommit());
  }

  @Override
  public boolean drain(Tenant tenant, Duration patience) {
    return uninterrupted(tenant, () -> fleet.succession(tenant).drain(patience));
  }

  @Override
  public Promoted promote(Tenant tenant, long epoch) {
    Succession.Taken taken = fleet.succession(tenant).promote(epoch);
    return new Promoted(taken.position(), taken.lastCommit());
  }

  @Override
  public Lsn fenceOldHome(Tenant tenant, long epoch) {
    return uninterrupted(tenant, () -> fleet.succession(tenant).fence(epoch));
  }

  @Override
  public Account account(Tenant tenant, long epoch, Lsn promoted, Lsn fence, Duration patience) {
    SuccessionAccount account =
        uninterrupted(tenant, () -> fleet.succession(tenant).account(epoch, promoted, fence, patience));
    return new Account(
        account.missing(),
        account.transactions(),
        account.first(),
        account.last(),
        account.tables().stream()
            .map(t -> new Account.Table(t.table(), t.inserts(), t.updates(), t.deletes(), t.truncates(), t.keys()))
            .toList());
  }

  @Override
  public byte[] export(Tenant tenant, long epoch) {
    return fleet.succession(tenant).export(epoch);
  }

  @Override
  public Tenant rejoin(Tenant tenant, long epoch) {
    return uninterrupted(tenant, () -> fleet.succession(tenant).rejoin(epoch));
  }
}
