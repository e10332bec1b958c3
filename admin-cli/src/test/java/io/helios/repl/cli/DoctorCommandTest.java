package io.helios.repl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The doctor's sentences on a terminal. */
class DoctorCommandTest {

  @Test
  void longSentencesAreBrokenAtSpacesBelowTheirBeginning() {
    String why = "  why:  its rows are in another server, not in this WAL, and whoever reads the target finds nothing of them there at all";

    assertThat(DoctorCommand.broken(why, "        "))
        .isEqualTo(
            "  why:  its rows are in another server, not in this WAL, and whoever reads the\n"
                + "        target finds nothing of them there at all");
  }

  @Test
  void whatFitsOrHasNoSpaceStaysAsItIs() {
    assertThat(DoctorCommand.broken("a".repeat(80), "  ")).isEqualTo("a".repeat(80));
    assertThat(DoctorCommand.broken("  " + "a".repeat(90) + " b", "  ")).isEqualTo("  " + "a".repeat(90) + " b");
    assertThat(DoctorCommand.broken("x " + "a".repeat(90) + " b", "  ")).isEqualTo("x " + "a".repeat(90) + " b");
  }
}
