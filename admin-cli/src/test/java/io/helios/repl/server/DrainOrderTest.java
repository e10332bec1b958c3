package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class DrainOrderTest {

  private static TenantStatus tenant(String name, String source, TenantState state, double rowsPerSecond) {
    return new TenantStatus(
        name, state, source, "eu", "standard", 1, 0.0, 0L, 5, rowsPerSecond, null, null, TenantStatus.CopyProgress.NONE, 0,
        0, 0, Instant.EPOCH, null, null, "here", "there", null);
  }

  @Test
  void whoWritesLeastComesFirstAndWhoDoesNotStreamLast() {
    List<TenantStatus> all =
        List.of(
            tenant("created", "shop", TenantState.CREATED, 0),
            tenant("busy", "shop", TenantState.STREAMING, 900),
            tenant("idle-b", "shop", TenantState.STREAMING, 0),
            tenant("elsewhere", "crm", TenantState.STREAMING, 0),
            tenant("idle-a", "shop", TenantState.STREAMING, 0),
            tenant("some", "shop", TenantState.STREAMING, 12));
    assertThat(DrainOrder.QUIETEST.of("shop", all)).containsExactly("idle-a", "idle-b", "some", "busy", "created");
    assertThat(DrainOrder.NAME.of("shop", all)).containsExactly("busy", "created", "idle-a", "idle-b", "some");
    assertThat(DrainOrder.of("quietest")).contains(DrainOrder.QUIETEST);
    assertThat(DrainOrder.of("loudest")).isEmpty();
  }
}
