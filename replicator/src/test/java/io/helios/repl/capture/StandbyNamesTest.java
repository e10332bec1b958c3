package io.helios.repl.capture;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StandbyNamesTest {

  @ParameterizedTest
  @ValueSource(strings = {
    "helios_shop", "HELIOS_Shop", "\"helios_shop\"", "FIRST 2 (other, helios_shop)", "ANY 3(a,\"helios_shop\" ,b)", "2 (helios_shop, b)",
    " any 1 ( helios_shop ) "
  })
  void isRequired(String setting) {
    StandbyNames names = StandbyNames.of(setting);
    assertThat(names.require("helios_shop")).isTrue();
    assertThat(names.name("helios_shop")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "*", "any 1 (*)", "other, helios_shop", "helios_shop, other", "FIRST 1 (other, helios_shop)", "first 1 (helios_shop, other)",
    "ANY 2 (a, helios_shop, b)", "2 (helios_shop, b, c)", "2 (helios_shop, *)"
  })
  void isNamedAndOthersAreEnough(String setting) {
    StandbyNames names = StandbyNames.of(setting);
    assertThat(names.name("helios_shop")).isTrue();
    assertThat(names.require("helios_shop")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "helios", "helios_shop2", "ANY 1 (a, b)", "\"helios_shop, b\"", "\"helios\"\"_shop\""})
  void isNotNamed(String setting) {
    StandbyNames names = StandbyNames.of(setting);
    assertThat(names.name("helios_shop")).isFalse();
    assertThat(names.require("helios_shop")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"helios_shop", "1st", "any", "first"})
  void whatIsWrittenIsRequired(String slot) {
    assertThat(StandbyNames.of(StandbyNames.written(slot)).require(slot)).isTrue();
  }
}
