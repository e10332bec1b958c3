package io.helios.repl.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.change.Change;
import io.helios.repl.change.ChangeWriter;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgOutputBytes;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Tenants that stand in each other's way at a target whose values are unique: one after the other, or only together. */
class KeyCircleTest {

  private static final Relation VALUES =
      new Relation(1, "public", "values", 'd', List.of(new Relation.Column("v", 25, -1, true)));

  private long now;

  /** After so many acknowledgements one is not heard. */
  private int heard = Integer.MAX_VALUE;

  private final Map<UUID, List<Frame>> frames = new HashMap<>();
  private final Map<UUID, Long> epochs = new HashMap<>();
  private final Map<UUID, Lsn> positions = new HashMap<>();
  private final Map<UUID, Set<String>> values = new TreeMap<>();
  private final ApplySchedule schedule = new ApplySchedule(() -> now, 1);
  private final Applier applier =
      new Applier(schedule, Frame::sealed, new UniqueTarget(), ApplySettings.DEFAULTS.withWorkers(1), () -> now);

  /** Of the target: what the tenant has there. */
  private ReplicaTenant tenant(int number, String... has) {
    UUID id = new UUID(0, number);
    epochs.put(id, 1L);
    positions.put(id, Lsn.INVALID);
    values.put(id, new TreeSet<>(List.of(has)));
    Tenant tenant = new Tenant(id, "tenant-" + number, "" + number, "s", "t", TableFilter.ALL, Tier.STANDARD,
        Duration.ofSeconds(5), ConflictPolicy.SOURCE_WINS, 1);
    return new ReplicaTenant(tenant, new Replicated(new Tenancy.ByDatabase(), false, "s", 1, "r"), new Frames());
  }

  /** What one transaction of the source changes of the tenant: {@code +value} and {@code -value}. */
  private void transaction(ReplicaTenant tenant, long lsn, String... changes) {
    ChangeWriter writer = new ChangeWriter();
    writer.begin(new Lsn(lsn), lsn, false);
    for (String change : changes) {
      Tuple row = PgOutputBytes.tuple(change.substring(1));
      if (change.startsWith("+")) {
        writer.insert(VALUES, row);
      } else {
        writer.delete(VALUES, row, true);
      }
    }
    writer.end(new Lsn(lsn));
    byte[] plain = Arrays.copyOf(writer.array(), writer.size());
    List<Frame> of = frames.computeIfAbsent(tenant.id(), id -> new ArrayList<>());
    of.add(new Frame(
        new FrameHeader(tenant.id(), FrameHeader.STREAM, 1, 1, 1, 1, of.size(), of.size() + 1, lsn, lsn, lsn, lsn, true, 1,
            writer.changes(), plain.length, plain.length),
        new byte[32],
        plain));
  }

  private void run() {
    for (int i = 0; i < 20; i++) {
      while (applier.runOnce() > 0) {}
      now += Duration.ofMinutes(1).toNanos();
    }
  }

  @Test
  void valuesThatOneTransactionPassesRoundAmongThreeOfWhomTwoSeeOnlyEachOther() {
    ReplicaTenant a = tenant(1, "a");
    ReplicaTenant b = tenant(2, "b", "b2");
    ReplicaTenant c = tenant(3, "c");
    transaction(a, 100, "+b", "-a");
    transaction(b, 100, "+c", "-b", "-b2");
    transaction(c, 100, "+b2", "+a", "-c");
    List.of(b, c).forEach(schedule::add);
    run(); // without a they cannot
    schedule.add(a);
    applier.runOnce(); // all three in one turn

    assertThat(values).containsValues(Set.of("b"), Set.of("c"), Set.of("a", "b2"));
    assertThat(positions).containsOnlyKeys(a.id(), b.id(), c.id()).values().containsOnly(new Lsn(100));
  }

  @Test
  void twoThatNeedEachOtherDoNotWaitForOneWhomOneOfThemNeedsOnlyLater() {
    ReplicaTenant a = tenant(1, "a");
    ReplicaTenant b = tenant(2, "b");
    tenant(3, "c"); // it rests
    transaction(a, 100, "+b", "-a");
    transaction(b, 100, "+a", "-b");
    transaction(b, 200, "+c");
    transaction(a, 300, "+more");
    List.of(a, b).forEach(schedule::add);

    run();

    assertThat(positions).containsEntry(a.id(), new Lsn(300)).containsEntry(b.id(), new Lsn(100));
    assertThat(Objects.requireNonNull(b.status().error()).code()).isEqualTo(ErrorCode.KEY_TAKEN);
  }

  @Test
  void thatTheJournalDoesNotHearOfItIsNoReasonToApplyThemAgain() {
    ReplicaTenant a = tenant(1, "a");
    ReplicaTenant b = tenant(2, "b");
    transaction(a, 100, "+b", "-a");
    transaction(b, 100, "+a", "-b");
    schedule.add(a);
    run();
    heard = 1;
    schedule.add(b);

    run();

    assertThat(positions).containsEntry(a.id(), new Lsn(100)).containsEntry(b.id(), new Lsn(100));
    assertThat(a.status().error()).isNull();
    assertThat(b.status().error()).isNull();
  }

