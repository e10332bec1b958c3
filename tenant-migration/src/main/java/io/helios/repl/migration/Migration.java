package io.helios.repl.migration;

import io.helios.repl.error.Problem;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One move of one tenant, as it is journaled. Immutable.
 *
 * @param tenant its name, for messages; the id counts
 * @param from the configured name of its home when the migration began
 * @param to the configured name of what it moves to
 * @param since when it entered its state
 * @param wish what was asked of it and is not done yet
 * @param epoch the newest that a cutover of it has tried, or taken; 0 before the first
 * @param attempts how many cutovers were undone since the wish
 * @param notBefore when it is tried again; null for now
 * @param armed whether what a cutover needs is made at both ends
 * @param prediction the newest
 * @param there the cutover to the new home, once it happened
 * @param back the one back
 * @param error what went wrong last and is not over
 */
public record Migration(
    UUID id,
    UUID tenantId,
    String tenant,
    String from,
    String to,
    MigrationOptions options,
    MigrationState state,
    Instant begunAt,
    Instant since,
    Wish wish,
    long epoch,
    int attempts,
    @Nullable Instant notBefore,
    boolean armed,
    @Nullable Prediction prediction,
    @Nullable CutoverReport there,
    @Nullable CutoverReport back,
    @Nullable Problem error) {

  /** A new one. */
  public static Migration planned(
      UUID id, UUID tenantId, String tenant, String from, String to, MigrationOptions options, Instant now) {
    return new Migration(
        id, tenantId, tenant, from, to, options, MigrationState.PLANNED, now, now, Wish.NONE, 0, 0, null, false, null, null,
        null, null);
  }

  /** Which way its next or last cutover goes. */
  public Direction direction() {
    return switch (state) {
      case SWITCHED, CUTTING_BACK, CLEARING_UP, ROLLED_BACK -> Direction.BACK;
      default -> Direction.FORWARD;
    };
  }

  Migration in(MigrationState next, Instant at) {
    return new Migration(
        id, tenantId, tenant, from, to, options, next, begunAt, at, wish, epoch, attempts, notBefore, armed, prediction, there,
        back, error);
  }

  Migration wishing(Wish asked) {
    return new Migration(
        id, tenantId, tenant, from, to, options, state, begunAt, since, asked, epoch, 0, null, armed, prediction, there, back,
        null);
  }

  Migration with(MigrationOptions other) {
    return new Migration(
        id, tenantId, tenant, from, to, other, state, begunAt, since, wish, epoch, attempts, notBefore, armed, prediction, there,
        back, error);
  }

  Migration trying(long next) {
    return new Migration(
        id, tenantId, tenant, from, to, options, state, begunAt, since, wish, next, attempts, null, armed, prediction, there,
        back, null);
  }

  /** The wish stays as long as it may be tried again. */
  Migration undone(Problem why, Instant now) {
    boolean again = wish != Wish.NONE && attempts < options.retries();
    return new Migration(
        id, tenantId, tenant, from, to, options, state, begunAt, since, again ? wish : Wish.NONE, epoch,
        again ? attempts + 1 : attempts, again ? now.plus(options.backoff()) : null, armed, prediction, there, back, why);
  }

  Migration armed(boolean made) {
    return new Migration(
        id, tenantId, tenant, from, to, options, state, begunAt, since, wish, epoch, attempts, notBefore, made, prediction, there,
        back, error);
  }

  Migration predicted(Prediction pause) {
    return new Migration(
        id, tenantId, tenant, from, to, options, state, begunAt, since, wish, epoch, attempts, notBefore, armed, pause, there,
        back, error);
  }

  Migration reported(CutoverReport report) {
    boolean forward = report.direction() == Direction.FORWARD;
    return new Migration(
        id, tenantId, tenant, from, to, options, state, begunAt, since, wish, epoch, attempts, notBefore, armed, prediction,
        forward ? report : there, forward ? back : report, error);
  }

  Migration failing(@Nullable Problem problem) {
    return new Migration(
        id, tenantId, tenant, from, to, options, state, begunAt, since, wish, epoch, attempts, notBefore, armed, prediction, there,
        back, problem);
  }

  /** Nothing is asked of it any more. */
  Migration content() {
    return new Migration(
        id, tenantId, tenant, from, to, options, state, begunAt, since, Wish.NONE, epoch, 0, null, armed, prediction, there, back,
        null);
  }
}
