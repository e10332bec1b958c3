package io.helios.repl.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TenantTurnsTest {

  private final TenantTurns turns = new TenantTurns();
  private final Tenant a = tenant("a");

  private static Tenant tenant(String name) {
    return new Tenant(
        UUID.randomUUID(), name, name, "s", "t", TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5),
        ConflictPolicy.SOURCE_WINS, 1);
  }

  private void refused(ErrorCode code) {
    assertThatThrownBy(() -> turns.take(a, false, () -> {}))
        .isInstanceOfSatisfying(OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(code));
  }

  @Test
  void oneAtATimeForEachTenant() {
    try (TenantTurns.Turn turn = turns.take(a, false, () -> {})) {
      turn.await();
      refused(ErrorCode.VERIFY_RUNNING);
      assertThat(turns.takeIfFree(a, () -> {})).isEmpty();
      turns.take(tenant("b"), true, () -> {}).close();
    }
    try (TenantTurns.Turn turn = turns.take(a, true, () -> {})) {
      turn.await();
      refused(ErrorCode.REPAIR_RUNNING);
    }
    assertThat(turns.takeIfFree(a, () -> {})).isPresent();
  }

  @Test
  void whatRunsByItselfGivesWayAndNobodyComesInBetween() {
    AtomicInteger cancelled = new AtomicInteger();
    TenantTurns.Turn reconciling = turns.takeIfFree(a, cancelled::incrementAndGet).orElseThrow();
    TenantTurns.Turn verifying = turns.take(a, false, () -> {});
    assertThat(cancelled).hasValue(1);
    CompletableFuture<Void> begun = CompletableFuture.runAsync(verifying::await);
    assertThat(begun).as("the other has not let go").isNotDone();
    refused(ErrorCode.VERIFY_RUNNING);
    reconciling.close();
    begun.join();
    refused(ErrorCode.VERIFY_RUNNING);
    assertThat(turns.takeIfFree(a, () -> {})).isEmpty();
    verifying.close();
    assertThat(turns.takeIfFree(a, () -> {})).isPresent();
  }

  @Test
  void atTheEndAllIsBrokenOff() {
    AtomicInteger cancelled = new AtomicInteger();
    assertThat(turns.takeIfFree(a, cancelled::incrementAndGet)).isPresent();
    turns.take(tenant("b"), true, cancelled::incrementAndGet);
    turns.close();
    assertThat(cancelled).hasValue(2);
  }
}
