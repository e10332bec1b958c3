package io.helios.repl.relay;

import static io.helios.repl.relay.JournalDriver.tenant;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class JournalQuotaTest {

  private static final UUID A = tenant(1);
  private static final UUID B = tenant(2);
  private static final UUID C = tenant(3);

  private final MemorySegmentFiles files = new MemorySegmentFiles();

  private static void isOverflowed(RelayJournal journal, UUID tenant) {
    assertThatThrownBy(() -> journal.fetch(tenant, 0, 0, 1000))
        .isInstanceOfSatisfying(
            OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.JOURNAL_OVERFLOW));
  }

  @Test
  void aTenantOverItsShareIsDroppedWholeAndTheOthersGoOn() throws InterruptedException {
    JournalDriver driver = JournalDriver.open(files, new RelayLimits(1 << 20, 10_000, 4096));
    RelayJournal journal = driver.journal;
    boolean taken = true;
    for (int i = 1; taken; i++) {
      taken = driver.append(A, i, 1000);
      assertThat(driver.append(B, i, 100)).isTrue();
      journal.sync(i + 1);
    }
    long mark = journal.arrivals(0, Duration.ZERO).mark();

    assertThat(journal.overflowed()).containsExactly(A);
    isOverflowed(journal, A);
    assertThat(driver.append(A, 100, 100)).isFalse();
    assertThat(driver.positions(B)).hasSize(9);
    assertThat(journal.backlog(A).frames()).isZero();
    assertThat(journal.oldestUnacknowledged()).isEqualTo(1);
    assertThat(journal.arrivals(mark - 5, Duration.ZERO).tenants()).as("who follows it is told").contains(A);
  }

  @Test
  void aDropSurvivesRestartsAndEndsWithForget() {
    RelayLimits limits = new RelayLimits(1 << 20, 5_000, 4096);
    JournalDriver driver = JournalDriver.open(files, limits);
    for (int i = 1; i <= 6; i++) {
      driver.append(A, i, 1000);
      driver.append(B, i, 16);
    }
    driver.journal.sync(7);

    for (int restart = 0; restart < 3; restart++) {
      driver = JournalDriver.open(restart == 0 ? files.copy() : files, limits);
      assertThat(driver.journal.overflowed()).containsExactly(A);
      isOverflowed(driver.journal, A);
      driver.append(B, 10 + restart, 4096 / 4);
      driver.journal.sync(11 + restart);
      driver.journal.close();
    }
    driver = JournalDriver.open(files, limits);
    driver.journal.forget(A);
    assertThat(driver.journal.overflowed()).isEmpty();
    assertThat(driver.append(A, 20, 100)).isTrue();
    driver.journal.sync(21);
    assertThat(driver.positions(A)).containsExactly(20L);
    driver.journal.close();
    assertThat(JournalDriver.open(files, limits).journal.overflowed()).isEmpty();
  }

  @Test
  void aTenantThatIsGivenUpIsRefusedLikeOneThatOutgrewItsShareAlsoAfterACrash() {
    RelayLimits limits = new RelayLimits(1 << 20, 1 << 20, 4096);
    JournalDriver driver = JournalDriver.open(files, limits);
    driver.append(A, 1, 100);
    driver.append(B, 1, 100);
    driver.journal.sync(2);
    driver.journal.drop(A);
    driver.journal.drop(C);

    driver = JournalDriver.open(files.copy(), limits);
    assertThat(driver.journal.overflowed()).containsExactlyInAnyOrder(A, C);
    isOverflowed(driver.journal, A);
    isOverflowed(driver.journal, C);
    assertThat(driver.append(C, 5, 100)).isFalse();
    assertThat(driver.positions(B)).containsExactly(1L);
  }

  @Test
  void aTransactionLargerThanTheShareIsDroppedInItsMiddleAndNothingOfItShows() {
    JournalDriver driver = JournalDriver.open(files, new RelayLimits(1 << 20, 20_000, 4096));
    RelayJournal journal = driver.journal;
    driver.append(B, 1, 100);
    for (int i = 0; i < 50; i++) {
      driver.append(A, 5, 5, i == 49, 1000);
    }
    driver.append(B, 5, 100);
    journal.sync(6);

    isOverflowed(journal, A);
    assertThat(driver.positions(B)).containsExactly(1L, 5L);
    driver.append(B, 7, 100);
    journal.sync(8);
    assertThat(driver.positions(B)).containsExactly(1L, 5L, 7L);
  }

  @Test
  void whenAllTogetherAreTooMuchThoseGoThatPinTheOldestSegments() {
    RelayLimits limits = new RelayLimits(64 << 10, 1 << 20, 4096);
    JournalDriver driver = JournalDriver.open(files, limits);
    RelayJournal journal = driver.journal;
    for (int i = 1; i <= 30; i++) {
      driver.append(C, i, 100);
      driver.append(A, i, 1000);
      journal.sync(i + 1);
    }
    journal.acknowledge(C, 30);
    for (int i = 31; i <= 200; i++) {
      driver.append(B, i, 1000);
      driver.append(C, i, 100);
      journal.sync(i + 1);
      journal.acknowledge(B, i - 2);
      journal.acknowledge(C, i - 2);
      assertThat(journal.bytes()).isLessThan(64 << 10);
    }
    assertThat(journal.overflowed()).as("nobody had to go: who keeps up is trimmed").isEmpty();

    for (int i = 201; i <= 300; i++) {
      driver.append(B, i, 1000);
      driver.append(C, i, 100);
      journal.sync(i + 1);
      journal.acknowledge(C, i);
      assertThat(journal.bytes()).isLessThan((64 << 10) + 2048);
    }
    assertThat(journal.overflowed()).containsExactlyInAnyOrder(A, B);
    driver.append(C, 301, 100);
    journal.sync(302);
    assertThat(driver.positions(C, 300)).containsExactly(301L);
  }

  @Test
  void whatWasAcknowledgedBeforeARestartDoesNotCountAgainstTheShare() {
    RelayLimits limits = new RelayLimits(16 << 20, 400_000, 4 << 20);
    JournalDriver driver = JournalDriver.open(files, limits);
    for (int i = 1; i <= 100; i++) {
      driver.append(A, i, 5_000);
      driver.journal.sync(i + 1);
      driver.journal.acknowledge(A, i);
    }
    driver = JournalDriver.open(files.copy(), limits); // killed, not closed

    assertThat(driver.journal.backlog(A).sealedBytes()).isLessThan(100_000);
    driver.journal.close();
  }
}
