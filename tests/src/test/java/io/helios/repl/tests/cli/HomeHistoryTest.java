package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.tests.cli.HomeHistory.Increment;
import java.util.List;
import org.junit.jupiter.api.Test;

class HomeHistoryTest {

  private static HomeHistory of(Increment... all) {
    return new HomeHistory(List.of(all));
  }

  @Test
  void oneAfterTheOtherIsInOrderWhateverWasUnderWayTogether() {
    HomeHistory history =
        of(
            new Increment(0, 0, 10, 1), new Increment(0, 5, 30, 3), new Increment(0, 8, 20, 2), new Increment(0, 25, 40, 4),
            new Increment(0, 45, 200, -1), new Increment(1, 31, 60, 4), new Increment(1, 61, 70, 5));
    history.check();
    assertThat(history.lost()).as("its value was given anew").isEqualTo(1);
    assertThat(history.unknown()).isEqualTo(1);
    assertThat(history.nobodyWroteNanos()).isEqualTo(20);
  }

  @Test
  void aWriteAtTheOldHomeThatBeganWhenTheNewOneHadTakenOneIsFound() {
    assertThatThrownBy(() -> of(new Increment(1, 0, 10, 1), new Increment(0, 11, 12, 9)).check()).hasMessageContaining("the old home");
    of(new Increment(1, 0, 10, 1), new Increment(0, 9, 12, 9)).check();
  }

  @Test
  void aWriteThatWasForgottenIsFound() {
    assertThatThrownBy(() -> of(new Increment(0, 0, 10, 1), new Increment(0, 20, 30, 1)).check()).hasMessageContaining("twice");
    assertThatThrownBy(() -> of(new Increment(1, 0, 10, 5), new Increment(1, 20, 30, 4)).check()).hasMessageContaining("smaller value");
  }
}
