package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What clients of one counter, at the tenant's two homes, have lived to see while it was failed over from the first to the second at the most
 * once: each increment with the time between which it took effect (Herlihy and Wing, Linearizability, 1990). All clocks are one.
 *
 * @param all of what was acknowledged or came to an unknown end; what was refused did not happen
 */
record HomeHistory(List<Increment> all) {

  static final int OLD = 0;
  static final int NEW = 1;

  /** @param value what the counter was then; -1: nobody knows whether it happened */
  record Increment(int home, long invoked, long returned, long value) {

    boolean isAcknowledged() {
      return value >= 0;
    }
  }

  private Stream<Increment> acknowledged(int home) {
    return all.stream().filter(i -> i.home() == home && i.isAcknowledged());
  }

  long acknowledgedAt(int home) {
    return acknowledged(home).count();
  }

  long unknown() {
    return all.stream().filter(i -> !i.isAcknowledged()).count();
  }

  /** Acknowledged at the old home, and not known at the new one when it was opened: by what its first increments found there. */
  long lost() {
    long first = acknowledged(NEW).mapToLong(Increment::value).min().orElse(Long.MAX_VALUE);
    return acknowledged(OLD).filter(i -> i.value() >= first).count();
  }

  /** From the last that was acknowledged at the old home to the first at the new one. */
  long nobodyWroteNanos() {
    return acknowledged(NEW).mapToLong(Increment::returned).min().orElseThrow()
        - acknowledged(OLD).mapToLong(Increment::returned).max().orElseThrow();
  }

  /** There is a moment before which the old home alone took writes and behind which the new one alone did, and each was one counter. */
  void check() {
    assertOneCounter(OLD);
    assertOneCounter(NEW);
    long opened = acknowledged(NEW).mapToLong(Increment::returned).min().orElse(Long.MAX_VALUE);
    assertThat(acknowledged(OLD).filter(i -> i.invoked() > opened))
        .as("written at the old home, begun when the new one had already acknowledged a write")
        .isEmpty();
  }

  /** No value twice, and none that is larger than one of an increment that began only after it had ended. */
  private void assertOneCounter(int home) {
    Set<Long> values = new HashSet<>();
    long begun = Long.MIN_VALUE;
    for (Increment i : acknowledged(home).sorted(Comparator.comparingLong(Increment::value)).toList()) {
      assertThat(values.add(i.value())).as("%s: a value twice at home %d", i, home).isTrue();
      assertThat(i.returned()).as("%s: ended before one of a smaller value had begun", i).isGreaterThanOrEqualTo(begun);
      begun = Math.max(begun, i.invoked());
    }
  }
}
