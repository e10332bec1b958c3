package io.helios.repl.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.capture.SourceContinuity.Gap;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.ReplicationSlot.SlotState;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.relay.Provenance;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SourceContinuityTest {

  /** The journal goes to 200; the last transaction before that stood at 180. */
  private static final Lsn HELD = new Lsn(200);

  private static final Provenance KNOWN = new Provenance(7, 1, 180, 5, 9);

  @Test
  void theSameServerWithItsSlotWhereItWasLeftGoesOn() {
    assertThat(gap(slot(100), server(7, 1, 300))).isEmpty();
    assertThat(gap(slot(180), server(7, 1, 200))).isEmpty();
  }

  @Test
  void anEmptyJournalTakesTheSlotWhereItStands() {
    assertThat(SourceContinuity.gap("shop", slot(100), server(7, 1, 300), null, Provenance.UNKNOWN, Lsn.INVALID, 1000))
        .isEmpty();
  }

  @Test
  void aJournalWithoutATransactionAllowsTheSlotUpToItsEnd() {
    Provenance none = Provenance.of(7, 1);
    assertThat(SourceContinuity.gap("shop", slot(200), server(7, 1, 300), null, none, HELD, 1000)).isEmpty();
    assertGap(SourceContinuity.gap("shop", slot(201), server(7, 1, 300), null, none, HELD, 1000), ErrorCode.SLOT_MOVED, false);
  }

  @Test
  void whatTheWalBudgetForcedIsNoGap() {
    assertThat(SourceContinuity.gap("shop", slot(190), server(7, 1, 300), null, KNOWN, HELD, 10)).isEmpty();
    assertGap(
        SourceContinuity.gap("shop", slot(191), server(7, 1, 300), null, KNOWN, HELD, 10), ErrorCode.SLOT_MOVED, true);
  }

  @Test
  void everyOtherServerSlotOrPositionIsAGap() {
    assertGap(gap(slot(100), server(8, 1, 300)), ErrorCode.SOURCE_CHANGED, true);
    assertGap(gap(slot(201), server(7, 1, 300)), ErrorCode.SLOT_MOVED, false);
    assertGap(gap(slot(181), server(7, 1, 300)), ErrorCode.SLOT_MOVED, true);
    assertGap(gap(slot(100), server(7, 1, 199)), ErrorCode.SOURCE_WENT_BACK, true);
    assertGap(gap(lost("rows_removed"), server(7, 1, 300)), ErrorCode.SLOT_LOST, false);
  }

  @Test
  void aPromotedStandbyGoesOnWhenItHadTheLastTransactionThatWasCaptured() {
    assertThat(promoted(new Lsn(190), 250)).isEmpty();
    assertThat(promoted(new Lsn(181), 190)).as("what is beyond holds no transaction of ours").isEmpty();
    assertGap(promoted(new Lsn(180), 250), ErrorCode.TIMELINE_FORKED, true);
    assertGap(promoted(new Lsn(90), 250), ErrorCode.TIMELINE_FORKED, true);
    assertGap(promoted(null, 250), ErrorCode.TIMELINE_FORKED, true);
    Provenance none = Provenance.of(7, 1);
    assertThat(SourceContinuity.gap("shop", slot(100), server(7, 2, 300), new Lsn(200), none, HELD, 1000)).isEmpty();
    assertGap(
        SourceContinuity.gap("shop", slot(100), server(7, 2, 300), new Lsn(199), none, HELD, 1000),
        ErrorCode.TIMELINE_FORKED,
        true);
  }

  private static Optional<Gap> gap(SlotState slot, SourceIdentity now) {
    return SourceContinuity.gap("shop", slot, now, null, KNOWN, HELD, 1000);
  }

  private static Optional<Gap> promoted(@Nullable Lsn forkedAt, long end) {
    return SourceContinuity.gap("shop", slot(100), server(7, 2, end), forkedAt, KNOWN, HELD, 1000);
  }

  private static void assertGap(Optional<Gap> found, ErrorCode code, boolean otherHistory) {
    assertThat(found).hasValueSatisfying(gap -> {
      assertThat(gap.problem().code()).isEqualTo(code);
      assertThat(gap.otherHistory()).isEqualTo(otherHistory);
    });
  }

  private static SourceIdentity server(long system, int timeline, long lsn) {
    return new SourceIdentity(system, timeline, "shop", new Lsn(lsn));
  }

  private static SlotState slot(long confirmed) {
    return new SlotState(
        "s", "pgoutput", "shop", false, false, null, new Lsn(confirmed), new Lsn(1), "reserved", null, 0);
  }

  private static SlotState lost(String invalidation) {
    return new SlotState(
        "s", "pgoutput", "shop", false, false, null, new Lsn(100), new Lsn(1), "lost", invalidation, 0);
  }
}
