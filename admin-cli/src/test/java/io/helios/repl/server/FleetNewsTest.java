package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.migration.Migration;
import io.helios.repl.migration.MigrationOptions;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class FleetNewsTest {

  private static final Instant AT = Instant.parse("2026-01-01T00:00:00Z");

  private final FleetNews news = new FleetNews("eu", "1.0", "host");

  private static TenantStatus tenant(String name, @Nullable Double lag, long rawBytes) {
    return new TenantStatus(
        name, TenantState.STREAMING, "shop", "shop-eu", "standard", 1, lag, 0L, 5, 10, null, null,
        TenantStatus.CopyProgress.NONE, 0, rawBytes / 2, rawBytes, AT, null, null, null, null, null);
  }

  private ObjectNode tell(long seconds, TenantStatus... tenants) {
    return tell(seconds, List.of(tenants), List.of());
  }

  private ObjectNode tell(long seconds, List<TenantStatus> tenants, List<Migration> migrations) {
    return news.next(
        AT.plusSeconds(seconds),
        seconds * 1_000_000_000L,
        new FleetNews.Standing(tenants, List.of(), List.of(), migrations, List.of(), List.of(), List.of()));
  }

  private static Migration move(String tenant) {
    UUID id = UUID.nameUUIDFromBytes(tenant.getBytes(StandardCharsets.UTF_8));
    return Migration.planned(id, id, tenant, "shop", "shop-eu", MigrationOptions.DEFAULT, AT);
  }

  private static List<String> names(JsonNode document) {
    return document.path("tenants").valueStream().map(t -> t.path("tenant").asString()).toList();
  }

  @Test
  void aTenantThatHasNotChangedIsNotToldAgain() {
    assertThat(names(tell(0, tenant("a", 1.0, 0), tenant("b", 1.0, 0)))).containsExactly("a", "b");
    JsonNode second = tell(1, tenant("a", 1.0, 0), tenant("b", 2.0, 0));
    assertThat(names(second)).containsExactly("b");
    assertThat(second.path("full").asBoolean()).isFalse();
    JsonNode third = tell(2, tenant("b", 2.0, 0), tenant("c", 0.0, 0));
    assertThat(names(third)).containsExactly("c");
    assertThat(third.path("removed").toString()).isEqualTo("[\"a\"]");
    assertThat(names(tell(3, tenant("a", 1.0, 0)))).as("one that came back").containsExactly("a");
  }

  @Test
  void aMigrationIsToldWhenItIsNewOrHasChangedAndWhenItIsGone() {
    assertThat(moves(tell(0, List.of(), List.of(move("a"), move("b"))))).containsExactly("a", "b");
    assertThat(moves(tell(1, List.of(), List.of(move("a"), move("b"))))).isEmpty();
    Migration again = Migration.planned(UUID.randomUUID(), UUID.randomUUID(), "b", "shop", "shop-eu", MigrationOptions.DEFAULT, AT);
    JsonNode later = tell(2, List.of(), List.of(again));
    assertThat(moves(later)).containsExactly("b");
    assertThat(later.path("migrationsRemoved").toString()).isEqualTo("[\"a\"]");
  }

  private static List<String> moves(JsonNode document) {
    return document.path("migrations").valueStream().map(m -> m.path("tenant").asString()).toList();
  }

  @Test
  void totalsAreOfAllTenantsThoseOfUnknownLagLeftOut() {
    TenantStatus[] tenants =
        IntStream.rangeClosed(0, 100).mapToObj(i -> tenant("t" + i, i == 0 ? null : (Double) (i + 0.0), 0)).toArray(TenantStatus[]::new);
    JsonNode totals = tell(0, tenants).path("totals");
    assertThat(totals.path("lagSeconds").toString()).isEqualTo("{\"p50\":50.0,\"p95\":95.0,\"p99\":99.0,\"max\":100.0}");
    assertThat(totals.path("tenants").asInt()).isEqualTo(101);
    assertThat(totals.path("byState").path("STREAMING").asInt()).isEqualTo(101);
    assertThat(totals.path("rowsPerSecond").asDouble()).isEqualTo(1010);
    assertThat(tell(1).path("totals").path("lagSeconds").path("max").isNull()).isTrue();
  }

  @Test
  void bytesASecondAreWhatCountersGrewByAndACounterThatBeganAgainCountsFromNothing() {
    assertThat(tell(0, tenant("a", 0.0, 5_000)).path("totals").path("rawBytesPerSecond").asDouble()).isZero();
    JsonNode totals = tell(2, tenant("a", 0.0, 6_000), tenant("new", 0.0, 9_999)).path("totals");
    assertThat(totals.path("rawBytesPerSecond").asDouble()).isEqualTo(500);
    assertThat(totals.path("sealedBytesPerSecond").asDouble()).isEqualTo(250);
    assertThat(tell(3, tenant("a", 0.0, 700), tenant("new", 0.0, 9_999)).path("totals").path("rawBytesPerSecond").asDouble())
        .isEqualTo(700);
  }
}
