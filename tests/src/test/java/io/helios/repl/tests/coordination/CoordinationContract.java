package io.helios.repl.tests.coordination;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.failover.coordination.Coordination;
import io.helios.repl.failover.coordination.Coordination.Entry;
import io.helios.repl.failover.coordination.Epochs;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What holds of registers wherever they are kept. */
@Timeout(120)
abstract class CoordinationContract {

  Coordination registers;

  /** The same registers each time it is called in one test, and none in them at first. */
  abstract Coordination open() throws Exception;

  @BeforeEach
  void openRegisters() throws Exception {
    registers = open();
  }

  @AfterEach
  void closeRegisters() {
    registers.close();
  }

  @Test
  void aRegisterIsMadeChangedAndRemoved() {
    assertThat(registers.read("a")).isEmpty();
    assertThat(registers.swap("a", 0, "it's \u00e9\ud83d\ude80")).isTrue();
    Entry first = registers.read("a").orElseThrow();
    assertThat(first.value()).isEqualTo("it's \u00e9\ud83d\ude80");
    assertThat(first.version()).isPositive();
    assertThat(registers.swap("a", first.version(), "two")).isTrue();
    Entry second = registers.read("a").orElseThrow();
    assertThat(second.value()).isEqualTo("two");
    assertThat(registers.swap("a", second.version(), null)).isTrue();
    assertThat(registers.read("a")).isEmpty();
  }

  @Test
  void nothingIsChangedByWhoHasNotSeenTheLast() {
    assertThat(registers.swap("a", 7, "there is none")).isFalse();
    assertThat(registers.swap("a", 7, null)).isFalse();
    assertThat(registers.swap("a", 0, null)).isTrue();
    assertThat(registers.read("a")).isEmpty();
    registers.swap("a", 0, "one");
    long seen = registers.read("a").orElseThrow().version();
    registers.swap("a", seen, "two");
    assertThat(registers.swap("a", seen, "three")).isFalse();
    assertThat(registers.swap("a", seen, null)).isFalse();
    assertThat(registers.swap("a", 0, "three")).isFalse();
    assertThat(registers.swap("a", 0, null)).isFalse();
    assertThat(registers.read("a")).map(Entry::value).contains("two");
  }

  @Test
  void oneThatWasRemovedAndMadeAgainWithTheSameValueIsAnotherOne() {
    registers.swap("a", 0, "same");
    long before = registers.read("a").orElseThrow().version();
    registers.swap("a", before, null);
    registers.swap("a", 0, "same");
    assertThat(registers.read("a").orElseThrow().version()).isNotEqualTo(before);
    assertThat(registers.swap("a", before, "late")).isFalse();
  }

  @Test
  void aListHasWhatBeginsSoByKeyAndNothingElse() {
    for (String key : List.of("vote/b/1", "vote/a/2", "vote/a/10", "votes", "vote_", "VOTE/x", "vote/%", "epoch/1")) {
      assertThat(registers.swap(key, 0, key)).isTrue();
    }
    assertThat(registers.list("vote/")).extracting(Entry::key).containsExactly("vote/%", "vote/a/10", "vote/a/2", "vote/b/1");
    assertThat(registers.list("vote/a")).allMatch(e -> e.equals(registers.read(e.key()).orElseThrow())).hasSize(2);
    assertThat(registers.list("lease/")).isEmpty();
    assertThat(registers.list("")).hasSize(8);
  }

  @Test
  void whatOneWroteIsThereForAllAndAfterwards() throws Exception {
    registers.swap("a", 0, "one");
    try (Coordination other = open()) {
      assertThat(other.read("a")).isEqualTo(registers.read("a"));
      other.swap("a", other.read("a").orElseThrow().version(), "two");
    }
    assertThat(registers.read("a")).map(Entry::value).contains("two");
  }

  @Test
  void ofManyWhoSwapAtOnceExactlyOneWins() throws Exception {
    int rounds = 5;
    int threads = 8;
    try (Coordination other = open(); ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      for (int round = 0; round < rounds; round++) {
        long seen = registers.read("a").map(Entry::version).orElse(0L);
        String prefix = round + " ";
        List<Callable<Boolean>> swaps =
            IntStream.range(0, threads)
                .<Callable<Boolean>>mapToObj(i -> () -> (i % 2 == 0 ? registers : other).swap("a", seen, prefix + i))
                .toList();
        List<Integer> winners = winners(pool.invokeAll(swaps));
        assertThat(winners).hasSize(1);
        assertThat(registers.read("a")).map(Entry::value).contains(prefix + winners.getFirst());
      }
    }
  }

  @Test
  void twoThatClaimAnEpochNeverBothGetIt() throws Exception {
    UUID tenant = UUID.randomUUID();
    Epochs epochs = new Epochs(registers);
    assertThat(epochs.of(tenant)).isEmpty();
    assertThat(epochs.claim(tenant, Optional.empty(), 2, "eu-central-1/shop-eu")).isTrue();
    Optional<Epochs.Claim> seen = epochs.of(tenant);
    assertThat(seen).hasValueSatisfying(c -> assertThat(c.home()).isEqualTo("eu-central-1/shop-eu"));
    try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
      List<Callable<Boolean>> claims =
          IntStream.range(0, 4).<Callable<Boolean>>mapToObj(i -> () -> epochs.claim(tenant, seen, 3, "home-" + i)).toList();
      List<Integer> winners = winners(pool.invokeAll(claims));
      assertThat(winners).hasSize(1);
      assertThat(epochs.of(tenant).orElseThrow().home()).isEqualTo("home-" + winners.getFirst());
    }
    assertThat(Set.of(epochs.of(tenant).orElseThrow().epoch())).containsExactly(3L);
  }

  private static List<Integer> winners(List<Future<Boolean>> tried) {
    return IntStream.range(0, tried.size()).filter(i -> tried.get(i).resultNow()).boxed().toList();
  }
}
