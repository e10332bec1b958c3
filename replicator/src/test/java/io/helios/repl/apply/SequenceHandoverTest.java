package io.helios.repl.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.change.CutoverMarker.Sequence;
import org.junit.jupiter.api.Test;

/** From where a sequence goes on at the new home. */
class SequenceHandoverTest {

  private static long next(boolean drawn, long here, long there, long increment) {
    Sequence sequence = new Sequence("public", "ids", "public", "orders", "id", there, true, increment);
    return SequenceHandover.next(drawn, here, sequence, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  @Test
  void whereNobodyHasDrawnItGoesOnExactlyBehindTheOldHome() {
    assertThat(next(false, 0, 500, 1)).isEqualTo(500);
    assertThat(next(false, 0, -500, -3)).isEqualTo(-500);
  }

  @Test
  void whatIsFurtherAlreadyStaysInEitherDirection() {
    assertThat(next(true, 501, 500, 1)).isEqualTo(501);
    assertThat(next(true, 500, 500, 1)).isEqualTo(500);
    assertThat(next(true, -501, -500, -1)).isEqualTo(-501);
  }

  @Test
  void whereOthersDrawItIsMovedWithRoomForThem() {
    assertThat(next(true, 10, 500, 1)).isEqualTo(600);
    assertThat(next(true, -10, -500, -3)).isEqualTo(-800);
  }

  @Test
  void itNeverLeavesItsRange() {
    assertThat(next(true, 10, Integer.MAX_VALUE - 5, 1)).isEqualTo(Integer.MAX_VALUE);
    Sequence huge = new Sequence("public", "ids", "public", "orders", "id", Long.MAX_VALUE - 1, true, 1);
    assertThat(SequenceHandover.next(true, 1, huge, 1, Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
  }
}
