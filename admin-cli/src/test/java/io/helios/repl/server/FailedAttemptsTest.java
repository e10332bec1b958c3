package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class FailedAttemptsTest {

  private final AtomicLong nanos = new AtomicLong();
  private final FailedAttempts attempts = new FailedAttempts(nanos::get);

  private void pass(long seconds) {
    nanos.addAndGet(seconds * 1_000_000_000L);
  }

  private void fail(String address, int times) {
    for (int i = 0; i < times; i++) {
      attempts.failed(address);
    }
  }

  @Test
  void anAddressThatFailsTooOftenIsBlockedUntilTheWindowIsOver() {
    fail("10.0.0.1", FailedAttempts.ALLOWED - 1);
    assertThat(attempts.blockedSeconds("10.0.0.1")).isZero();
    pass(20);
    fail("10.0.0.1", 1);
    assertThat(attempts.blockedSeconds("10.0.0.1")).isEqualTo(40);
    assertThat(attempts.blockedSeconds("10.0.0.2")).as("another one").isZero();
    pass(40);
    assertThat(attempts.blockedSeconds("10.0.0.1")).isZero();
    assertThat(attempts.failed("10.0.0.1")).as("counted anew").isEqualTo(1);
  }

  @Test
  void whoSucceedsBeginsAnew() {
    fail("10.0.0.1", 9);
    attempts.succeeded("10.0.0.1");
    assertThat(attempts.failed("10.0.0.1")).isEqualTo(1);
  }

  @Test
  void anIpv6HostHasOneCountWhateverAddressItTakes() {
    fail("2001:db8:1:2::1", FailedAttempts.ALLOWED);
    assertThat(attempts.blockedSeconds("2001:db8:1:2:ffff::9")).isPositive();
    assertThat(attempts.blockedSeconds("2001:db8:1:3::1")).isZero();
  }

  @Test
  void manyAddressesDoNotFillTheMemoryAndTheLatestAreRemembered() {
    for (int i = 0; i < 30_000; i++) {
      attempts.failed("10." + i / 65536 + "." + i / 256 % 256 + "." + i % 256);
    }
    assertThat(attempts.failed("10.0.0.0")).as("long forgotten").isEqualTo(1);
    assertThat(attempts.failed("10.0." + 29_999 / 256 + "." + 29_999 % 256)).isEqualTo(2);
  }
}
