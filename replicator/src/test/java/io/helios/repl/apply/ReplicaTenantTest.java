package io.helios.repl.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ReplicaTenantTest {

  private final List<Long> acknowledged = new ArrayList<>();

  private final FrameSource frames = new FrameSource() {
    @Override
    public List<Frame> fetch(UUID tenant, long afterPosition, long fromSequence, int maxBytes) {
      return List.of();
    }

    @Override
    public long capturedUpTo() {
      return 0;
    }

    @Override
    public void acknowledge(UUID tenant, long position) {
      acknowledged.add(position);
    }

    @Override
    public Arrivals arrivals(long mark, Duration timeout) {
      return new Arrivals(mark, List.of());
    }
  };

  /** Else they hold the slot back until the tenant's next transaction, which may be far away. */
  @Test
  void framesThatALostJournalCapturedAnewAreAcknowledgedThoughTheTargetHadThemAndWasSaidToHaveThem() {
    Tenant tenant = new Tenant(UUID.randomUUID(), "a", "a", "s", "t", TableFilter.ALL, Tier.STANDARD,
        Duration.ofSeconds(5), ConflictPolicy.SOURCE_WINS, 1);
    ReplicaTenant replica =
        new ReplicaTenant(tenant, new Replicated(new Tenancy.ByDatabase(), false, "s", 1, "r"), frames);
    replica.loaded(new ReplicaState(1, 1, new Lsn(100), Map.of()));
    replica.acknowledge(); // before the journal has them again
    replica.acknowledge();
    assertThat(acknowledged).containsExactly(100L, 100L);
  }
}
