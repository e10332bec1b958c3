package io.helios.repl.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TimelineHistoryTest {

  private static final String HISTORY =
      "1\t0/A000198\tno recovery target specified\n\n# a comment\n3\t1/B0000A0\tbefore 2026-01-01 00:00:00+00\n";

  @Test
  void anAncestorEndsWhereItsLineSays() {
    assertThat(TimelineHistory.end(HISTORY, 1)).contains(Lsn.parse("0/A000198"));
    assertThat(TimelineHistory.end(HISTORY, 3)).contains(Lsn.parse("1/B0000A0"));
  }

  @Test
  void whatIsNoAncestorHasNoLine() {
    assertThat(TimelineHistory.end(HISTORY, 2)).isEmpty();
    assertThat(TimelineHistory.end("", 1)).isEmpty();
  }
}
