package io.helios.repl.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Whole histories of a source, its journal and its tenants' targets, made from a seed: appends, syncs, fetches,
 * acknowledgements, full disks, forces that fail, power cuts, resyncs. Whatever happens, each target has applied a
 * prefix of its tenant's transactions, in order, each once; nothing that was promised durable is lost; no slot is
 * given out twice.
 */
class JournalSimulationTest {

  private static final int TENANTS = 6;
  private static final int SEEDS = Integer.getInteger("helios.simulation.seeds", 300);
  private static final int STEPS = 400;

  @Test
  void everyHistoryLeavesEachTargetWithAPrefixOfItsTransactions() {
    Set<String> events = new HashSet<>();
    for (long seed = 1; seed <= SEEDS; seed++) {
      try {
        new History(seed, events).run();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
    assertThat(events)
        .as("the histories held all that they should")
        .contains("disk full", "sync failed", "power lost", "overflow", "closed", "deleted", "huge");
  }

  private static final class History {

    private boolean steady;
    private final Random random;
    private final Set<String> events;
    private final RelayLimits limits;
    private final List<List<Long>> source = new ArrayList<>();
    private final List<List<Long>> target = new ArrayList<>();
    private final long[] applied = new long[TENANTS];
    private final Set<String> slots = new HashSet<>();
    private long clock = 10;
    private long promised;
    private MemorySegmentFiles files = new MemorySegmentFiles();
    private RelayJournal journal;

    /** Transactions of the source not captured yet or to be captured again, by position. */
    private final List<long[]> wal = new ArrayList<>();

    History(long seed, Set<String> events) {
      this.random = new Random(seed * 0x9E3779B97F4A7C15L);
      this.events = events;
      this.limits =
          random.nextBoolean()
              ? new RelayLimits(1 << 20, 1 << 20, 4096)
              : new RelayLimits(32 << 10, random.nextInt(6_000, 30_000), 4096);
      for (int i = 0; i < TENANTS; i++) {
        source.add(new ArrayList<>());
        target.add(new ArrayList<>());
      }
      this.journal = RelayJournal.open(files, limits);
      journal.rewind();
    }

    void run() {
      for (int step = 0; step < STEPS; step++) {
        switch (random.nextInt(12)) {
          case 0, 1, 2, 3 -> commit();
          case 4, 5 -> capture();
          case 6, 7, 8, 9 -> apply(random.nextInt(TENANTS - 1)); // the last one's target is dead
          case 10 -> fault();
          default -> check();
        }
      }
      files.room = Long.MAX_VALUE;
      files.failingForces = 0;
      steady = true;
      capture();
      for (int i = 0; i < TENANTS; i++) {
        apply(i);
        assertThat(target.get(i)).isEqualTo(source.get(i));
      }
    }

    /** A transaction of some tenants commits at the source. */
    private void commit() {
      clock += random.nextInt(1, 5);
      long tenants = random.nextInt(1, 1 << TENANTS);
      wal.add(new long[] {clock, tenants});
      for (int i = 0; i < TENANTS; i++) {
        if ((tenants >> i & 1) == 1) {
          source.get(i).add(clock);
        }
      }
    }

    /** Streams all there is from where the journal says. */
    private void capture() {
      try {
        long from = journal.rewind();
        assertThat(from).isGreaterThanOrEqualTo(promised);
        for (long[] transaction : wal) {
          if (transaction[0] >= from) {
            capture(transaction);
            if (random.nextInt(3) == 0) {
              sync(transaction[0] + 1);
            } else if (!steady && random.nextInt(40) == 0) {
              return; // the stream breaks off, perhaps with frames appended and not synced
            }
          }
        }
        sync(clock + 1);
      } catch (TransientException e) {
        events.add(e.problem().code() == ErrorCode.JOURNAL_SYNC_FAILED ? "sync failed" : "disk full");
      }
    }

    private void capture(long[] transaction) {
      for (int i = 0; i < TENANTS; i++) {
        if ((transaction[1] >> i & 1) == 1) {
          int parts = random.nextInt(8) == 0 ? random.nextInt(2, 12) : 1;
          if (parts > 8) {
            events.add("huge");
          }
          for (int part = 1; part <= parts; part++) {
            UUID tenant = JournalDriver.tenant(i);
            FrameSlot slot = journal.reserve(tenant);
            assertThat(slots.add(slot.segment() + "/" + slot.index() + "/" + slot.salt()[0] + "/" + slot.salt()[1]))
                .as("a slot is given out once")
                .isTrue();
            journal.append(
                JournalDriver.frame(slot, tenant, transaction[0], transaction[0], part == parts, random.nextInt(16, 900)));
          }
        }
      }
    }

    private void sync(long upTo) {
      journal.sync(upTo);
      promised = upTo;
    }

    /** The tenant's target takes some of what there is for it. */
    private void apply(int i) {
      UUID tenant = JournalDriver.tenant(i);
      try {
        long from = 0;
        while (true) {
          List<Frame> frames = journal.fetch(tenant, applied[i], from, random.nextInt(1, 3000));
          if (frames.isEmpty()) {
            break;
          }
          for (Frame frame : frames) {
            FrameHeader header = frame.header();
            if (from != 0) {
              assertThat(header.sequence()).isEqualTo(from);
            }
            from = header.sequence() + 1;
            if (header.complete() && header.lastPosition() > applied[i]) {
              target.get(i).add(header.lastPosition());
              applied[i] = header.lastPosition();
            }
          }
          if (!steady && random.nextInt(4) == 0) {
            break;
          }
        }
        if (random.nextBoolean()) {
          long before = journal.bytes();
          journal.acknowledge(tenant, applied[i]);
          if (journal.bytes() < before) {
            events.add("deleted");
          }
        }
      } catch (OperatorException e) {
        events.add("overflow");
        assertThat(e.problem().code()).isIn(ErrorCode.JOURNAL_OVERFLOW, ErrorCode.JOURNAL_GAP);
        assertThat(limits.maxBytes()).as("only quotas lose frames").isLessThan(1 << 20);
        resync(i);
      }
    }

    /** Forgets the tenant and copies everything up to a point of the source that is captured already. */
    private void resync(int i) {
      try {
        journal.forget(JournalDriver.tenant(i));
      } catch (TransientException e) {
        events.add("forgotten, not durably yet");
      }
      long upTo = journal.capturedUpTo();
      target.get(i).clear();
      for (long position : source.get(i)) {
        if (position < upTo) {
          target.get(i).add(position);
          applied[i] = position;
        }
      }
    }

    private void fault() {
      switch (random.nextInt(5)) {
        case 0 -> files.room = random.nextInt(4000);
        case 1, 2 -> files.room = Long.MAX_VALUE;
        case 3 -> files.failingForces = random.nextInt(3);
        default -> {
          if (random.nextInt(3) == 0) {
            events.add("closed");
            journal.close();
          } else {
            events.add("power lost");
            files = files.losePower(random);
          }
          files.room = Long.MAX_VALUE;
          files.failingForces = 0;
          journal = RelayJournal.open(files, limits);
          assertThat(journal.capturedUpTo()).as("what was synced stays").isGreaterThanOrEqualTo(promised);
          promised = journal.capturedUpTo();
        }
      }
    }

    private void check() {
      long oldest = journal.oldestUnacknowledged();
      for (int i = 0; i < TENANTS; i++) {
        List<Long> has = target.get(i);
        assertThat(source.get(i).subList(0, has.size())).isEqualTo(has);
        boolean dropped = journal.overflowed().contains(JournalDriver.tenant(i));
        if (!dropped && has.size() < source.get(i).size() && source.get(i).get(has.size()) < journal.capturedUpTo()) {
          long first = source.get(i).get(has.size());
          try {
            journal.fetch(JournalDriver.tenant(i), applied[i], 0, 1);
            assertThat(oldest).as("the slot is never released past what a tenant lacks").isLessThanOrEqualTo(first);
          } catch (HeliosException gap) {
            assertThat(gap.problem().code()).isIn(ErrorCode.JOURNAL_OVERFLOW, ErrorCode.JOURNAL_GAP);
          }
        }
      }
    }
  }
}
