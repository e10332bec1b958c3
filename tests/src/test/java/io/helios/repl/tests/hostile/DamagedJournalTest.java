package io.helios.repl.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Somebody changes the journal's files while frames wait in them. Nothing of a frame that is hit reaches the target, its
 * tenant stops with an event of its own kind, the others go on; mended, it goes on too.
 */
class DamagedJournalTest {

  private static final Map<String, String> KINDS = new LinkedHashMap<>();

  static {
    KINDS.put("flipped", "frame-refused-damaged");
    KINDS.put("forged", "frame-refused-authentication");
    KINDS.put("epoch", "frame-refused-epoch");
    KINDS.put("key", "frame-refused-authentication"); // this keyring has a key of every generation
    KINDS.put("source", "frame-refused-source");
    KINDS.put("given", "frame-refused-authentication");
    KINDS.put("taken", "frame-refused-authentication");
  }

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));
  private final Map<String, UUID> ids = new LinkedHashMap<>();

  @BeforeEach
  void table() {
    source.execute("CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))");
  }

  private Replication replicate() {
    return new Replication(directory, source, target, new Tenancy.ByColumn("tenant_id"), null);
  }

  private void write(int from) {
    for (String tenant : ids.keySet()) {
      source.execute(
          "INSERT INTO orders SELECT '" + tenant + "', i, 'note ' || i FROM generate_series("
              + from + ", " + (from + 20) + ") i");
    }
  }

  /** Tenants that were copied, and then frames of each that wait. */
  private void framesWait(boolean noted, List<String> tenants) {
    tenants.forEach(tenant -> ids.put(tenant, new UUID(0, 0)));
    write(1);
    try (Replication replication = replicate()) {
      for (String tenant : tenants) {
        ids.put(tenant, replication.start(tenant));
      }
      for (UUID tenant : ids.values()) {
        replication.fleet.pauseTenant(tenant);
        replication.becomes(tenant, TenantState.PAUSED);
      }
      String copied = source.value("SELECT pg_current_wal_lsn()");
      write(100);
      await()
          .atMost(Replication.PATIENCE)
          .until(() -> ids.values().stream().allMatch(id -> replication.fleet.status(id).sealedBytes() > 0));
      if (noted) {
        // What a tenant at rest has is noted at its target: up to its first frame that waits.
        await()
            .atMost(Replication.PATIENCE)
            .until(() -> target.value("SELECT min(through) > '" + copied + "' FROM helios.replica").equals("t"));
      }
    }
  }

  private List<SegmentBytes> segments() throws IOException {
    List<SegmentBytes> segments = new ArrayList<>();
    try (Stream<Path> files = Files.list(directory.resolve("journal").resolve("shop"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".segment")).sorted().toList()) {
        segments.add(new SegmentBytes(file));
      }
    }
    return segments;
  }

  private SegmentBytes segmentOf(String tenant) throws IOException {
    return segments().stream().filter(s -> s.has(id(tenant))).findFirst().orElseThrow();
  }

  private UUID id(String tenant) {
    return ids.get(tenant);
  }

  private List<String> atTarget(String tenant) {
    return Stream.concat(
            target.query("SELECT * FROM orders WHERE tenant_id = '" + tenant + "' ORDER BY id").stream(),
            target.query("SELECT name, position, through FROM helios.replica WHERE name = '" + tenant + "'").stream())
        .toList();
  }

  private void equal(String tenant) {
    String rows = "SELECT * FROM orders WHERE tenant_id = '" + tenant + "' ORDER BY id";
    assertThat(target.query(rows)).isEqualTo(source.query(rows)).isNotEmpty();
  }

  @Test
  void framesThatAreNotWhatWasSealedStopTheirTenantsAndNobodyElse() throws Exception {
    List<String> all = new ArrayList<>(KINDS.keySet());
    all.add("good");
    framesWait(false, all);
    try (Replication replication = replicate()) { // begins another segment: what was sealed in the last one is read at the start
      ids.keySet().forEach(tenant -> replication.add(tenant, DesiredState.PAUSED));
      write(200);
      await()
          .atMost(Replication.PATIENCE)
          .until(() -> ids.values().stream().allMatch(id -> replication.fleet.status(id).sealedBytes() > 0));
    }
    SegmentBytes segment = segmentOf("good");
    segment.flip(segment.sealed(segment.first(id("flipped"))));
    SegmentBytes.FrameAt forged = segment.first(id("forged"));
    segment.flip(segment.sealed(forged));
    segment.putEpoch(segment.first(id("epoch")), 2);
    segment.putKeyGeneration(segment.first(id("key")), 7);
    segment.putSource(segment.first(id("source")), 4711);
    segment.putTenant(segment.first(id("given")), id("taken"));
    segment.putTenant(segment.first(id("taken")), id("given"));
    for (String tenant : List.of("forged", "epoch", "key", "source", "given", "taken")) {
      segment.forge(segment.first(id(tenant)));
    }
    segment.write();
    Map<String, List<String>> before = new LinkedHashMap<>();
    KINDS.keySet().forEach(tenant -> before.put(tenant, atTarget(tenant)));

    try (Replication replication = replicate()) {
      ids.keySet().forEach(tenant -> replication.add(tenant, DesiredState.RUNNING));
      KINDS.forEach(
          (tenant, kind) -> {
            replication.becomes(
                id(tenant), tenant.equals("source") ? TenantState.NEEDS_RESYNC : TenantState.FAILED);
            await()
                .atMost(Replication.PATIENCE)
                .untilAsserted(
                    () ->
                        assertThat(replication.events)
                            .anySatisfy(
                                event -> {
                                  assertThat(event.tenant()).isEqualTo(tenant);
                                  assertThat(event.kind()).isEqualTo(kind);
                                  assertThat(event.severity()).isEqualTo(FleetEvent.Severity.ERROR);
                                }));
            assertThat(atTarget(tenant)).as(tenant).isEqualTo(before.get(tenant));
          });
      replication.becomes(id("good"), TenantState.STREAMING);
      replication.catchUp(id("good"));
      equal("good");

      // The one cure; for those whose frames were exchanged the other takes a restart, since their places are known wrongly.
      for (String tenant : List.of("forged", "source", "given", "taken")) {
        replication.fleet.resyncTenant(id(tenant));
      }
      segment.putBack();
      for (String tenant : List.of("flipped", "epoch", "key")) {
        replication.fleet.startTenant(id(tenant));
      }
      write(300);
      for (String tenant : ids.keySet()) {
        replication.becomes(id(tenant), TenantState.STREAMING);
        replication.catchUp(id(tenant));
        assertThat(replication.fleet.status(id(tenant)).conflicts()).isZero();
        equal(tenant);
      }
    }
  }

  private interface Damage {
    void to(SegmentBytes segment) throws IOException;
  }

  @Test
  void aJournalThatCannotBeReadAtTheStartIsSetAsideAndEverythingComesAgainFromTheWal() throws Exception {
    framesWait(true, List.of("a", "b"));
    Map<String, Damage> damages = new LinkedHashMap<>();
    damages.put("a flip in a frame's header", segment -> {
      segment.flip(segment.first(id("a")).offset() + 40);
      segment.write();
    });
    damages.put("a flip in a mark", segment -> {
      segment.flip(segment.firstMark() + 20);
      segment.write();
    });
    damages.put("a flip in a segment's own header", segment -> {
      segment.flipSalt();
      segment.write();
    });
    for (Map.Entry<String, Damage> damage : damages.entrySet()) {
      damage.getValue().to(segmentOf("a"));
      try (Replication replication = replicate()) {
        assertThat(replication.events)
            .as(damage.getKey())
            .anySatisfy(event -> assertThat(event.kind()).isEqualTo("journal-damaged"));
        ids.keySet().forEach(tenant -> replication.add(tenant, DesiredState.PAUSED));
        await()
            .atMost(Replication.PATIENCE)
            .until(() -> ids.values().stream().allMatch(id -> replication.fleet.status(id).sealedBytes() > 0));
      }
    }
    // Marks name their places, so without a frame it is as if nothing after it had ever been written.
    SegmentBytes segment = segmentOf("a");
    segment.cutOut(segment.first(id("a")));
    try (Replication replication = replicate()) {
      ids.keySet().forEach(tenant -> replication.add(tenant, DesiredState.RUNNING)); // all, before anything is captured
      for (String tenant : ids.keySet()) {
        replication.becomes(id(tenant), TenantState.STREAMING);
        replication.catchUp(id(tenant));
        assertThat(replication.fleet.status(id(tenant)).conflicts()).isZero();
        equal(tenant);
      }
    }
  }

  @Test
  void whoseFramesAreNotInTheWalAnyMoreNeedsAResyncAndIsToldWhy() throws Exception {
    framesWait(false, List.of("a"));
    SegmentBytes segment = segmentOf("a");
    segment.flip(segment.first(id("a")).offset() + 40);
    segment.write();
    String slot = "helios_" + source.name();
    await().atMost(Replication.PATIENCE).ignoreExceptions().until(() -> {
      source.execute("SELECT pg_replication_slot_advance('" + slot + "', pg_current_wal_lsn())");
      return true;
    });
    try (Replication replication = replicate()) {
      replication.add("a", DesiredState.RUNNING);
      assertThat(replication.becomes(id("a"), TenantState.NEEDS_RESYNC).error().code())
          .isEqualTo(ErrorCode.JOURNAL_SET_ASIDE);
      replication.fleet.resyncTenant(id("a"));
      replication.becomes(id("a"), TenantState.STREAMING);
      replication.catchUp(id("a"));
      equal("a");
    }
  }
}
