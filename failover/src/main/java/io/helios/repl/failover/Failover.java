package io.helios.repl.failover;

import io.helios.repl.error.Problem;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One failover of one tenant, as it is journaled. Immutable.
 *
 * @param tenant its name, for messages; the id counts
 * @param from the configured name of the home that is gone
 * @param to the configured name of what becomes its home
 * @param since when it entered its state
 * @param lastAlive the last moment at which the old home was known to be alive
 * @param oldEpoch the tenant's before
 * @param epoch that it claimed; 0 before
 * @param drained whether all that was captured was applied before the promotion
 * @param promotion null before the replica has taken the epoch
 * @param switchedAt when clients were sent to the new home; null before
 * @param fence where the old home's WAL says that it is closed; null before
 * @param account null before it is made
 * @param maxPause how long writers may wait on the way back
 * @param error what went wrong last and is not over
 */
public record Failover(
    UUID id,
    UUID tenantId,
    String tenant,
    String from,
    String to,
    FailoverOptions options,
    FailoverState state,
    Instant begunAt,
    Instant since,
    Instant lastAlive,
    long oldEpoch,
    long epoch,
    boolean drained,
    @Nullable Promotion promotion,
    @Nullable Instant switchedAt,
    @Nullable String fence,
    @Nullable Account account,
    @Nullable Duration maxPause,
    @Nullable Problem error) {

  /**
   * @param position the last transaction of the old home that is in what was promoted
   * @param lastCommit when that was committed there; null when it is not known
   */
  public record Promotion(String position, @Nullable Instant lastCommit, Instant at) {}

  /** A new one. */
  static Failover planned(UUID id, Tenant of, FailoverOptions options, Instant lastAlive, Instant now) {
    return new Failover(
        id, of.id(), of.name(), of.source(), of.target(), options, FailoverState.PLANNED, now, now, lastAlive, of.epoch(), 0,
        false, null, null, null, null, null, null);
  }

  /** The tenant as it was before. */
  public Tenant before(Tenant now) {
    return new Tenant(
        now.id(), now.name(), now.key(), from, to, now.tables(), now.tier(), now.lagTarget(), now.conflicts(), oldEpoch,
        now.fencing());
  }

  /** From the last moment at which the source was known to be alive to clients being sent to the new home; null before. */
  public @Nullable Duration rto() {
    return switchedAt == null ? null : Duration.between(lastAlive, switchedAt);
  }

  /** What operators read of the old home: {@code unreachable}, {@code fenced}, {@code accounted}, {@code repairing}, {@code following}. */
  public String oldSource() {
    return switch (state) {
      case PLANNED, WAITING, DRAINING, PROMOTING, PROMOTED, FAILED -> "unreachable";
      case FENCED -> "fenced";
      case ACCOUNTED -> "accounted";
      case REPAIRING -> "repairing";
      case FOLLOWING, FAILING_BACK, FAILED_BACK -> "following";
    };
  }

  Failover in(FailoverState next, Instant at) {
    return new Failover(
        id, tenantId, tenant, from, to, options, next, begunAt, at, lastAlive, oldEpoch, epoch, drained, promotion, switchedAt, fence,
        account, maxPause, null);
  }

  Failover with(FailoverOptions other) {
    return new Failover(
        id, tenantId, tenant, from, to, other, state, begunAt, since, lastAlive, oldEpoch, epoch, drained, promotion, switchedAt, fence,
        account, maxPause, error);
  }

  Failover claimed(long next) {
    return new Failover(
        id, tenantId, tenant, from, to, options, state, begunAt, since, lastAlive, oldEpoch, next, drained, promotion, switchedAt, fence,
        account, maxPause, error);
  }

  Failover drained(boolean whole) {
    return new Failover(
        id, tenantId, tenant, from, to, options, state, begunAt, since, lastAlive, oldEpoch, epoch, whole, promotion, switchedAt, fence,
        account, maxPause, error);
  }

  Failover promoted(Promotion done) {
    return new Failover(
        id, tenantId, tenant, from, to, options, state, begunAt, since, lastAlive, oldEpoch, epoch, drained, done, switchedAt, fence,
        account, maxPause, error);
  }

  Failover switched(Instant at) {
    return new Failover(
        id, tenantId, tenant, from, to, options, state, begunAt, since, lastAlive, oldEpoch, epoch, drained, promotion, at, fence, account,
        maxPause, error);
  }

  Failover fenced(String marker) {
    return new Failover(
        id, tenantId, tenant, from, to, options, state, begunAt, since, lastAlive, oldEpoch, epoch, drained, promotion, switchedAt, marker,
        account, maxPause, error);
  }

  Failover accounted(Account made) {
    return new Failover(
        id, tenantId, tenant, from, to, options, state, begunAt, since, lastAlive, oldEpoch, epoch, drained, promotion, switchedAt, fence,
        made, maxPause, error);
  }

  Failover pausing(Duration most) {
    return new Failover(
        id, tenantId, tenant, from, to, options, state, begunAt, since, lastAlive, oldEpoch, epoch, drained, promotion, switchedAt, fence,
        account, most, error);
  }

  Failover failing(@Nullable Problem problem) {
    return new Failover(
        id, tenantId, tenant, from, to, options, state, begunAt, since, lastAlive, oldEpoch, epoch, drained, promotion, switchedAt, fence,
        account, maxPause, problem);
  }
}
