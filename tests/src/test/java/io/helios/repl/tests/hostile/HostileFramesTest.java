package io.helios.repl.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.apply.Applier;
import io.helios.repl.apply.ApplySchedule;
import io.helios.repl.apply.ApplySettings;
import io.helios.repl.apply.JdbcTarget;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.apply.Replicated;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.relay.DirectorySegmentFiles;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.relay.RelayLimits;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.seal.Keyring;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What brings the frames does not bring what the journal has: it drops, repeats, mixes or alters them. An applier refuses
 * them one and all, writes nothing, and goes on once it gets what it should.
 */
class HostileFramesTest {

  private static final Tenancy TENANCY = new Tenancy.ByColumn("tenant_id");

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));
  private UUID a;
  private UUID b;
  private long system;

  /** Frames that pass through here may be others when they leave. */
  private static final class Wire implements FrameSource {
    private final RelayJournal journal;
    private UnaryOperator<List<Frame>> hands = UnaryOperator.identity();

    Wire(RelayJournal journal) {
      this.journal = journal;
    }

    @Override
    public List<Frame> fetch(UUID tenant, long afterPosition, long fromSequence, int maxBytes) {
      return hands.apply(new ArrayList<>(journal.fetch(tenant, afterPosition, fromSequence, maxBytes)));
    }

    @Override
    public long capturedUpTo() {
      return journal.capturedUpTo();
    }

    @Override
    public void acknowledge(UUID tenant, long position) {}

    @Override
    public Arrivals arrivals(long mark, Duration timeout) {
      throw new UnsupportedOperationException();
    }
  }

  /** Five frames of a, one of b, that nobody has applied. */
  @BeforeEach
  void framesWait() {
    source.execute(
        "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO orders VALUES ('a', 1, 'copied'), ('b', 1, 'copied')");
    try (Replication replication = new Replication(directory, source, target, TENANCY, null)) {
      a = replication.start("a");
      b = replication.start("b");
      for (UUID tenant : List.of(a, b)) {
        replication.fleet.pauseTenant(tenant);
        replication.becomes(tenant, TenantState.PAUSED);
      }
      write(replication, b, "b", 2);
      for (int id = 2; id <= 6; id++) {
        write(replication, a, "a", id);
      }
    }
    system = Long.parseLong(target.value("SELECT DISTINCT source_system FROM helios.replica"));
  }

  private void write(Replication replication, UUID tenant, String name, int id) {
    long before = replication.fleet.status(tenant).sealedBytes();
    source.execute("INSERT INTO orders VALUES ('" + name + "', " + id + ", 'streamed')");
    await().atMost(Replication.PATIENCE).until(() -> replication.fleet.status(tenant).sealedBytes() > before);
  }

  private static Frame with(Frame frame, UUID tenant, byte lane, long epoch, byte[] sealed) {
    FrameHeader h = frame.header();
    return new Frame(
        new FrameHeader(
            tenant, lane, epoch, h.systemIdentifier(), h.timeline(), h.segment(), h.index(), h.sequence(),
            h.firstPosition(), h.lastPosition(), h.firstCommitMicros(), h.lastCommitMicros(), h.complete(),
            h.keyGeneration(), h.changes(), h.plainLength(), h.sealedLength()),
        frame.salt(),
        sealed);
  }

  private static UnaryOperator<List<Frame>> first(UnaryOperator<Frame> change) {
    return frames -> {
      if (!frames.isEmpty()) {
        frames.set(0, change.apply(frames.getFirst()));
      }
      return frames;
    };
  }

  @Test
  void whatTheWireDoesToFramesIsRefusedAndHealsWithTheWire() throws Exception {
    Keyring keys = new MemoryKeyring(new byte[32]);
    byte[] other = new byte[32];
    other[0] = 1;
    try (RelayJournal journal =
        RelayJournal.open(
            new DirectorySegmentFiles(directory.resolve("journal").resolve("shop")),
            new RelayLimits(1 << 30, 1 << 28))) {
      Frame ofB = journal.fetch(b, 0, 0, 1 << 20).getLast();
      Map<String, UnaryOperator<List<Frame>>> hands = new LinkedHashMap<>();
      Map<String, ErrorCode> codes = new LinkedHashMap<>();
      hands.put("dropped in the middle", frames -> without(frames, 1));
      codes.put("dropped in the middle", ErrorCode.FRAME_SEQUENCE);
      hands.put("replayed", frames -> {
        frames.add(1, frames.getFirst());
        return frames;
      });
      codes.put("replayed", ErrorCode.FRAME_SEQUENCE);
      hands.put("reordered", frames -> {
        java.util.Collections.swap(frames, 0, 1);
        return frames;
      });
      codes.put("reordered", ErrorCode.FRAME_SEQUENCE);
      hands.put("cut", first(f -> with(f, a, f.header().lane(), 1, Arrays.copyOf(f.sealed(), f.sealed().length - 1))));
      codes.put("cut", ErrorCode.FRAME_LENGTH_MISMATCH);
      hands.put("another tenant's", first(f -> ofB));
      codes.put("another tenant's", ErrorCode.FRAME_OTHER_TENANT);
      hands.put("another tenant's under this one's name", first(f -> with(ofB, a, FrameHeader.STREAM, 1, ofB.sealed())));
      codes.put("another tenant's under this one's name", ErrorCode.FRAME_NOT_AUTHENTIC);
      hands.put("of another lane", first(f -> with(f, a, (byte) 9, 1, f.sealed())));
      codes.put("of another lane", ErrorCode.FRAME_OTHER_TENANT);
      hands.put("of another epoch", first(f -> with(f, a, f.header().lane(), 2, f.sealed())));
      codes.put("of another epoch", ErrorCode.FRAME_OTHER_EPOCH);
      hands.put("altered", first(f -> {
        byte[] sealed = f.sealed().clone();
        sealed[3] ^= 1;
        return with(f, a, f.header().lane(), 1, sealed);
      }));
      codes.put("altered", ErrorCode.FRAME_NOT_AUTHENTIC);

      for (Map.Entry<String, UnaryOperator<List<Frame>>> hand : hands.entrySet()) {
        Stage stage = new Stage(journal, keys);
        stage.wire.hands = hand.getValue();
        stage.refuses(hand.getKey(), codes.get(hand.getKey()));
      }
      new Stage(journal, new MemoryKeyring(other)).refuses("the wrong key", ErrorCode.FRAME_NOT_AUTHENTIC);
      new Stage(journal, new MemoryKeyring()).refuses("no key", ErrorCode.FRAME_KEY_UNKNOWN);

      // The first frame of a turn, after another one was applied: only what was read before tells.
      Stage stage = new Stage(journal, keys);
      stage.wire.hands = frames -> frames.size() == 5 ? frames.subList(0, 1) : List.of();
      stage.turn();
      assertThat(target.query("SELECT id FROM orders WHERE tenant_id = 'a' ORDER BY 1")).containsExactly("1", "2");
      stage.wire.hands = frames -> without(frames, 0);
      stage.refuses("dropped at a turn's begin", ErrorCode.FRAME_SEQUENCE);
      stage.wire.hands = UnaryOperator.identity();
      stage.schedule.resume(a);
      stage.turn();
      assertThat(stage.replica.status().error()).isNull();
      String rows = "SELECT * FROM orders WHERE tenant_id = 'a' ORDER BY 2";
      assertThat(target.query(rows)).isEqualTo(source.query(rows)).hasSize(6);
      stage.close();
    }
  }

  private static List<Frame> without(List<Frame> frames, int which) {
    if (frames.size() > which) {
      frames.remove(which);
    }
    return frames;
  }

  /** An applier with one tenant, and the wire between it and the journal. */
  private final class Stage implements AutoCloseable {
    final Wire wire;
    final ApplySchedule schedule = new ApplySchedule(System::nanoTime, 1);
    final ReplicaTenant replica;
    final Applier applier;

    Stage(RelayJournal journal, Keyring keys) {
      wire = new Wire(journal);
      Tenant tenant =
          new Tenant(
              a, "a", "a", "shop", "copy", TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5),
              ConflictPolicy.SOURCE_WINS, 1);
      replica = new ReplicaTenant(tenant, new Replicated(TENANCY, false, "shop", system, "here"), wire);
      // Frames before the one that is refused are good: with one target transaction a turn they go with it, however slow we are.
      ApplySettings d = ApplySettings.DEFAULTS;
      ApplySettings settings =
          new ApplySettings(
              1, d.tenants(), d.changes(), d.bytes(), d.fetchBytes(), Duration.ofHours(1), d.retryFirst(), d.retryLast(),
              true);
      applier =
          Applier.open(schedule, new FrameOpener(keys), new JdbcTarget("copy", target.settings(), settings), settings, System::nanoTime);
      schedule.add(replica);
    }

    void turn() {
      schedule.signal(a);
      while (applier.runOnce() > 0) {
        // until nothing is left
      }
    }

    void refuses(String what, ErrorCode code) {
      List<String> before = atTarget();
      turn();
      assertThat(Objects.requireNonNull(replica.status().error(), what).code()).as(what).isEqualTo(code);
      assertThat(replica.status().stopped()).as(what).isTrue();
      assertThat(atTarget()).as(what).isEqualTo(before);
      if (applier.problem() != null) {
        throw new AssertionError(applier.problem());
      }
    }

    private List<String> atTarget() {
      List<String> all = new ArrayList<>(target.query("SELECT * FROM orders ORDER BY 1, 2"));
      all.addAll(target.query("SELECT tenant, position, through, epoch FROM helios.replica ORDER BY 1"));
      return all;
    }

    @Override
    public void close() {
      applier.close();
    }
  }
}
