package io.helios.repl.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.Verification;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class DemoSummaryTest {

  @Test
  void equalTenantsAreCounted() {
    DemoSummary summary = summary(table(10, 10, 0), table(7, 7, 0));
    assertThat(summary.equal()).isTrue();
    assertThat(summary.lines()).contains("  verified             2 of 2 tenants equal on both sides, 17 rows compared");
  }

  @Test
  void aDifferenceIsNamedByTenantAndTable() {
    DemoSummary summary = summary(table(10, 10, 0), table(7, 6, 1));
    assertThat(summary.equal()).isFalse();
    assertThat(summary.lines())
        .contains("  verified             1 of 2 tenants equal on both sides, 17 rows compared")
        .contains("    differs            t public.orders: 7 rows at the source, 6 at the target, 1 keys differ");
  }

  @Test
  void howeverManyShopsTogetherTheyAreOfOneSize() {
    for (int tenants : List.of(1, 2, 8, 100)) {
      DemoSettings settings = new DemoSettings(tenants, 1, true, false, Duration.ZERO);
      int customers = 0;
      for (int i = 0; i < tenants; i++) {
        customers += settings.customersOf(i);
      }
      assertThat(customers).as("%d tenants", tenants).isBetween(18_000, 19_500);
    }
  }

  private static Verification.TableResult table(long source, long target, long differing) {
    return new Verification.TableResult("public.orders", source, target, differing);
  }

  private static DemoSummary summary(Verification.TableResult... tables) {
    List<Verification> verifications =
        List.of(tables).stream().map(t -> new Verification("t", Lsn.INVALID, Instant.EPOCH, 1, List.of(t))).toList();
    return new DemoSummary(1, 1, new LoadGenerator.Done(2, 4), 10, 0.1, new LagSamples(), List.of(), verifications);
  }
}
