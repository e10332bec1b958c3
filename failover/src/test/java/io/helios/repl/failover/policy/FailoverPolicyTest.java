package io.helios.repl.failover.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.failover.observation.ObservedEndpoints;
import io.helios.repl.failover.observation.ObservedEndpoints.Observation;
import io.helios.repl.failover.observation.Probe;
import io.helios.repl.failover.observation.Quorum;
import io.helios.repl.failover.observation.Sample.Kind;
import io.helios.repl.failover.observation.Verdict;
import io.helios.repl.failover.policy.Decision.Step;
import io.helios.repl.failover.policy.FailoverPolicy.Begun;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FailoverPolicyTest {

  private static final Duration FRESH = Duration.ofSeconds(2);
  private static final long TAKEN = -5;
  private static final Brakes BRAKES = new Brakes(2, 3, 1000, Duration.ofSeconds(10));
  private static final FailoverPolicy POLICY = new FailoverPolicy(BRAKES, FRESH);

  private static final Probe.Seen SEEN = new Probe.Seen(Kind.SILENT, false, null, null);

  private static Observation observation(String endpoint, Verdict verdict) {
    return new Observation(endpoint, new Quorum.Outcome(verdict, 0, 0, 1, 1), verdict, Instant.EPOCH, SEEN, null, null, List.of());
  }

  private static ObservedEndpoints observed(Verdict source, Verdict target) {
    return new ObservedEndpoints(TAKEN, "a", List.of(observation("us/shop", source), observation("eu/shop", target)), null);
  }

  private static Candidate tenant(String name, Tier tier, String source, @Nullable Long bytes) {
    UUID id = UUID.nameUUIDFromBytes(name.getBytes());
    return new Candidate(id, name, tier, source, "eu/shop", true, true, false, bytes, Duration.ofSeconds(1));
  }

  private static List<String> begun(List<Decision> decisions) {
    return decisions.stream().filter(d -> d.step() == Step.BEGIN).map(d -> d.tenant().name()).toList();
  }

  /** Every combination of what one tenant can be in: it is begun in one of them alone. */
  @Test
  void oneTenantIsFailedOverOnlyWhenNothingSpeaksAgainstIt() {
    int begun = 0;
    int cases = 0;
    for (int bits = 0; bits < 1 << 8; bits++) {
      boolean automatic = (bits & 1) == 0;
      boolean ready = (bits & 2) == 0;
      boolean underWay = (bits & 4) != 0;
      boolean much = (bits & 8) != 0;
      boolean late = (bits & 16) != 0;
      boolean lately = (bits & 32) != 0;
      boolean full = (bits & 64) != 0;
      boolean old = (bits & 128) != 0;
      for (Verdict source : Verdict.values()) {
        for (Verdict target : Verdict.values()) {
          cases++;
          Candidate candidate =
              new Candidate(
                  new UUID(0, 1), "acme", Tier.STANDARD, "us/shop", "eu/shop", automatic, ready, underWay,
                  much ? 1001L : 1000L, late ? Duration.ofSeconds(11) : Duration.ofSeconds(10));
          List<Begun> history = lately ? List.of(new Begun(new UUID(0, 1), "us/shop", 1)) : List.of();
          List<Decision> decisions =
              POLICY.decide(
                  observed(source, target), List.of(candidate), history, full ? 3 : 2, TAKEN + FRESH.toNanos() + (old ? 1 : 0));
          boolean free =
              automatic && ready && !underWay && !much && !late && !lately && !full && !old
                  && source == Verdict.DEAD && target == Verdict.ALIVE;
          assertThat(begun(decisions).isEmpty()).as("%s %s %s", Integer.toBinaryString(bits), source, target).isEqualTo(!free);
          assertThat(decisions).hasSize(source == Verdict.DEAD && !old ? 1 : 0);
          begun += free ? 1 : 0;
        }
      }
    }
    assertThat(cases).isEqualTo(2304);
    assertThat(begun).isEqualTo(1);
  }

  @Test
  void whatNobodyKnowsAHumanDecides() {
    Candidate unknown = tenant("a", Tier.STANDARD, "us/shop", null);
    List<Decision> decisions = POLICY.decide(observed(Verdict.DEAD, Verdict.ALIVE), List.of(unknown), List.of(), 0, TAKEN);
    assertThat(decisions).extracting(Decision::step).containsExactly(Step.UNREPLICATED);
    assertThat(decisions.getFirst().step().asksAHuman()).isTrue();
    assertThat(POLICY.decide(ObservedEndpoints.NONE, List.of(unknown), List.of(), 0, 0)).isEmpty();
  }

  @Test
  void premiumGoesFirstAndOfOneTierThoseThatLoseLeast() {
    List<Candidate> candidates =
        List.of(
            tenant("d", Tier.BEST_EFFORT, "us/shop", 0L),
            tenant("c", Tier.STANDARD, "us/shop", 1L),
            tenant("b", Tier.PREMIUM, "us/shop", 9L),
            tenant("a", Tier.PREMIUM, "us/shop", 8L),
            tenant("e", Tier.STANDARD, "us/shop", 0L));
    List<Decision> decisions = POLICY.decide(observed(Verdict.DEAD, Verdict.ALIVE), candidates, List.of(), 0, TAKEN);
    assertThat(decisions).extracting(d -> d.tenant().name()).containsExactly("a", "b", "e", "c", "d");
    assertThat(begun(decisions)).containsExactly("a", "b", "e");
    assertThat(decisions.getLast().step()).isEqualTo(Step.WAITS_FOR_ITS_TURN);
  }

  @Test
  void aSourceThatDiesWithHundredsOfTenantsCountsOnceAndAThirdOneWaits() {
    List<Observation> endpoints = new ArrayList<>(List.of(observation("eu/shop", Verdict.ALIVE)));
    List<Candidate> candidates = new ArrayList<>();
    for (String source : List.of("us/a", "us/b", "us/c")) {
      endpoints.add(observation(source, Verdict.DEAD));
      IntStream.range(0, 200).forEach(i -> candidates.add(tenant(source + i, Tier.STANDARD, source, 0L)));
    }
    ObservedEndpoints observed = new ObservedEndpoints(TAKEN, "a", endpoints, null);
    FailoverPolicy wide = new FailoverPolicy(new Brakes(2, 1000, 0, Duration.ofSeconds(1)), FRESH);
    List<Decision> decisions = wide.decide(observed, candidates, List.of(), 0, TAKEN);
    assertThat(decisions.stream().filter(d -> d.step() == Step.BEGIN).map(d -> d.tenant().source()).distinct()).containsExactly("us/a", "us/b");
    assertThat(begun(decisions)).hasSize(400);
    List<Begun> hourAgo = List.of(new Begun(new UUID(0, 0), "us/x", Duration.ofHours(1).toNanos()), new Begun(new UUID(0, 0), "us/c", 1));
    assertThat(begun(wide.decide(observed, candidates, hourAgo, 0, TAKEN))).hasSize(400).anyMatch(n -> n.startsWith("us/c"));
  }

  @Test
  void noSourcesAnHourMeansThatAHumanAlwaysDecides() {
    FailoverPolicy none = new FailoverPolicy(new Brakes(0, 1, 0, Duration.ofSeconds(1)), FRESH);
    assertThat(none.decide(observed(Verdict.DEAD, Verdict.ALIVE), List.of(tenant("a", Tier.PREMIUM, "us/shop", 0L)), List.of(), 0, TAKEN))
        .extracting(Decision::step)
        .containsExactly(Step.SOURCES_PER_HOUR);
  }

  /** What it is told: begun again after a failure, and held back once a reason. */
  @Test
  void whatIsHeldBackIsToldOnceAndWhatCouldNotBeBegunIsBegunAgain() {
    List<String> calls = new ArrayList<>();
    List<Candidate> candidates =
        List.of(tenant("a", Tier.STANDARD, "us/shop", 0L), tenant("b", Tier.STANDARD, "us/shop", 5000L));
    AutoFailover.Runs runs =
        new AutoFailover.Runs() {
          @Override
          public List<Candidate> candidates(ObservedEndpoints observed) {
            return candidates;
          }

          @Override
          public List<Begun> lately() {
            return List.of();
          }

          @Override
          public int running() {
            return 0;
          }

          @Override
          public void begin(UUID tenant, String why) {
            calls.add("begin " + why);
            if (calls.size() == 1) {
              throw new TransientException(new Problem(ErrorCode.STORE_UNAVAILABLE, "the store is away", "a test", "none"));
            }
          }

          @Override
          public void held(Decision decision) {
            calls.add("held " + decision.tenant().name() + " " + decision.step());
          }
        };
    AutoFailover automatic = new AutoFailover(POLICY, runs, () -> TAKEN);
    assertThat(automatic.runOnce(observed(Verdict.ALIVE, Verdict.ALIVE))).isZero();
    assertThat(automatic.latest()).isEmpty();
    assertThat(automatic.runOnce(observed(Verdict.DEAD, Verdict.ALIVE))).isZero();
    assertThat(automatic.runOnce(observed(Verdict.DEAD, Verdict.ALIVE))).isOne();
    assertThat(calls).containsExactly("begin us/shop is dead", "held b UNREPLICATED", "begin us/shop is dead");
    assertThat(automatic.latest()).hasSize(2);
    automatic.runOnce(observed(Verdict.ALIVE, Verdict.ALIVE));
    automatic.runOnce(observed(Verdict.DEAD, Verdict.ALIVE));
    assertThat(calls).endsWith("held b UNREPLICATED");
  }
}
