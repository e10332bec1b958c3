package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.server.AutoSettings.Line;
import io.helios.repl.server.AutoSettings.Scope;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AutoSettingsTest {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Tenant ACME =
      new Tenant(
          new UUID(0, 1), "acme", "acme", "shop", "shop-eu", TableFilter.ALL, Tier.PREMIUM, Duration.ofSeconds(5), ConflictPolicy.SOURCE_WINS, 1);

  private static Line line(Scope scope, String subject, @Nullable Boolean automatic, @Nullable Instant until) {
    return new Line(scope, subject, automatic, until, "owner", NOW);
  }

  /** What may be said of a tenant, its tier and all, in every combination: the nearest word counts, and any pause. */
  @Test
  void theNearestWordCounts() {
    Boolean[] words = {null, true, false};
    for (Boolean tenant : words) {
      for (Boolean tier : words) {
        for (Boolean all : words) {
          List<Line> lines = new ArrayList<>();
          lines.add(line(Scope.ALL, "", all, null));
          lines.add(line(Scope.TIER, "premium", tier, null));
          lines.add(line(Scope.TENANT, ACME.id().toString(), tenant, null));
          lines.add(line(Scope.TIER, "standard", true, null));
          lines.add(line(Scope.TENANT, new UUID(0, 2).toString(), true, null));
          boolean expected = tenant != null ? tenant : tier != null ? tier : all != null && all;
          assertThat(new AutoSettings(lines).isAutomatic(ACME, NOW)).as("%s %s %s", tenant, tier, all).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void aPauseOfAnyScopeHoldsBackUntilItIsOver() {
    Line on = line(Scope.TENANT, ACME.id().toString(), true, null);
    for (Line pause : List.of(
        line(Scope.ALL, "", null, NOW.plusSeconds(60)), line(Scope.TIER, "premium", true, NOW.plusSeconds(60)))) {
      AutoSettings settings = new AutoSettings(List.of(on, pause));
      assertThat(settings.isOn(ACME)).isTrue();
      assertThat(settings.isAutomatic(ACME, NOW)).isFalse();
      assertThat(settings.pausedUntil(ACME, NOW)).contains(NOW.plusSeconds(60));
      assertThat(settings.isAutomatic(ACME, NOW.plusSeconds(60))).isTrue();
    }
    AutoSettings others = new AutoSettings(List.of(on, line(Scope.TIER, "standard", null, NOW.plusSeconds(60))));
    assertThat(others.isAutomatic(ACME, NOW)).isTrue();
  }
}
