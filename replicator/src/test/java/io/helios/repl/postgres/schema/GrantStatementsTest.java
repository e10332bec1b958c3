package io.helios.repl.postgres.schema;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GrantStatementsTest {

  @Test
  void semicolonsInNamesEndNothing() {
    assertThat(GrantStatements.of(
            "REVOKE ALL ON TABLE s.\"a;\nGRANT \"\"x;\" FROM PUBLIC;\nGRANT SELECT ON TABLE s.t TO \"r;\";\n"))
        .containsExactly(
            "REVOKE ALL ON TABLE s.\"a;\nGRANT \"\"x;\" FROM PUBLIC", "GRANT SELECT ON TABLE s.t TO \"r;\"");
  }

  @Test
  void nobodyElsesSessionIsTaken() {
    assertThat(GrantStatements.of(
            "SET SESSION AUTHORIZATION boss;\nGRANT ALL ON TABLE s.t TO r;\nRESET SESSION AUTHORIZATION;\nDROP TABLE x"))
        .containsExactly("GRANT ALL ON TABLE s.t TO r");
  }
}
