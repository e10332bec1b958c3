package io.helios.repl.relay;

import static io.helios.repl.relay.JournalDriver.ROOMY;
import static io.helios.repl.relay.JournalDriver.tenant;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class JournalRecoveryTest {

  private static final UUID A = tenant(1);
  private static final UUID B = tenant(2);
  private static final RelayLimits SMALL = new RelayLimits(1 << 20, 1 << 20, 4096);

  private final MemorySegmentFiles files = new MemorySegmentFiles();

  /** Three syncs of two tenants in one segment; returns where each sync's mark ends. */
  private long[] threeSyncs() {
    JournalDriver driver = JournalDriver.open(files, ROOMY);
    long[] ends = new long[3];
    for (int i = 1; i <= 3; i++) {
      driver.append(A, i * 10L, i * 10L, false, 40);
      driver.append(A, i * 10L, i * 10L + 1, true, 60);
      driver.append(B, i * 10L, 80);
      driver.journal.sync(i * 10L + 5);
      ends[i - 1] = files.content(1).bytes.length;
    }
    return ends;
  }

  private static List<Long> positionsOfA(int syncs) {
    return List.of(10L, 11L, 20L, 21L, 30L, 31L).subList(0, 2 * syncs);
  }

  private MemorySegmentFiles cut(int length) {
    MemorySegmentFiles copy = files.copy();
    copy.content(1).bytes = Arrays.copyOf(copy.content(1).bytes, length);
    return copy;
  }

  @Test
  void aFileCutAtAnyByteIsRecoveredToItsLastMark() {
    long[] ends = threeSyncs();
    for (int length = 0; length <= ends[2]; length++) {
      int syncs = length >= ends[2] ? 3 : length >= ends[1] ? 2 : length >= ends[0] ? 1 : 0;
      MemorySegmentFiles torn = cut(length);
      JournalDriver driver = JournalDriver.open(torn, ROOMY);

      assertThat(driver.journal.capturedUpTo()).as("cut at %d", length).isEqualTo(syncs == 0 ? 0 : syncs * 10L + 5);
      assertThat(driver.positions(A)).isEqualTo(positionsOfA(syncs));
      assertThat(driver.positions(B)).hasSize(syncs);
      assertThat(driver.journal.reserve(A).sequence()).isEqualTo(2 * syncs + 1);
      if (length % 50 == 0) {
        driver.append(A, 100, 100);
        driver.journal.sync(101);
        assertThat(JournalDriver.open(torn.copy(), ROOMY).positions(A)).hasSize(2 * syncs + 1);
      }
    }
  }

  @Test
  void aTailThatGrewWithoutItsContentIsCutOff() {
    long[] ends = threeSyncs();
    for (int length = (int) ends[1]; length < ends[2]; length += 11) {
      MemorySegmentFiles torn = cut(length);
      torn.content(1).bytes = Arrays.copyOf(torn.content(1).bytes, (int) ends[2] + 4096);
      JournalDriver driver = JournalDriver.open(torn, ROOMY);
      assertThat(driver.positions(A)).isEqualTo(positionsOfA(2));
    }
  }

  @Test
  void whatWasAppendedAndNotSyncedIsGoneAfterACrash() {
    JournalDriver driver = JournalDriver.open(files, ROOMY);
    driver.append(A, 10, 100);
    driver.journal.sync(11);
    driver.append(A, 20, 100);
    driver.append(B, 20, 100);

    JournalDriver after = JournalDriver.open(files.copy(), ROOMY);
    assertThat(after.positions(A)).containsExactly(10L);
    assertThat(after.positions(B)).isEmpty();
    assertThat(after.journal.capturedUpTo()).isEqualTo(11);
  }

  @Test
  void aCrashDuringTheFirstSyncLeavesAnEmptyJournal() {
    JournalDriver driver = JournalDriver.open(files, ROOMY);
    driver.append(A, 10, 100);
    MemorySegmentFiles before = files.copy();
    driver.journal.sync(11);
    for (int bit = 0; bit < before.content(1).bytes.length * 8; bit += 5) { // the mark is there, something before it not yet
      MemorySegmentFiles torn = files.copy();
      torn.content(1).bytes[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(JournalDriver.open(torn, ROOMY).journal.capturedUpTo()).as("bit %d", bit).isZero();
    }
  }

  @Test
  void damageBeforeTheLastMarkIsNamedAndNeverCutOff() {
    long[] ends = threeSyncs();
    for (int at = 0; at < ends[1]; at++) {
      MemorySegmentFiles damaged = files.copy();
      damaged.content(1).bytes[at] ^= 0x10;
      int where = at;
      assertThatThrownBy(() -> RelayJournal.open(damaged, ROOMY))
          .as("damage at %d", where)
          .isInstanceOfSatisfying(
              CorruptionException.class,
              e -> {
                assertThat(e.problem().code()).isEqualTo(ErrorCode.JOURNAL_CORRUPT);
                assertThat(e.problem().message()).contains("memory-1");
              });
    }
  }

  @Test
  void damageWithinTheLastSyncCountsAsTornAndIsCutOffWhole() {
    long[] ends = threeSyncs();
    for (int at = (int) ends[1]; at < ends[2]; at++) {
      MemorySegmentFiles damaged = files.copy();
      damaged.content(1).bytes[at] ^= 0x10;
      JournalDriver driver = JournalDriver.open(damaged, ROOMY);
      assertThat(driver.positions(A)).as("damage at %d", at).isEqualTo(positionsOfA(2));
      assertThat(driver.journal.capturedUpTo()).isEqualTo(25);
    }
  }

  @Test
  void afterAnOrderlyCloseEveryDamageIsNamed() {
    JournalDriver driver = JournalDriver.open(files, ROOMY);
    driver.append(A, 10, 100);
    driver.journal.sync(11);
    driver.journal.close();
    int end = files.content(1).bytes.length - RecordFormat.MARK_BYTES;
    for (int at = 0; at < end; at++) {
      MemorySegmentFiles damaged = files.copy();
      damaged.content(1).bytes[at] ^= 0x10;
      assertThatThrownBy(() -> RelayJournal.open(damaged, ROOMY)).isInstanceOf(CorruptionException.class);
    }
  }

  @Test
  void aHugeTransactionOverSeveralSegmentsIsCutOffWhole() {
    JournalDriver driver = JournalDriver.open(files, SMALL);
    driver.append(A, 10, 100);
    driver.journal.sync(11);
    for (int i = 0; i < 20; i++) {
      driver.append(A, 20, 20, false, 1000);
    }
    assertThat(files.list().size()).isGreaterThan(3);

    MemorySegmentFiles after = files.copy();
    JournalDriver recovered = JournalDriver.open(after, SMALL);
    assertThat(recovered.positions(A)).containsExactly(10L);
    assertThat(after.list()).containsExactly(1L);
    assertThat(recovered.journal.reserve(A).segment()).as("never an id again").isGreaterThan(files.list().getLast());
  }

  @Test
  void damageInAnOlderSegmentIsNamedAtOpeningOrWhenItIsRead() {
    JournalDriver driver = JournalDriver.open(files, SMALL);
    for (int i = 1; i <= 20; i++) {
      driver.append(A, i, 1000);
      driver.journal.sync(i + 1);
    }
    Random random = new Random(3);
    int length = files.content(2).bytes.length;
    for (int i = 0; i < 300; i++) {
      MemorySegmentFiles damaged = files.copy();
      damaged.content(2).bytes[random.nextInt(length)] ^= (byte) (1 << random.nextInt(8));
      assertThatThrownBy(() -> JournalDriver.open(damaged, SMALL).positions(A))
          .isInstanceOfSatisfying(
              CorruptionException.class,
              e -> assertThat(e.problem().message()).contains("memory-2").containsPattern("offset \\d+"));
    }
  }

  @Test
  void aSegmentThatSomebodyRemovedIsAGapForWhoLacksIt() {
    JournalDriver driver = JournalDriver.open(files, SMALL);
    for (int i = 1; i <= 20; i++) {
      driver.append(A, i, 1000);
      driver.journal.sync(i + 1);
    }
    MemorySegmentFiles missing = files.copy();
    missing.delete(2);
    JournalDriver recovered = JournalDriver.open(missing, SMALL);
    assertThatThrownBy(() -> recovered.positions(A)).isInstanceOf(OperatorException.class);
    assertThat(recovered.positions(A, 18)).containsExactly(19L, 20L);
  }

  @Test
  void anotherVersionsJournalIsRefusedByName() {
    threeSyncs();
    byte[] bytes = files.content(1).bytes;
    bytes[11] = 9;
    java.nio.ByteBuffer.wrap(bytes)
        .putInt(Segment.HEADER_BYTES - 4, RecordFormat.crc(bytes, 0, Segment.HEADER_BYTES - 4));
    assertThatThrownBy(() -> RelayJournal.open(files, ROOMY))
        .isInstanceOfSatisfying(
            OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.JOURNAL_VERSION));
  }

  @Test
  void bytesOfAnyKindGiveErrorsOfTheFamilyAndNothingElse() {
    JournalDriver driver = JournalDriver.open(files, SMALL);
    for (int i = 1; i <= 12; i++) {
      driver.append(A, i, 300);
      driver.append(B, i, 600);
      driver.journal.sync(i + 1);
      driver.journal.acknowledge(A, i - 3);
    }
    driver.journal.forget(B);
    Random random = new Random(11);
    int opened = 0;
    for (int i = 0; i < 3000; i++) {
      MemorySegmentFiles mutated = files.copy();
      for (int k = random.nextInt(1, 4); k > 0; k--) {
        mutate(mutated, random);
      }
      try {
        JournalDriver read = JournalDriver.open(mutated, SMALL);
        opened++;
        for (UUID tenant : read.journal.tenants()) {
          read.positions(tenant, read.journal.oldestUnacknowledged() - 1);
        }
        read.append(A, 1000, 100);
        read.journal.sync(1001);
      } catch (HeliosException expected) {
        assertThat(expected.problem().code().id()).startsWith("HR-400");
      }
    }
    assertThat(opened).isPositive();
  }

  private static void mutate(MemorySegmentFiles files, Random random) {
    List<Long> ids = files.list();
    MemorySegmentFiles.Content content = files.content(ids.get(random.nextInt(ids.size())));
    int length = content.bytes.length;
    if (length == 0) {
      return;
    }
    int at = random.nextInt(length);
    switch (random.nextInt(5)) {
      case 0 -> content.bytes = Arrays.copyOf(content.bytes, at);
      case 1 -> content.bytes[at] = (byte) random.nextInt();
      case 2 -> Arrays.fill(content.bytes, at, Math.min(length, at + random.nextInt(600)), (byte) 0);
      case 3 -> System.arraycopy(content.bytes, random.nextInt(at + 1), content.bytes, at, (length - at) / 2);
      default -> content.bytes = Arrays.copyOf(content.bytes, length + random.nextInt(100));
    }
  }
}
