package io.helios.repl.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.Backoff;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What is told to another region's server: once, one thing at a time of each tenant, and again when it went wrong. */
class ErrandsTest {

  private static final long HOUR = TimeUnit.HOURS.toNanos(1);

  private final UUID a = UUID.randomUUID();
  private final Errand giveA = new Errand.Give(a);
  private final Errand giveB = new Errand.Give(UUID.randomUUID());
  private final Errand backA = new Errand.TakeBack(a, UUID.randomUUID());
  private volatile long nanos;

  private final Errands errands =
      new Errands(
          new Ticker() {
            @Override
            public long nanos() {
              return nanos;
            }

            @Override
            public Instant now() {
              return Instant.EPOCH;
            }
          },
          new Backoff(Duration.ofMinutes(1), Duration.ofMinutes(1)));

  private void isEmpty() {
    CompletableFuture<Errand> taken =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return errands.take();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    errands.add(giveB); // what was to be had would have come first
    assertThat(taken.join()).isEqualTo(giveB);
    errands.done(giveB);
  }

  @Test
  void whatIsAskedForOftenIsDoneOnceAndOnceMoreWhenItIsAskedForMeanwhile() throws Exception {
    errands.add(giveA);
    errands.add(giveA);
    assertThat(errands.take()).isEqualTo(giveA);
    isEmpty();
    errands.add(giveA);
    isEmpty(); // not side by side with itself
    errands.done(giveA);
    assertThat(errands.take()).isEqualTo(giveA);
    errands.done(giveA);
    isEmpty();
  }

  @Test
  void ofOneTenantOneThingAtATimeInTheirOrder() throws Exception {
    errands.add(backA);
    errands.add(giveA);
    assertThat(errands.take()).isEqualTo(backA);
    isEmpty();
    errands.done(backA);
    assertThat(errands.take()).isEqualTo(giveA);
  }

  @Test
  void whatWentWrongIsDoneAgainLaterAndAtOnceWhenThereIsHope() throws Exception {
    errands.add(giveA);
    errands.again(errands.take());
    isEmpty();
    nanos += HOUR;
    assertThat(errands.take()).isEqualTo(giveA);
    errands.again(giveA);
    isEmpty();
    errands.hurry();
    assertThat(errands.take()).isEqualTo(giveA);
    errands.again(giveA);
    errands.add(giveA);
    assertThat(errands.take()).as("asked for anew").isEqualTo(giveA);
  }
}
