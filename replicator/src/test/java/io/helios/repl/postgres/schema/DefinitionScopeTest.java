package io.helios.repl.postgres.schema;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DefinitionScopeTest {

  @Test
  void aSchemaIsAPatternInWhichEverythingMeansItself() {
    assertThat(DefinitionScope.of("t_*.?\"$").arguments()).containsExactly("--strict-names", "--schema=\"t_*.?\"\"$\"");
  }

  @Test
  void whatIsNotAsciiIsLeftOpenSinceALocaleMayNotHaveIt() {
    assertThat(DefinitionScope.of("caf\u00e9\u00df_1").arguments()).last().isEqualTo("--schema=\"caf\"*\"_1\"");
    assertThat(DefinitionScope.of("caf\u00e9").takes("cafe")).isFalse();
  }

  @Test
  void aDatabaseIsTakenWithoutWhatIsOursOrPostgresOwn() {
    assertThat(DefinitionScope.DATABASE.takes("public")).isTrue();
    assertThat(DefinitionScope.DATABASE.takes("helios")).isFalse();
    assertThat(DefinitionScope.DATABASE.takes("pg_catalog")).isFalse();
    assertThat(DefinitionScope.DATABASE.takes("information_schema")).isFalse();
  }
}
