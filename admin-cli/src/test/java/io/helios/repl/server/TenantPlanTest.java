package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TenantPlanTest {

  private static StoredTenant tenant(String name, String key, String target, Tier tier, DesiredState desired, long epoch) {
    return new StoredTenant(
        new Tenant(
            UUID.randomUUID(),
            name,
            key,
            "shop",
            target,
            TableFilter.ALL,
            tier,
            Duration.ofSeconds(5),
            ConflictPolicy.SOURCE_WINS,
            epoch),
        desired,
        Instant.EPOCH);
  }

  private static StoredTenant there(String name, DesiredState desired) {
    return tenant(name, name, "eu", Tier.STANDARD, desired, 7);
  }

  private static StoredTenant declared(String name, String key, String target, Tier tier) {
    return tenant(name, key, target, tier, DesiredState.CREATED, 1);
  }

  private static StoredTenant declared(String name) {
    return declared(name, name, "eu", Tier.STANDARD);
  }

  @Test
  void whatIsNewIsCreatedWhatIsAsDeclaredStaysAndOthersAreLeftAlone() {
    StoredTenant b = declared("b");
    TenantPlan plan = TenantPlan.of(List.of(there("a", DesiredState.RUNNING), there("c", DesiredState.STOPPED)), List.of(declared("a"), b));
    assertThat(plan.created()).containsExactly(b);
    assertThat(plan.changed()).isEmpty();
    assertThat(plan.unchanged()).isEqualTo(1);
    assertThat(plan.undeclared()).containsExactly("c");
    assertThat(plan.problems()).isEmpty();
  }

  @Test
  void aChangedTenantKeepsItsIdentityItsEpochAndItsWish() {
    StoredTenant before = there("a", DesiredState.PAUSED);
    TenantPlan plan = TenantPlan.of(List.of(before), List.of(declared("a", "a", "eu", Tier.PREMIUM)));
    TenantPlan.Change change = plan.changed().getFirst();
    assertThat(change.fields()).containsExactly(new TenantPlan.Field("tier", "standard", "premium"));
    assertThat(change.after().tenant().id()).isEqualTo(before.tenant().id());
    assertThat(change.after().tenant().epoch()).isEqualTo(7);
    assertThat(change.after().tenant().tier()).isEqualTo(Tier.PREMIUM);
    assertThat(change.after().desired()).isEqualTo(DesiredState.PAUSED);
    assertThat(change.after().created()).isEqualTo(before.created());
  }

  @Test
  void whatIsReplicatedChangesOnlyBeforeTheFirstStart() {
    StoredTenant elsewhere = declared("a", "17", "us", Tier.STANDARD);
    assertThat(TenantPlan.of(List.of(there("a", DesiredState.CREATED)), List.of(elsewhere)).changed().getFirst().fields())
        .extracting(TenantPlan.Field::name)
        .containsExactly("target", "key");
    for (DesiredState begun : List.of(DesiredState.RUNNING, DesiredState.PAUSED, DesiredState.STOPPED)) {
      TenantPlan refused = TenantPlan.of(List.of(there("a", begun)), List.of(elsewhere));
      assertThat(refused.changed()).isEmpty();
      Problem problem = refused.problems().getFirst();
      assertThat(problem.code()).isEqualTo(ErrorCode.TENANT_STATE);
      assertThat(problem.message()).contains("its target, key cannot be declared otherwise");
    }
  }

  @Test
  void twoOfOneNameAreRefused() {
    assertThat(TenantPlan.of(List.of(), List.of(declared("a"), declared("a"))).problems())
        .extracting(Problem::code)
        .containsExactly(ErrorCode.TENANT_DECLARATION);
  }

  @Test
  void twoStreamsOfTheSameRowsAreRefusedWhereverTheOtherOneIsDeclared() {
    StoredTenant twin = declared("b", "a", "eu", Tier.STANDARD);
    assertThat(TenantPlan.of(List.of(), List.of(declared("a"), twin)).problems())
        .extracting(Problem::code)
        .containsExactly(ErrorCode.TENANT_EXISTS);
    assertThat(TenantPlan.of(List.of(there("a", DesiredState.RUNNING)), List.of(twin)).problems())
        .extracting(Problem::code)
        .containsExactly(ErrorCode.TENANT_EXISTS);
    assertThat(TenantPlan.of(List.of(there("a", DesiredState.CREATED)), List.of(twin, declared("a", "c", "eu", Tier.STANDARD))).problems())
        .as("the other one gives its key up")
        .isEmpty();
  }

  @Test
  void aSecondTimeThereIsNothingToDo() {
    List<StoredTenant> all = IntStream.range(0, 1_000).mapToObj(i -> declared("t" + i)).toList();
    TenantPlan again = TenantPlan.of(TenantPlan.of(List.of(), all).created(), all);
    assertThat(again.isEmpty()).isTrue();
    assertThat(again.unchanged()).isEqualTo(1_000);
    assertThat(again.undeclared()).isEmpty();
  }
}
