package io.helios.repl.capture;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StandbyNamesTest {

  @ParameterizedTest
  @ValueSource(strings = {
    "helios_shop", "HELIOS_Shop", "\"helios_shop\"", "other, helios_shop", "FIRST 1 (other, helios_shop)", "ANY 2(a,\"helios_shop\" ,b)",
    "2 (helios_shop, b)", "*", "any 1 (*)"
  })
  void isNamed(String setting) {
    assertThat(StandbyNames.name(setting, "helios_shop")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "helios", "helios_shop2", "ANY 1 (a, b)", "\"*\"", "\"helios_shop, b\"", "\"helios\"\"_shop\""})
  void isNotNamed(String setting) {
    assertThat(StandbyNames.name(setting, "helios_shop")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"helios_shop", "1st", "any", "first"})
  void whatIsWrittenNames(String slot) {
    assertThat(StandbyNames.name(StandbyNames.written(slot), slot)).isTrue();
  }
}
