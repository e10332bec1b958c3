package io.helios.repl.tests.simulation;

import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** The dice of one history: everything that is left to chance is drawn here, so that the seed is the history. */
final class Chance {

  private final SplittableRandom random;
  private boolean calm;

  Chance(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** True once in so many; never for 0, and never once {@link #calm} was called. */
  boolean once(int in) {
    return in > 0 && !calm && random.nextInt(in) == 0;
  }

  boolean coin() {
    return random.nextBoolean();
  }

  /** 0 up to {@code bound}, exclusive. */
  int below(int bound) {
    return random.nextInt(bound);
  }

  /** Both ends included. */
  int between(int least, int most) {
    return least + random.nextInt(most - least + 1);
  }

  int oneOf(int... values) {
    return values[random.nextInt(values.length)];
  }

  <T> T of(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  RandomGenerator generator() {
    return random;
  }

  /** No faults from now on. */
  void calm() {
    calm = true;
  }
}
