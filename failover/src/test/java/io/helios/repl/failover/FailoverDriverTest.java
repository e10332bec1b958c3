package io.helios.repl.failover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.Fencing;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a failover does where it may not, cannot, or is not to go on. */
class FailoverDriverTest {

  private static final FailoverOptions OPTIONS = FailoverOptions.by("a test");

  private final SimulatedFailure world = new SimulatedFailure(1);

  private FailoverHistory history(FailoverOptions options, int turns) {
    FailoverHistory history = new FailoverHistory(world, options);
    turns(history, turns);
    return history;
  }

  private static void turns(FailoverHistory history, int turns) {
    for (int i = 0; i < turns; i++) {
      history.ask();
      history.turn(Duration.ofMillis(500));
    }
  }

  private static ErrorCode error(FailoverHistory history) {
    return Objects.requireNonNull(history.failover().error()).code();
  }

  @Test
  void aSourceThatIsAliveAgainWhenItsTurnComesIsLeftAlone() {
    world.oldUp = true;
    FailoverHistory history = history(OPTIONS, 1);
    assertThat(history.failover().state()).isEqualTo(FailoverState.FAILED);
    assertThat(error(history)).isEqualTo(ErrorCode.SOURCE_ALIVE);
    assertThat(world.calls).doesNotContain("before claim", "before end of moves");
  }

  @Test
  void aMoveThatIsBeingCutOverIsNotOvertaken() {
    world.moveCutting = true;
    FailoverHistory history = history(OPTIONS, 1);
    assertThat(error(history)).isEqualTo(ErrorCode.MOVE_UNDECIDED);
    assertThat(world.calls).doesNotContain("before claim", "before promote");
  }

  @Test
  void theLeaseOfTheOldHomeIsWaitedFor() {
    world.leased = true;
    world.oldUp = true;
    world.pass(Duration.ofMillis(10));
    world.oldUp = false;
    FailoverHistory history = history(OPTIONS, 5);
    assertThat(history.failover().state()).isEqualTo(FailoverState.WAITING);
    turns(history, 3);
    assertThat(history.failover().state()).isEqualTo(FailoverState.PROMOTED);
    assertThat(history.failover().rto()).isGreaterThanOrEqualTo(Duration.ofMillis(2900));
  }

  @Test
  void clientsThatCannotBeSentKeepTheOldHomeFromNothingAndAreSentLater() {
    world.sends = false;
    FailoverHistory history = history(OPTIONS, 1);
    assertThat(history.failover().state()).isEqualTo(FailoverState.PROMOTED);
    assertThat(error(history)).isEqualTo(ErrorCode.FAILOVER_TRAFFIC);
    world.oldUp = true;
    turns(history, 60);
    assertThat(history.failover().state()).isEqualTo(FailoverState.FOLLOWING);
    assertThat(history.failover().rto()).isNull();
    world.sends = true;
    turns(history, 20);
    assertThat(world.directed).isEqualTo("west");
    assertThat(history.failover().rto()).isNotNull();
    assertThat(history.failover().error()).isNull();
  }

  @Test
  void anOldHomeIsLeftAsItIsUntilSomebodyLetsItRejoin() {
    FailoverHistory history = history(OPTIONS.withRejoin(false), 2);
    world.oldUp = true;
    turns(history, 30);
    assertThat(history.failover().state()).isEqualTo(FailoverState.ACCOUNTED);
    assertThat(history.failover().oldSource()).isEqualTo("accounted");
    assertThatThrownBy(() -> history.failovers.requireNone(world.stored)).isInstanceOf(OperatorException.class);
    history.failovers.rejoin(world.stored);
    turns(history, 5);
    assertThat(history.failover().state()).isEqualTo(FailoverState.FOLLOWING);
    assertThat(history.failover().before(world.stored).source()).isEqualTo("east");
    assertThat(history.failover().before(world.stored).epoch()).isEqualTo(1);
  }

  @Test
  void aFailbackBringsTheOldRolesAndOneThatIsUndoneMayBeAskedForAgain() {
    FailoverHistory history = history(OPTIONS, 2);
    assertThatThrownBy(() -> history.failovers.failBack(world.stored, Duration.ofSeconds(1)))
        .isInstanceOfSatisfying(
            OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.FAILOVER_STATE));
    world.oldUp = true;
    turns(history, 30);
    history.failovers.failBack(world.stored, Duration.ofSeconds(1));
    world.undone = new Problem(ErrorCode.FAILBACK_UNDONE, "undone", "the pause did not suffice", "again");
    turns(history, 2);
    assertThat(history.failover().state()).isEqualTo(FailoverState.FOLLOWING);
    assertThat(error(history)).isEqualTo(ErrorCode.FAILBACK_UNDONE);
    world.undone = null;
    history.failovers.failBack(world.stored, Duration.ofSeconds(1));
    turns(history, 2);
    assertThat(history.failover().state()).isEqualTo(FailoverState.FAILED_BACK);
    assertThat(history.failover().maxPause()).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void clientsThatWereNeverSentAreNotSentAwayFromTheHomeThatTheTenantCameBackTo() {
    world.sends = false;
    FailoverHistory history = history(OPTIONS, 2);
    world.oldUp = true;
    turns(history, 60);
    history.failovers.failBack(world.stored, Duration.ofSeconds(1));
    world.sends = true;
    turns(history, 20);
    assertThat(history.failover().state()).isEqualTo(FailoverState.FAILED_BACK);
    assertThat(world.directed).isEqualTo("east");
  }

  @Test
  void aPlannedFailoverWaitsForRoomInAllAndInItsBatch() {
    List<Failover> batch = List.of(planned(0, 1), planned(1, 1));
    Admission two = Admission.of(batch, f -> f == batch.getFirst());
    assertThat(two.hasRoom(batch.getLast())).isFalse();
    assertThat(Admission.of(batch, f -> false).hasRoom(batch.getLast())).isTrue();
    List<Failover> many = IntStream.range(0, 17).mapToObj(i -> planned(i, 100)).toList();
    assertThat(Admission.of(many, f -> f != many.getLast()).hasRoom(many.getLast())).isFalse();
    assertThat(Admission.of(many, f -> f != many.getLast() && f != many.getFirst()).hasRoom(many.getLast())).isTrue();
  }

  @Test
  void whatATenantWasBeforeIsAllThatItIsButItsPlaces() {
    Tenant tenant =
        new Tenant(
            new UUID(1, 7), "t", "k", "east", "west", TableFilter.ALL, Tier.PREMIUM, Duration.ofSeconds(7),
            ConflictPolicy.STOP, 3, Fencing.LEASE);
    Failover failover = Failover.planned(new UUID(2, 7), tenant, OPTIONS, Instant.EPOCH, Instant.EPOCH);
    assertThat(failover.before(tenant)).isEqualTo(tenant);
    assertThat(failover.before(tenant.turned(4))).isEqualTo(tenant);
  }

  private static Failover planned(int rank, int parallel) {
    Tenant tenant =
        new Tenant(
            new UUID(1, rank), "t" + rank, "t" + rank, "east", "west", TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5),
            ConflictPolicy.SOURCE_WINS, 1);
    return Failover.planned(
        new UUID(2, rank), tenant, OPTIONS.inBatch("all", rank, parallel), Instant.EPOCH, Instant.EPOCH);
  }
}
