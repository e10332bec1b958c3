package io.helios.repl.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.capture.Synchronous;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.pipeline.SynchronousTenants.Change;
import io.helios.repl.pipeline.SynchronousTenants.Follower;
import io.helios.repl.pipeline.SynchronousTenants.Standing;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.relay.DirectorySegmentFiles;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.relay.RelayLimits;
import io.helios.repl.status.Finding;
import io.helios.repl.tenant.Tier;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SynchronousTenantsTest {

  private static final long SECOND = 1_000_000_000L;

  /** A tenant whose journal has nothing of it unless it was dropped: then nothing can be said of it. */
  private static final class Tenant implements Follower {
    private final UUID id = UUID.randomUUID();
    private final String name;
    private Standing standing = Standing.FOLLOWING;
    private @Nullable Lsn position = new Lsn(10);

    Tenant(String name) {
      this.name = name;
    }

    @Override
    public UUID tenant() {
      return id;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public Standing standing() {
      return standing;
    }

    @Override
    public @Nullable Lsn position() {
      return position;
    }
  }

  @TempDir Path directory;

  private RelayJournal journal;
  private final Tenant a = new Tenant("a");
  private final Tenant b = new Tenant("b");

  @BeforeEach
  void open() throws IOException {
    journal = RelayJournal.open(new DirectorySegmentFiles(directory), new RelayLimits(8 << 20, 8 << 20, 1 << 20));
  }

  @AfterEach
  void close() {
    journal.close();
  }

  private SynchronousTenants tenants(@Nullable Duration patience) {
    return new SynchronousTenants("shop", new Synchronous(Set.of(Tier.PREMIUM), patience), journal);
  }

  @Test
  void nothingIsSaidBeforeItWasLooked() {
    SynchronousTenants tenants = tenants(null);
    assertThat(tenants.point(new Lsn(100))).isNull();
    assertThat(tenants.look(List.of(), new Lsn(100), 0)).isEmpty();
    assertThat(tenants.point(new Lsn(100))).isEqualTo(new Lsn(100));
  }

  @Test
  void whoShouldFollowAndDoesNotHoldsEverybody() {
    SynchronousTenants tenants = tenants(null);
    b.standing = Standing.INTERRUPTED;
    b.position = null;
    assertThat(tenants.look(List.of(a, b), new Lsn(100), 0)).extracting(Change::tenant).containsExactly("a", "b");
    assertThat(tenants.point(new Lsn(100))).isNull();
    assertThat(tenants.look(List.of(a, b), new Lsn(100), 3600 * SECOND)).as("for ever").isEmpty();
    assertThat(tenants.point(new Lsn(100))).isNull();
    b.standing = Standing.FOLLOWING;
    b.position = new Lsn(20);
    tenants.look(List.of(a, b), new Lsn(100), 3601 * SECOND);
    assertThat(tenants.point(new Lsn(100))).isEqualTo(new Lsn(100));
    journal.drop(b.id);
    assertThat(tenants.point(new Lsn(100))).as("what it has is not known any more").isNull();
  }

  @Test
  void whoIsApartIsNotWaitedFor() {
    SynchronousTenants tenants = tenants(null);
    b.standing = Standing.APART;
    b.position = null;
    assertThat(tenants.look(List.of(a, b), new Lsn(100), 0)).extracting(Change::tenant).containsExactly("a");
    assertThat(tenants.point(new Lsn(100))).isEqualTo(new Lsn(100));
    a.standing = Standing.APART;
    assertThat(tenants.look(List.of(a, b), new Lsn(100), 1)).extracting(Change::waitedFor).containsExactly(false);
    a.standing = Standing.FOLLOWING;
    assertThat(tenants.look(List.of(a), new Lsn(100), 2)).extracting(Change::waitedFor).containsExactly(true);
    assertThat(tenants.look(List.of(), new Lsn(100), 3)).as("it is gone").extracting(Change::waitedFor).containsExactly(false);
    assertThat(tenants.look(List.of(), new Lsn(100), 4)).isEmpty();
  }

  @Test
  void whoDoesNotFollowForTooLongIsLeftOutUntilItKeepsUp() {
    SynchronousTenants tenants = tenants(Duration.ofSeconds(10));
    tenants.look(List.of(a, b), new Lsn(100), 0);
    b.standing = Standing.INTERRUPTED;
    b.position = null;
    assertThat(tenants.look(List.of(a, b), new Lsn(110), 10 * SECOND)).isEmpty();
    assertThat(tenants.point(new Lsn(110))).isNull();
    List<Change> changes = tenants.look(List.of(a, b), new Lsn(120), 10 * SECOND + 1);
    assertThat(changes).extracting(Change::tenant).containsExactly("b");
    assertThat(changes.getFirst().problem()).extracting("code").isEqualTo(ErrorCode.SYNCHRONY_DEGRADED);
    assertThat(tenants.findings()).extracting(Finding::code).containsExactly(ErrorCode.SYNCHRONY_DEGRADED);
    assertThat(tenants.degraded()).containsExactly("b");
    assertThat(tenants.point(new Lsn(120))).isEqualTo(new Lsn(120));
    b.standing = Standing.FOLLOWING;
    b.position = new Lsn(20);
    assertThat(tenants.look(List.of(a, b), new Lsn(130), 12 * SECOND)).extracting(Change::waitedFor).containsExactly(true);
    assertThat(tenants.findings()).isEmpty();
  }
}