  @Test
  void whoWaitsForAnothersValueLearnsThatItWasTakenOverMeanwhile() {
    ReplicaTenant a = tenant(1, "a");
    ReplicaTenant b = tenant(2, "b");
    transaction(a, 100, "+b", "-a");
    transaction(b, 100, "+a", "-b");
    schedule.add(a);
    applier.runOnce(); // b has not come yet
    assertThat(Objects.requireNonNull(a.status().error()).code()).isEqualTo(ErrorCode.KEY_TAKEN);
    epochs.put(a.id(), 2L);
    schedule.add(b);

    run();

    assertThat(a.status().stopped()).isTrue();
    assertThat(Objects.requireNonNull(a.status().error()).code()).isEqualTo(ErrorCode.APPLIER_FENCED);
    assertThat(positions).containsEntry(a.id(), Lsn.INVALID);
  }

  private final class Frames implements FrameSource {
    @Override
    public List<Frame> fetch(UUID tenant, long afterPosition, long fromSequence, int maxBytes) {
      return frames.getOrDefault(tenant, List.of()).stream()
          .filter(f -> f.header().lastPosition() > afterPosition && f.header().sequence() >= fromSequence)
          .toList();
    }

    @Override
    public long capturedUpTo() {
      return 1_000;
    }

    @Override
    public void acknowledge(UUID tenant, long position) {
      if (position > 0 && heard-- == 0) {
        throw new TransientException(new Problem(ErrorCode.JOURNAL_READ_FAILED, "unheard", "so it is", "wait"));
      }
    }

    @Override
    public Arrivals arrivals(long mark, Duration timeout) {
      return new Arrivals(mark, List.of());
    }
  }

  /** Whose values no two tenants may have at once: in a batch when it is written, one by one after each. */
  private final class UniqueTarget implements Target, TargetSession {
    private final Map<UUID, Set<String>> written = new TreeMap<>();
    private Set<UUID> holders = Set.of();

    @Override
    public String name() {
      return "t";
    }

    @Override
    public TargetSession connect() {
      return this;
    }

    @Override
    public ReplicaState load(Tenant tenant) {
      return new ReplicaState(
          Objects.requireNonNull(epochs.get(tenant.id())), 1, Objects.requireNonNull(positions.get(tenant.id())), Map.of());
    }

    @Override
    public void apply(Tenant tenant, Replicated what, Lsn commitLsn, Change change, Care care) {
      Set<String> own = written.computeIfAbsent(tenant.id(), id -> new TreeSet<>(values.get(id)));
      switch (change) {
        case Change.Insert(var _, Tuple row) -> own.add(Objects.requireNonNull(row.text(0)));
        case Change.Delete(var _, Tuple old, boolean _) -> own.remove(old.text(0));
        default -> throw new IllegalStateException();
      }
      UUID holder = care == Care.EACH_CHANGE ? holder(tenant.id(), own) : null;
      if (holder != null) {
        holders = Set.of(holder);
        throw new OperatorException(new Problem(ErrorCode.KEY_TAKEN, "taken", "so it is", "wait"));
      }
    }

    private @Nullable UUID holder(UUID tenant, Set<String> own) {
      for (Map.Entry<UUID, Set<String>> other : values.entrySet()) {
        Set<String> theirs = written.getOrDefault(other.getKey(), other.getValue());
        if (!other.getKey().equals(tenant) && theirs.stream().anyMatch(own::contains)) {
          return other.getKey();
        }
      }
      return null;
    }

    @Override
    public Set<UUID> holders() {
      return holders;
    }

    @Override
    public long changes() {
      return 0;
    }

    @Override
    public long bytes() {
      return 0;
    }

    @Override
    public Map<UUID, Map<AppliedStatus.Conflict, Long>> commit(List<Advance> advances) throws RejectedBatchException {
      for (Map.Entry<UUID, Set<String>> own : written.entrySet()) {
        if (holder(own.getKey(), own.getValue()) != null) {
          throw new RejectedBatchException("a value is taken");
        }
      }
      for (Advance advance : advances) {
        UUID id = advance.tenant().id();
        if (!advance.from().equals(positions.get(id)) || !Objects.equals(epochs.get(id), advance.tenant().epoch())) {
          throw new RejectedBatchException("a tenant is not where it was expected");
        }
      }
      advances.forEach(advance -> positions.put(advance.tenant().id(), advance.to()));
      values.putAll(written);
      written.clear();
      return Map.of();
    }

    @Override
    public void rollback() {
      written.clear();
    }

    @Override
    public boolean isUsable() {
      return true;
    }

    @Override
    public void close() {}
  }
}
