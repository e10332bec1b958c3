package io.helios.repl.relay;

import static io.helios.repl.relay.JournalDriver.ROOMY;
import static io.helios.repl.relay.JournalDriver.tenant;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.TransientException;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class JournalDiskFaultTest {

  private static final UUID A = tenant(1);

  private final MemorySegmentFiles files = new MemorySegmentFiles();
  private final JournalDriver driver = JournalDriver.open(files, ROOMY);
  private final RelayJournal journal = driver.journal;

  private static void isTransient(ErrorCode code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(TransientException.class, e -> assertThat(e.problem().code()).isEqualTo(code));
  }

  @Test
  void aFullDiskTakesTheFrameBackAndTheNextGoesOnWhenThereIsRoom() {
    for (int room = 0; room < 240; room += 7) {
      MemorySegmentFiles disk = new MemorySegmentFiles();
      JournalDriver full = JournalDriver.open(disk, ROOMY);
      full.append(A, 1, 100);
      disk.room = room;
      boolean fits = room >= 100 + RecordFormat.FRAME_PREFIX_BYTES;
      if (!fits) {
        isTransient(ErrorCode.JOURNAL_WRITE_FAILED, () -> full.append(A, 2, 100));
        isTransient(ErrorCode.JOURNAL_WRITE_FAILED, () -> full.append(A, 2, 100));
        isTransient(ErrorCode.JOURNAL_WRITE_FAILED, () -> full.journal.sync(2));
        disk.room = Long.MAX_VALUE;
        full.append(A, 2, 100);
      } else {
        full.append(A, 2, 100);
        disk.room = Long.MAX_VALUE;
      }
      full.append(A, 3, 100);
      full.journal.sync(4);

      assertThat(full.positions(A)).containsExactly(1L, 2L, 3L);
      assertThat(JournalDriver.open(disk.losePower(new Random(room)), ROOMY).positions(A)).containsExactly(1L, 2L, 3L);
    }
  }

  @Test
  void aFailedAppendNeverGivesTheSameSlotAgain() {
    Set<String> slots = new HashSet<>();
    for (int i = 1; i <= 200; i++) {
      files.room = i % 5 == 0 ? 50 : Long.MAX_VALUE;
      try {
        FrameSlot slot = journal.reserve(A);
        assertThat(slots.add(slot.segment() + "/" + slot.index())).isTrue();
        journal.append(JournalDriver.frame(slot, A, i, i, true, 100));
      } catch (TransientException e) {
        assertThat(e.problem().code()).isEqualTo(ErrorCode.JOURNAL_WRITE_FAILED);
      }
    }
    files.room = Long.MAX_VALUE;
    journal.sync(300);
    assertThat(driver.positions(A)).hasSize(160);
  }

  @Test
  void aFullDiskGetsRoomByAcknowledgingAlone() {
    RelayLimits small = new RelayLimits(1 << 20, 1 << 20, 4096);
    MemorySegmentFiles disk = new MemorySegmentFiles();
    JournalDriver full = JournalDriver.open(disk, small);
    for (int i = 1; i <= 30; i++) {
      full.append(A, i, 1000);
      full.journal.sync(i + 1);
    }
    disk.room = 0;
    isTransient(ErrorCode.JOURNAL_WRITE_FAILED, () -> full.append(A, 31, 1000));
    int before = disk.list().size();
    full.journal.acknowledge(A, 29);
    assertThat(disk.list().size()).isLessThan(before).isLessThan(4);
    assertThat(full.positions(A, 29)).containsExactly(30L);
  }

  @Test
  void aSyncThatTheDiskDidNotConfirmGivesEverythingSinceTheLastOneUp() {
    driver.append(A, 1, 100);
    journal.sync(2);
    driver.append(A, 2, 100);
    files.failingForces = 1;
    isTransient(ErrorCode.JOURNAL_SYNC_FAILED, () -> journal.sync(3));
    isTransient(ErrorCode.JOURNAL_SYNC_FAILED, () -> journal.sync(3));
    isTransient(ErrorCode.JOURNAL_SYNC_FAILED, () -> journal.reserve(A));
    assertThat(driver.positions(A)).containsExactly(1L);

    assertThat(journal.rewind()).isEqualTo(2);
    driver.append(A, 2, 100);
    journal.sync(3);
    assertThat(driver.positions(A)).containsExactly(1L, 2L);
    assertThat(JournalDriver.open(files.losePower(new Random(5)), ROOMY).positions(A)).containsExactly(1L, 2L);
  }

  @Test
  void aRewindThatFailsIsTriedAgain() {
    driver.append(A, 1, 100);
    journal.sync(2);
    driver.append(A, 2, 100);
    files.failingForces = 2;
    isTransient(ErrorCode.JOURNAL_SYNC_FAILED, () -> journal.sync(3));
    isTransient(ErrorCode.JOURNAL_WRITE_FAILED, journal::rewind);
    isTransient(ErrorCode.JOURNAL_SYNC_FAILED, () -> journal.reserve(A));
    assertThat(journal.rewind()).isEqualTo(2);
    driver.append(A, 2, 100);
    journal.sync(3);
    assertThat(driver.positions(A)).containsExactly(1L, 2L);
  }

  @Test
  void aForceThatFailsWhenASegmentIsFullIsASyncThatFailed() {
    RelayLimits small = new RelayLimits(1 << 20, 1 << 20, 4096);
    MemorySegmentFiles disk = new MemorySegmentFiles();
    JournalDriver rolling = JournalDriver.open(disk, small);
    rolling.append(A, 1, 5000);
    disk.failingForces = 1;
    isTransient(ErrorCode.JOURNAL_SYNC_FAILED, () -> rolling.append(A, 2, 1000));
    assertThat(rolling.journal.rewind()).isZero();
    rolling.append(A, 1, 5000);
    rolling.append(A, 2, 1000);
    rolling.journal.sync(3);
    assertThat(rolling.positions(A)).containsExactly(1L, 2L);
  }

  @Test
  void forgettingOnAFullDiskHoldsAndBecomesDurableWithTheNextSync() {
    driver.append(A, 1, 100);
    journal.sync(2);
    files.room = 0;
    isTransient(ErrorCode.JOURNAL_WRITE_FAILED, () -> journal.forget(A));
    assertThat(driver.positions(A)).isEmpty();
    isTransient(ErrorCode.JOURNAL_WRITE_FAILED, () -> journal.forget(A));
    files.room = Long.MAX_VALUE;
    journal.sync(3);
    assertThat(journal.forget(A)).isTrue();
    assertThat(JournalDriver.open(files.copy(), ROOMY).positions(A)).isEmpty();
  }
}
