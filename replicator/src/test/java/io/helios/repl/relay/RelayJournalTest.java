package io.helios.repl.relay;

import static io.helios.repl.relay.JournalDriver.ROOMY;
import static io.helios.repl.relay.JournalDriver.tenant;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.relay.FrameSource.Arrivals;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class RelayJournalTest {

  private static final UUID A = tenant(1);
  private static final UUID B = tenant(2);

  private final MemorySegmentFiles files = new MemorySegmentFiles();
  private JournalDriver driver = JournalDriver.open(files, ROOMY);
  private RelayJournal journal = driver.journal;

  private void reopen(RelayLimits limits) {
    journal.close();
    driver = JournalDriver.open(files, limits);
    journal = driver.journal;
  }

  @Test
  void framesShowOnceTheyAreSyncedAndNotBefore() {
    driver.append(A, 10, 100);
    driver.append(B, 11, 100);
    assertThat(journal.fetch(A, 0, 0, 1000)).isEmpty();

    journal.sync(12);

    assertThat(driver.positions(A)).containsExactly(10L);
    assertThat(driver.positions(B)).containsExactly(11L);
    assertThat(journal.capturedUpTo()).isEqualTo(12);
  }

  @Test
  void aFetchedFrameIsTheOneThatWasAppended() {
    Frame frame = JournalDriver.frame(journal.reserve(A), A, 10, 12, true, 50_000);
    journal.append(frame);
    journal.sync(13);

    Frame fetched = journal.fetch(A, 0, 0, 1).getFirst();
    assertThat(fetched.header()).isEqualTo(frame.header());
    assertThat(fetched.salt()).isEqualTo(frame.salt());
    assertThat(fetched.sealed()).isEqualTo(frame.sealed());
  }

  @Test
  void oneSyncIsOneForceHoweverManyTenants() {
    for (int i = 0; i < 100; i++) {
      driver.append(tenant(i), 10, 100);
    }
    int before = files.forces;
    journal.sync(11);
    assertThat(files.forces - before).isEqualTo(1);

    journal.sync(11);
    assertThat(files.forces - before).as("nothing new, nothing to force").isEqualTo(1);
  }

  @Test
  void aTransactionWhoseEndIsNotThereYetStaysHidden() {
    driver.append(A, 10, 100);
    driver.append(A, 20, 20, false, 100);
    journal.sync(20);
    assertThat(driver.positions(A)).containsExactly(10L);

    driver.append(A, 20, 20, false, 100);
    journal.sync(20);
    assertThat(driver.positions(A)).containsExactly(10L);

    driver.append(A, 20, 25, true, 100);
    journal.sync(26);
    assertThat(driver.positions(A)).containsExactly(10L, 20L, 20L, 25L);
  }

  @Test
  void fetchBeginsAtTheFirstFrameThatHoldsAnythingAfterThePosition() {
    driver.append(A, 10, 20, true, 100);
    driver.append(A, 30, 40, false, 100);
    driver.append(A, 40, 50, true, 100);
    journal.sync(60);

    assertThat(driver.positions(A, 19)).containsExactly(20L, 40L, 50L);
    assertThat(driver.positions(A, 20)).containsExactly(40L, 50L);
    assertThat(driver.positions(A, 40)).containsExactly(50L);
    assertThat(driver.positions(A, 50)).isEmpty();
  }

  @Test
  void fetchGoesOnAtASequenceNumberAndKeepsToTheRoomGiven() {
    for (int i = 1; i <= 500; i++) {
      driver.append(A, i, 100);
      driver.append(B, i, 50);
    }
    journal.sync(501);

    assertThat(journal.fetch(A, 0, 0, 1)).hasSize(1);
    assertThat(journal.fetch(A, 0, 0, 350)).hasSize(3);
    assertThat(journal.fetch(A, 0, 4, 250)).extracting(f -> f.header().sequence()).containsExactly(4L, 5L);
    assertThat(journal.fetch(A, 0, 0, 1 << 20)).hasSize(500);
    assertThat(journal.fetch(A, 399, 0, 1 << 20)).hasSize(101);
    assertThat(journal.fetch(A, 0, 501, 1000)).isEmpty();
  }

  @Test
  void positionsAreUnsigned() {
    driver.append(A, Long.MAX_VALUE, 100);
    driver.append(A, Long.MIN_VALUE, 100);
    driver.append(A, -1, 100);
    journal.sync(-1);

    assertThat(driver.positions(A, Long.MAX_VALUE)).containsExactly(Long.MIN_VALUE, -1L);
    journal.acknowledge(A, Long.MIN_VALUE);
    assertThat(journal.oldestUnacknowledged()).isEqualTo(-1);
  }

  @Test
  void theOldestUnacknowledgedPositionIsTheSlowestTenants() {
    assertThat(journal.oldestUnacknowledged()).isZero();
    driver.append(A, 10, 15, true, 100);
    driver.append(B, 12, 100);
    driver.append(A, 20, 100);
    journal.sync(30);
    assertThat(journal.oldestUnacknowledged()).isEqualTo(10);

    journal.acknowledge(A, 15);
    assertThat(journal.oldestUnacknowledged()).isEqualTo(12);
    journal.acknowledge(B, 12);
    assertThat(journal.oldestUnacknowledged()).isEqualTo(20);
    journal.acknowledge(A, 20);
    assertThat(journal.oldestUnacknowledged()).isEqualTo(30);
  }

  @Test
  void anAcknowledgementInTheMiddleOfAFrameKeepsTheFrame() {
    driver.append(A, 10, 20, true, 100);
    journal.sync(30);
    journal.acknowledge(A, 15);
    assertThat(driver.positions(A, 15)).containsExactly(20L);
  }

  @Test
  void aPositionBelowWhatWasTrimmedIsAGapAndNeverSkipped() {
    driver.append(A, 10, 100);
    driver.append(A, 20, 100);
    journal.sync(30);
    journal.acknowledge(A, 10);

    assertThat(driver.positions(A, 10)).containsExactly(20L);
    assertThatThrownBy(() -> journal.fetch(A, 9, 0, 1000))
        .isInstanceOfSatisfying(
            OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.JOURNAL_GAP));
  }

  @Test
  void aSequenceNumberThatTheJournalNeverReachedIsAGap() {
    driver.append(A, 10, 100);
    journal.sync(30);
    assertThatThrownBy(() -> journal.fetch(A, 10, 3, 1000)).isInstanceOf(OperatorException.class);
    assertThatThrownBy(() -> journal.fetch(B, 10, 3, 1000)).isInstanceOf(OperatorException.class);
    assertThat(journal.fetch(A, 10, 2, 1000)).isEmpty();
    assertThat(journal.fetch(B, 10, 0, 1000)).isEmpty();
  }

  @Test
  void segmentsGoOnceNothingInThemIsUnacknowledgedAlsoFromTheMiddle() {
    reopen(new RelayLimits(1 << 20, 1 << 20, 4096));
    driver.append(A, 1, 100);
    for (int i = 2; i <= 100; i++) {
      driver.append(B, i, 1000);
      journal.sync(i + 1);
    }
    assertThat(files.list().size()).isGreaterThan(10);
    long full = journal.bytes();

    journal.acknowledge(B, 100);

    assertThat(files.list()).as("the first, that A pins, and the one being written").hasSize(2);
    assertThat(journal.bytes()).isLessThan(full / 5);
    journal.acknowledge(A, 1);
    assertThat(files.list()).hasSize(1);
  }

  @Test
  void sequenceNumbersGoOnAfterARestartAlsoWhenEverythingWasTrimmed() {
    reopen(new RelayLimits(1 << 20, 1 << 20, 4096));
    for (int i = 1; i <= 50; i++) {
      driver.append(A, i, 1000);
      journal.sync(i + 1);
    }
    journal.acknowledge(A, 50);
    reopen(new RelayLimits(1 << 20, 1 << 20, 4096));

    assertThat(journal.capturedUpTo()).isEqualTo(51);
    assertThat(journal.reserve(A).sequence()).isEqualTo(51);
    assertThat(driver.positions(A, 50)).isEmpty();
    assertThatThrownBy(() -> journal.fetch(A, 30, 0, 1000)).isInstanceOf(OperatorException.class);
  }

  @Test
  void segmentsDeletedFromTheMiddleAreNoHoleAfterARestart() {
    RelayLimits small = new RelayLimits(1 << 20, 1 << 20, 4096);
    reopen(small);
    driver.append(A, 1, 100);
    driver.append(B, 1, 100);
    for (int i = 2; i <= 40; i++) {
      driver.append(B, i, 1000);
      journal.sync(i + 1);
    }
    journal.acknowledge(B, 38);

    files.losePower(new java.util.Random(1));
    driver = JournalDriver.open(files.copy(), small);
    journal = driver.journal;

    assertThat(driver.positions(A)).containsExactly(1L);
    assertThat(driver.positions(B, 38)).containsExactly(39L, 40L);
    assertThatThrownBy(() -> journal.fetch(B, 5, 0, 1000)).isInstanceOf(OperatorException.class);
  }

  @Test
  void aBacklogIsToldByFramesBytesAndAge() {
    assertThat(journal.backlog(A)).isEqualTo(Backlog.NONE);
    driver.append(A, 10, 100);
    driver.append(A, 20, 200);
    journal.sync(30);

    int overhead = RecordFormat.FRAME_PREFIX_BYTES;
    assertThat(journal.backlog(A)).isEqualTo(new Backlog(2, 300 + 2 * overhead, 600, 100L, 20));
    journal.acknowledge(A, 10);
    assertThat(journal.backlog(A)).isEqualTo(new Backlog(1, 200 + overhead, 400, 200L, 20));
    journal.acknowledge(A, 20);
    assertThat(journal.backlog(A)).isEqualTo(new Backlog(0, 0, 0, null, 20));
  }

  @Test
  void aVolumeCountsWhatWasTakenSinceTheJournalWasOpened() {
    driver.append(A, 10, 100);
    driver.append(A, 20, 200);
    journal.sync(30);
    journal.acknowledge(A, 20);
    assertThat(journal.volume(A)).isEqualTo(new Volume(300, 600));

    reopen(ROOMY);
    assertThat(journal.volume(A)).isEqualTo(Volume.NONE);
    driver.append(A, 40, 50);
    assertThat(journal.volume(A)).isEqualTo(new Volume(50, 100));
  }

  @Test
  void aLongBacklogIsFetchedInOrderThoughItsIndexWasLetGo() {
    for (int i = 1; i <= 2000; i++) {
      driver.append(A, i, 30);
      if (i % 7 == 0) {
        driver.append(B, i, 30);
      }
      if (i % 100 == 0) {
        journal.sync(i + 1);
      }
    }
    for (long after : new long[] {0, 1, 63, 64, 65, 777, 1900, 1999}) {
      List<Long> positions = driver.positions(A, after);
      assertThat(positions).hasSize((int) (2000 - after)).isSorted().startsWith(after + 1);
    }
    for (int i = 1; i <= 2000; i += 13) {
      journal.acknowledge(A, i);
      assertThat(driver.positions(A, i)).hasSize(2000 - i);
    }
    assertThat(driver.positions(B)).hasSize(285);
  }

  @Test
  void aForgottenTenantStartsAnewAndStaysForgottenAfterARestart() {
    driver.append(A, 10, 100);
    driver.append(B, 10, 100);
    journal.sync(20);

    journal.forget(A);
    assertThat(driver.positions(A)).isEmpty();
    assertThat(journal.oldestUnacknowledged()).isEqualTo(10);
    assertThat(journal.tenants()).containsExactly(B);

    driver = JournalDriver.open(files.copy(), ROOMY);
    journal = driver.journal;
    assertThat(driver.positions(A)).isEmpty();
    assertThat(journal.reserve(A).sequence()).isEqualTo(1);
    assertThat(driver.positions(B)).containsExactly(10L);
  }

  /** Its caller waits for that: what the crash brings back has frames that are gone. */
  @Test
  void forgottenInTheMiddleOfAnothersTransactionItIsToldOnceACrashCannotBringItBack() {
    driver.append(A, 10, 100);
    journal.sync(20);
    journal.acknowledge(A, 10);
    driver.append(B, 20, 20, false, 100);

    assertThat(journal.forget(A)).isFalse();
    assertThat(JournalDriver.open(files.copy(), ROOMY).journal.tenants()).contains(A);

    driver.append(B, 20, 20, true, 100);
    journal.sync(21);
    assertThat(journal.forget(A)).isTrue();
    assertThat(JournalDriver.open(files.copy(), ROOMY).journal.tenants()).containsExactly(B);
  }

  /** A broken stream has left the transaction's beginning, and nobody is left for whom another one would be opened. */
  @Test
  void itIsNotEmptyAsLongAsACrashBringsSomebodyBack() {
    assertThat(journal.isEmpty()).isTrue();
    driver.append(A, 10, 100);
    journal.sync(20);
    driver.append(A, 20, 20, false, 100);
    assertThat(journal.forget(A)).isFalse();
    assertThat(journal.tenants()).isEmpty();
    assertThat(journal.isEmpty()).isFalse();

    journal.rewind();
    assertThat(journal.forget(A)).isTrue();
    assertThat(journal.isEmpty()).isTrue();
    assertThat(JournalDriver.open(files.copy(), ROOMY).journal.tenants()).isEmpty();
  }

  @Test
  void aTenantForgottenBetweenReserveAndAppendDoesNotGetTheFrame() {
    driver.append(A, 10, 100);
    Frame frame = JournalDriver.frame(journal.reserve(A), A, 20, 20, true, 100);
    journal.forget(A);
    assertThat(journal.append(frame)).isFalse();
    driver.append(A, 30, 100);
    journal.sync(40);
    assertThat(journal.fetch(A, 0, 0, 1000)).extracting(f -> f.header().sequence()).containsExactly(1L);
  }

  @Test
  void whatABrokenStreamLeftBehindIsTakenBackByRewind() {
    driver.append(A, 10, 100);
    journal.sync(11);
    driver.append(A, 20, 20, false, 100);
    driver.append(B, 20, 20, false, 100);

    assertThat(journal.rewind()).isEqualTo(11);
    driver.append(A, 20, 20, false, 100);
    driver.append(A, 20, 20, true, 100);
    journal.sync(21);

    assertThat(driver.positions(A)).containsExactly(10L, 20L, 20L);
    assertThat(driver.positions(B)).isEmpty();
    reopen(ROOMY);
    assertThat(driver.positions(A)).containsExactly(10L, 20L, 20L);
    assertThat(driver.positions(B)).isEmpty();
  }

  @Test
  void restartForgetsAllAndMayGoBack() {
    driver.append(A, 1000, 100);
    journal.sync(1001);
    assertThatThrownBy(() -> journal.sync(500)).isInstanceOf(IllegalStateException.class);

    journal.restart(500, Provenance.of(7, 2));
    assertThat(journal.capturedUpTo()).isEqualTo(500);
    assertThat(journal.provenance()).isEqualTo(Provenance.of(7, 2));
    driver.append(A, 600, 100);
    journal.sync(601);
    reopen(ROOMY);
    assertThat(journal.capturedUpTo()).isEqualTo(601);
    assertThat(driver.positions(A)).containsExactly(600L);
  }

  @Test
  void whoWasDroppedStaysDroppedThroughARestartOfTheJournal() {
    driver.append(A, 1000, 100);
    driver.append(B, 1000, 100);
    journal.sync(1001);
    journal.drop(A);
    journal.restart(500, Provenance.of(7, 2));
    assertThat(journal.overflowed()).containsExactly(A);
    reopen(ROOMY);
    assertThat(journal.overflowed()).containsExactly(A);
    assertThat(driver.positions(B)).isEmpty();
  }

  @Test
  void whereItsContentComesFromIsKeptWithEachMark() {
    Provenance first = Provenance.of(7, 1).with(10, 100, 3);
    driver.append(A, 10, 100);
    journal.sync(11, first);
    journal.forget(B);
    journal.drop(B);
    assertThat(journal.provenance()).isEqualTo(first);
    reopen(ROOMY);
    assertThat(journal.provenance()).isEqualTo(first);
    journal.sync(12, first.with(11, 200, 4));
    driver.append(A, 20, 100);
    assertThat(journal.rewind()).isEqualTo(12);
    reopen(ROOMY);
    assertThat(journal.provenance()).isEqualTo(first.with(11, 200, 4));
  }

  @Test
  void onlyTheSlotReservedLastIsGoodAndOnlyOnce() {
    FrameSlot old = journal.reserve(A);
    FrameSlot slot = journal.reserve(A);
    assertThat(slot.index()).isNotEqualTo(old.index());
    assertThatThrownBy(() -> journal.append(JournalDriver.frame(old, A, 1, 1, true, 100)))
        .isInstanceOf(IllegalStateException.class);
    Frame frame = JournalDriver.frame(journal.reserve(A), A, 1, 1, true, 100);
    journal.append(frame);
    assertThatThrownBy(() -> journal.append(frame)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void framesOutOfOrderAreABug() {
    driver.append(A, 10, 100);
    assertThatThrownBy(() -> driver.append(A, 9, 100)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void arrivalsNameOnlyThoseWithNewsSinceTheMark() throws InterruptedException {
    driver.append(A, 10, 100);
    journal.sync(11);
    Arrivals first = journal.arrivals(0, Duration.ZERO);
    assertThat(first.tenants()).containsExactly(A);
    assertThat(journal.arrivals(first.mark(), Duration.ZERO).tenants()).isEmpty();

    driver.append(B, 20, 100);
    driver.append(A, 20, 20, false, 100);
    journal.sync(21);
    Arrivals second = journal.arrivals(first.mark(), Duration.ZERO);
    assertThat(second.tenants()).as("A's news is not complete").containsExactly(B);
    assertThat(journal.arrivals(0, Duration.ZERO).tenants()).containsExactly(A, B);
    assertThat(journal.arrivals(Long.MAX_VALUE, Duration.ZERO).tenants()).containsExactly(A, B);
  }

  @Test
  void marksOfAnEarlierLifeMissNothing() throws InterruptedException {
    driver.append(A, 10, 100);
    journal.sync(11);
    long mark = journal.arrivals(0, Duration.ZERO).mark();
    for (int life = 0; life < 20; life++) {
      reopen(ROOMY);
      assertThat(journal.arrivals(mark, Duration.ZERO).tenants()).containsExactly(A);
    }
  }

  @Test
  void aWaitingReaderIsWokenBySyncAndByClose() throws Exception {
    CompletableFuture<Arrivals> waiting = await(0);
    driver.append(A, 10, 100);
    journal.sync(11);
    Arrivals arrivals = waiting.get();
    assertThat(arrivals.tenants()).containsExactly(A);

    CompletableFuture<Arrivals> again = await(arrivals.mark());
    journal.close();
    assertThat(again.get().tenants()).isEmpty();
    assertThatThrownBy(() -> journal.fetch(A, 0, 0, 1)).isInstanceOf(IllegalStateException.class);
  }

  private CompletableFuture<Arrivals> await(long mark) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return journal.arrivals(mark, Duration.ofSeconds(30));
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  void aWatchSeesEachFramesWayInOrder() {
    List<String> seen = new ArrayList<>();
    journal.watch(
        new FrameWatch() {
          @Override
          public void appended(FrameHeader header) {
            seen.add("appended " + header.lastPosition());
          }

          @Override
          public void durable() {
            seen.add("durable, " + journal.fetch(A, 0, 0, 1).size() + " to be read");
          }

          @Override
          public void rewound() {
            seen.add("rewound");
          }

          @Override
          public void dropped(UUID tenant) {
            seen.add("dropped " + tenant.equals(A));
          }

          @Override
          public void fetched(FrameHeader header) {
            seen.add("fetched " + header.lastPosition());
          }

          @Override
          public void acknowledged(UUID tenant, long position) {
            seen.add("acknowledged " + position);
          }
        });
    driver.append(A, 10, 100);
    journal.rewind();
    driver.append(A, 10, 100);
    journal.sync(11);
    journal.fetch(A, 0, 0, 1);
    journal.acknowledge(A, 10);
    journal.forget(A);

    assertThat(seen)
        .startsWith(
            "appended 10", "rewound", "appended 10", "durable, 0 to be read", "fetched 10", "acknowledged 10", "dropped true");
  }
}
