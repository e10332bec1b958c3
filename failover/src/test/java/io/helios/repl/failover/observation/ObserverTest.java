package io.helios.repl.failover.observation;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.failover.FailoverSettings;
import io.helios.repl.failover.coordination.MemoryCoordination;
import io.helios.repl.failover.observation.Sample.Kind;
import io.helios.repl.pipeline.Ticker;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.Lsn;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Observers of one source and one target, on one thread, with a clock of its own. */
class ObserverTest {

  private static final String SOURCE = "us/shop";
  private static final String TARGET = "eu/shop-eu";

  private final MemoryCoordination registers = new MemoryCoordination();
  private final Map<String, Kind> truth = new HashMap<>(Map.of(SOURCE, Kind.ANSWERED, TARGET, Kind.ANSWERED));
  private long nanos = Long.MAX_VALUE - Duration.ofSeconds(5).toNanos(); // it overflows on the way

  private final Ticker ticker =
      new Ticker() {
        @Override
        public long nanos() {
          return nanos;
        }

        @Override
        public Instant now() {
          return Instant.EPOCH;
        }
      };

  private Observer observer(String name, int known, Set<String> blindTo) {
    FailoverSettings d = FailoverSettings.of("us");
    FailoverSettings settings =
        new FailoverSettings(
            name, known, d.thresholds(), d.votesFresh(), d.drainPatience(), d.brakes(), d.fencing(), d.lease(), List.of());
    ConnectionSettings nowhere = new ConnectionSettings("nowhere", 1, "d", "u", null, Map.of());
    return new Observer(
        settings,
        List.of(new Endpoint(SOURCE, nowhere), new Endpoint(TARGET, nowhere)),
        endpoint ->
            new Probe() {
              @Override
              public Seen look() {
                Kind kind = blindTo.contains(endpoint.id()) ? Kind.SILENT : Objects.requireNonNull(truth.get(endpoint.id()));
                return new Seen(kind, false, kind == Kind.ANSWERED ? new Lsn(7) : null, null);
              }

              @Override
              public void close() {}
            },
        registers,
        Runnable::run,
        ticker,
        told -> {});
  }

  private void forSeconds(int seconds, Observer... observers) {
    for (int turn = 0; turn < 4 * seconds; turn++) {
      turn(observers);
    }
  }

  private void turn(Observer... observers) {
    nanos += Duration.ofMillis(250).toNanos();
    for (Observer observer : observers) {
      observer.runOnce();
    }
  }

  private static Verdict verdict(Observer observer, String endpoint) {
    return observer.latest().of(endpoint).orElseThrow().verdict();
  }

  @Test
  void oneAloneSeesLifeAndDeathAndRemembersWhatItSaw() {
    Observer alone = observer("a", 1, Set.of());
    forSeconds(1, alone);
    assertThat(verdict(alone, SOURCE)).isEqualTo(Verdict.ALIVE);
    truth.put(SOURCE, Kind.REFUSED);
    forSeconds(2, alone);
    assertThat(verdict(alone, SOURCE)).isEqualTo(Verdict.DEAD);
    assertThat(alone.latest().of(SOURCE).orElseThrow().lastWal()).isEqualTo(new Lsn(7));
    assertThat(verdict(alone, TARGET)).isEqualTo(Verdict.ALIVE);
  }

  @Test
  void whoSeesNothingAtAllIsCutOffHimself() {
    Observer blind = observer("a", 1, Set.of(SOURCE, TARGET));
    forSeconds(10, blind);
    assertThat(blind.latest().of(SOURCE).orElseThrow().own()).isEqualTo(Verdict.DEAD);
    assertThat(verdict(blind, SOURCE)).isEqualTo(Verdict.SUSPECT);
  }

  @Test
  void oneOfThreeThatIsCutOffFromTheSourceDecidesNothing() {
    Observer a = observer("a", 3, Set.of());
    Observer b = observer("b", 3, Set.of());
    Observer cut = observer("c", 3, Set.of(SOURCE));
    forSeconds(10, a, b, cut);
    assertThat(cut.latest().of(SOURCE).orElseThrow().own()).isEqualTo(Verdict.DEAD);
    for (Observer each : List.of(a, b, cut)) {
      assertThat(verdict(each, SOURCE)).isEqualTo(Verdict.ALIVE);
    }
    truth.put(SOURCE, Kind.REFUSED);
    forSeconds(3, a, b, cut);
    for (Observer each : List.of(a, b, cut)) {
      assertThat(verdict(each, SOURCE)).isEqualTo(Verdict.DEAD);
    }
  }

  @Test
  void theVoteOfOneThatStoppedSpeakingIsNone() {
    Observer a = observer("a", 2, Set.of());
    Observer b = observer("b", 2, Set.of());
    truth.put(SOURCE, Kind.REFUSED);
    forSeconds(3, a, b);
    assertThat(verdict(a, SOURCE)).isEqualTo(Verdict.DEAD);
    forSeconds(3, a);
    assertThat(verdict(a, SOURCE)).isEqualTo(Verdict.SUSPECT);
    forSeconds(3, a, b);
    assertThat(verdict(a, SOURCE)).isEqualTo(Verdict.DEAD);
  }

  @Test
  void whatIsFoundInARegisterIsNotFreshBeforeItChanges() {
    truth.put(SOURCE, Kind.REFUSED);
    forSeconds(3, observer("dead-since", 2, Set.of()));
    Observer a = observer("a", 2, Set.of());
    for (int turn = 0; turn < 40; turn++) {
      turn(a);
      assertThat(verdict(a, SOURCE)).isEqualTo(Verdict.SUSPECT);
    }
    assertThat(a.latest().of(SOURCE).orElseThrow().own()).isEqualTo(Verdict.DEAD);
    assertThat(a.latest().of(SOURCE).orElseThrow().votes()).hasSize(2);
  }

  @Test
  void withoutRegistersEachHasItsOwnVoteOnlyAndSaysSo() {
    Observer a = observer("a", 2, Set.of());
    Observer b = observer("b", 2, Set.of());
    truth.put(SOURCE, Kind.REFUSED);
    forSeconds(1, a, b);
    registers.lose(true);
    forSeconds(6, a, b);
    assertThat(verdict(a, SOURCE)).isEqualTo(Verdict.SUSPECT);
    assertThat(a.latest().problem()).satisfies(p -> assertThat(p.code()).isEqualTo(ErrorCode.COORDINATION_UNAVAILABLE));
    registers.lose(false);
    forSeconds(2, a, b);
    assertThat(verdict(a, SOURCE)).isEqualTo(Verdict.DEAD);
    assertThat(a.latest().problem()).isNull();
  }

  @Test
  void twoOfOneNameAreTold() {
    Observer one = observer("a", 1, Set.of());
    Observer other = observer("a", 1, Set.of());
    forSeconds(3, one, other);
    assertThat(one.latest().problem()).satisfies(p -> assertThat(p.code()).isEqualTo(ErrorCode.OBSERVER_NAME_TAKEN));
  }

  @Test
  void whoStopsInOrderIsKnownNoMore() {
    Observer a = observer("a", 1, Set.of());
    Observer b = observer("b", 1, Set.of());
    forSeconds(2, a, b);
    assertThat(a.latest().of(SOURCE).orElseThrow().votes()).hasSize(2);
    b.close();
    forSeconds(2, a);
    assertThat(a.latest().of(SOURCE).orElseThrow().votes()).hasSize(1);
  }
}
