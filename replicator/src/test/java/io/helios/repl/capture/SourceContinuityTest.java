package io.helios.repl.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.ReplicationSlot.SlotState;
import io.helios.repl.postgres.SourceIdentity;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SourceContinuityTest {

  private static final SourceIdentity KNOWN = new SourceIdentity(7, 1, "shop", new Lsn(50));

  @Test
  void theSameServerWithItsSlotBehindTheJournalGoesOn() {
    assertThat(SourceContinuity.gap(slot(100, null), server(7, 1, 300), KNOWN, new Lsn(200))).isEmpty();
    assertThat(SourceContinuity.gap(slot(200, null), server(7, 1, 200), KNOWN, new Lsn(200))).isEmpty();
  }

  @Test
  void anEmptyJournalTakesTheSlotWhereItStands() {
    assertThat(SourceContinuity.gap(slot(100, null), server(7, 1, 300), null, Lsn.INVALID)).isEmpty();
  }

  @Test
  void everyOtherServerSlotOrPositionIsAGap() {
    Lsn captured = new Lsn(200);
    assertCode(SourceContinuity.gap(slot(100, null), server(8, 1, 300), KNOWN, captured), ErrorCode.SOURCE_CHANGED);
    assertCode(SourceContinuity.gap(slot(100, null), server(7, 2, 300), KNOWN, captured), ErrorCode.SOURCE_CHANGED);
    assertCode(SourceContinuity.gap(slot(201, null), server(7, 1, 300), KNOWN, captured), ErrorCode.SOURCE_CHANGED);
    assertCode(SourceContinuity.gap(slot(100, null), server(7, 1, 199), KNOWN, captured), ErrorCode.SOURCE_CHANGED);
    assertCode(SourceContinuity.gap(slot(100, "rows_removed"), server(7, 1, 300), KNOWN, captured), ErrorCode.SLOT_LOST);
  }

  private static void assertCode(Optional<Problem> found, ErrorCode code) {
    assertThat(found).hasValueSatisfying(problem -> assertThat(problem.code()).isEqualTo(code));
  }

  private static SourceIdentity server(long system, int timeline, long lsn) {
    return new SourceIdentity(system, timeline, "shop", new Lsn(lsn));
  }

  private static SlotState slot(long confirmed, @Nullable String invalidation) {
    return new SlotState(
        "s", "pgoutput", "shop", false, false, null, new Lsn(confirmed), new Lsn(1), "reserved", invalidation, 0);
  }
}
