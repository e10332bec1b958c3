package io.helios.repl.relay;

import static io.helios.repl.relay.JournalDriver.tenant;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class JournalOnDiskTest {

  private static final RelayLimits LIMITS = new RelayLimits(1L << 30, 1L << 30, 64 << 10);

  @TempDir private Path directory;

  private JournalDriver open() throws IOException {
    return JournalDriver.open(new DirectorySegmentFiles(directory), LIMITS);
  }

  private long segmentFiles() throws IOException {
    try (var entries = Files.list(directory)) {
      return entries.filter(e -> e.toString().endsWith(".segment")).count();
    }
  }

  @Test
  void aJournalIsOnDiskWhatItWasWhenClosed() throws IOException {
    JournalDriver driver = open();
    for (int i = 1; i <= 300; i++) {
      driver.append(tenant(i % 3), i, 2000);
    }
    driver.append(tenant(0), 301, 1 << 20);
    driver.journal.sync(302);
    long bytes = driver.journal.bytes();
    assertThat(segmentFiles()).isGreaterThan(5);
    driver.journal.close();

    driver = open();
    assertThat(driver.positions(tenant(0))).hasSize(101).endsWith(300L, 301L);
    assertThat(driver.journal.bytes()).isCloseTo(bytes, org.assertj.core.data.Offset.offset(100L));
    for (int i = 0; i < 3; i++) {
      driver.journal.acknowledge(tenant(i), 301);
    }
    assertThat(segmentFiles()).isEqualTo(1);
    driver.journal.close();
  }

  @Test
  void aDirectoryBelongsToOneJournalAtATime() throws IOException {
    JournalDriver driver = open();
    assertThatThrownBy(this::open)
        .isInstanceOfSatisfying(
            OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.JOURNAL_IN_USE));
    driver.journal.close();
    open().journal.close();
  }

  @Test
  void anInterruptNeitherFailsNorClosesAnything() throws IOException {
    JournalDriver driver = open();
    Thread.currentThread().interrupt();
    for (int i = 1; i <= 200; i++) {
      driver.append(tenant(1), i, 1000);
    }
    driver.journal.sync(201);
    assertThat(driver.positions(tenant(1))).hasSize(200);
    driver.journal.acknowledge(tenant(1), 150);
    driver.journal.close();
    assertThat(Thread.interrupted()).as("it is still pending").isTrue();
    assertThat(open().positions(tenant(1), 150)).hasSize(50);
  }

  @Test
  void aSegmentThatIsDeletedWhileItIsReadIsReadToItsEnd() throws IOException {
    JournalDriver driver = open();
    for (int i = 1; i <= 200; i++) {
      driver.append(tenant(1), i, 1000);
    }
    driver.journal.sync(201);
    Segment read;
    try (SegmentFiles other = new OpenedTwice(directory)) {
      SegmentFile file = other.open(1);
      read = new Segment(other, file, 1, new byte[32], file.size());
      read.retain();
      read.doom();
      assertThat(file.size()).as("open as long as somebody reads").isPositive();
      read.release();
      assertThatThrownBy(file::size).isInstanceOf(IOException.class);
      assertThat(segmentFiles()).isGreaterThan(1);
      assertThat(directory.resolve(other.name(1))).doesNotExist();
    }
  }

  /** Without the lock, which the journal under test holds. */
  private record OpenedTwice(Path directory) implements SegmentFiles {

    @Override
    public List<Long> list() {
      return List.of(1L);
    }

    @Override
    public SegmentFile create(long segment) throws IOException {
      return new ChannelSegmentFile(directory.resolve(name(segment)), true);
    }

    @Override
    public SegmentFile open(long segment) throws IOException {
      return new ChannelSegmentFile(directory.resolve(name(segment)), false);
    }

    @Override
    public void delete(long segment) throws IOException {
      Files.delete(directory.resolve(name(segment)));
    }

    @Override
    public String name(long segment) {
      return String.format(java.util.Locale.ROOT, "%016x.segment", segment);
    }

    @Override
    public void close() {}
  }

  @Test
  void oneWriterAndManyReadersWithInterruptsLeaveEveryTenantWithAllOfItsTransactions() throws Exception {
    int tenants = 20;
    int transactions = 4000;
    JournalDriver driver = open();
    RelayJournal journal = driver.journal;
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<Map<UUID, Long>>> readers = new ArrayList<>();
      List<Thread> readerThreads = java.util.Collections.synchronizedList(new ArrayList<>());
      for (int r = 0; r < 4; r++) {
        int reader = r;
        Callable<Map<UUID, Long>> work =
            () -> {
              readerThreads.add(Thread.currentThread());
              return follow(journal, reader, transactions);
            };
        readers.add(threads.submit(work));
      }
      Future<?> nuisance =
          threads.submit(
              () -> {
                while (!done.get()) {
                  readerThreads.forEach(Thread::interrupt);
                  Thread.onSpinWait();
                  java.util.concurrent.locks.LockSupport.parkNanos(200_000);
                }
              });
      for (int i = 1; i <= transactions; i++) {
        for (int t = 0; t < tenants; t++) {
          if ((i + t) % 5 == 0 || i == transactions) {
            driver.append(tenant(t), i, i, false, 150);
            driver.append(tenant(t), i, i, true, 150);
          }
        }
        if (i % 20 == 0) {
          journal.sync(i + 1);
        }
      }
      for (int r = 0; r < readers.size(); r++) {
        for (int t = r; t < tenants; t += readers.size()) {
          assertThat(readers.get(r).get().get(tenant(t))).isEqualTo(transactions);
        }
      }
      done.set(true);
      nuisance.get();
    }
    assertThat(journal.oldestUnacknowledged()).isEqualTo(transactions + 1);
    assertThat(segmentFiles()).isEqualTo(1);
    journal.close();
  }

  /** Follows every fourth tenant to the last transaction; checks that each frame follows the one before. */
  private static Map<UUID, Long> follow(RelayJournal journal, int reader, int transactions) {
    Map<UUID, Long> applied = new HashMap<>();
    Map<UUID, Long> sequences = new HashMap<>();
    for (int t = reader; t < 20; t += 4) {
      applied.put(tenant(t), 0L);
      sequences.put(tenant(t), 0L);
    }
    long mark = 0;
    while (applied.values().stream().anyMatch(position -> position < transactions)) {
      FrameSource.Arrivals arrivals;
      try {
        arrivals = journal.arrivals(mark, Duration.ofSeconds(5));
      } catch (InterruptedException e) {
        continue;
      }
      mark = arrivals.mark();
      for (UUID tenant : arrivals.tenants()) {
        Long after = applied.get(tenant);
        Long last = sequences.get(tenant);
        if (after == null || last == null) {
          continue;
        }
        while (true) {
          List<Frame> frames = journal.fetch(tenant, after, last + 1, 5000);
          if (frames.isEmpty()) {
            break;
          }
          for (Frame frame : frames) {
            last++;
            assertThat(frame.header().sequence()).isEqualTo(last);
            if (frame.header().complete()) {
              after = frame.header().lastPosition();
            }
          }
        }
        applied.put(tenant, after);
        sequences.put(tenant, last);
        journal.acknowledge(tenant, after);
      }
    }
    return applied;
  }

  @Test
  void aHundredThousandSmallFramesOfAThousandTenantsCostLittleToKeepAndToRecover() throws IOException {
    RelayLimits limits = new RelayLimits(1L << 30, 1L << 30);
    RelayJournal journal = RelayJournal.open(new DirectorySegmentFiles(directory), limits);
    journal.rewind();
    JournalDriver driver = new JournalDriver(journal);
    for (int i = 0; i < 100_000; i++) {
      driver.append(tenant(i % 1000), i + 1, 100);
      if (i % 1000 == 999) {
        journal.sync(i + 2);
      }
    }
    journal.close();

    long before = usedMemory();
    long start = System.nanoTime();
    driver = JournalDriver.open(new DirectorySegmentFiles(directory), limits);
    long millis = (System.nanoTime() - start) / 1_000_000;
    long perFrame = (usedMemory() - before) / 100_000;

    assertThat(driver.journal.backlog(tenant(7)).frames()).isEqualTo(100);
    assertThat(driver.positions(tenant(999))).hasSize(100).endsWith(100_000L);
    // generous: a slow machine must not fail it, an index of objects or a read of every payload would
    assertThat(millis).isLessThan(10_000);
    assertThat(perFrame).as("bytes of memory for each frame").isLessThan(100);
    driver.journal.close();
  }

  private static long usedMemory() {
    Runtime runtime = Runtime.getRuntime();
    long used = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      System.gc();
      used = Math.min(used, runtime.totalMemory() - runtime.freeMemory());
    }
    return used;
  }
}
