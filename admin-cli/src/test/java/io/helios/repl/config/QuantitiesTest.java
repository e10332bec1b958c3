package io.helios.repl.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantitiesTest {

  @ParameterizedTest
  @CsvSource({"500ms,500", "5s,5000", "10m,600000", "24h,86400000", "7d,604800000", "0s,0"})
  void durationsAreReadAsWritten(String text, long millis) {
    assertThat(Durations.parse(text)).contains(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "s", "-5s", "5 s", "1.5s", "5sec", "99999999999s", "5S"})
  void whatIsNoDurationIsRefused(String text) {
    assertThat(Durations.parse(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"500ms", "5s", "10m", "24h", "1500ms", "90s"})
  void durationsAreWrittenTheShortWay(String text) {
    assertThat(Durations.format(Durations.parse(text).orElseThrow())).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"512B,512", "64KiB,65536", "8MiB,8388608", "20GiB,21474836480", "1TiB,1099511627776"})
  void sizesAreReadAndWritten(String text, long bytes) {
    assertThat(ByteSizes.parse(text)).contains(bytes);
    assertThat(ByteSizes.format(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "5GB", "5gib", "-1KiB", "1.5GiB", "999999999999TiB", "20 GiB"})
  void whatIsNoSizeIsRefused(String text) {
    assertThat(ByteSizes.parse(text)).isEmpty();
  }

  @Test
  void aSlipOfTheFingersFindsTheWordThatWasMeant() {
    List<String> known = List.of("tables", "tenancy", "reference-tables", "url");
    assertThat(Suggestion.nearest("tabels", known)).contains("tables");
    assertThat(Suggestion.nearest("referencetables", known)).contains("reference-tables");
    assertThat(Suggestion.nearest("ulr", known)).contains("url");
    assertThat(Suggestion.nearest("frobnicate", known)).isEmpty();
  }
}
