package io.helios.repl.tui.screen;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.tui.fleet.Objective;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers in few columns. */
class FiguresTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0.00s", "0.21, 0.21s", "0.994, 0.99s", "0.996, 1.0s", "12.4, 12.4s", "99.94, 99.9s", "99.96, 1m40s", "304, 5m04s",
    "3599.7, 1h00m", "359999, 99h59m", "360000, 4d04h", "9000000, 104d"
  })
  void lag(double seconds, String text) {
    assertThat(Figures.seconds(seconds)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0B", "999, 999B", "1000, 1.0KiB", "41984, 41KiB", "2254857830, 2.1GiB", "1048575, 1.0MiB", "1023410000, 976MiB", "1048000000, 999MiB",
    "1073741824, 1.0GiB"
  })
  void sizes(long bytes, String text) {
    assertThat(Figures.bytes(Long.valueOf(bytes))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "0.3, 0.3", "3, 3", "12.4, 12", "999.4, 999", "999.6, 1.0k", "18200, 18k", "9960, 10k", "999600, 1.0M", "41000000, 41M"})
  void rates(double perSecond, String text) {
    assertThat(Figures.rate(perSecond)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.999, 9.9949, 99.949, 99.95, 3599.5, 360000, 8639999, 1e9})
  void nothingIsWiderThanItsColumn(double value) {
    assertThat(Figures.seconds(value)).hasSizeLessThanOrEqualTo(6);
    assertThat(Figures.bytes(value * 1e6)).hasSizeLessThanOrEqualTo(6);
    assertThat(Figures.rate(value)).hasSizeLessThanOrEqualTo(6);
  }

  @Test
  void whatTakesHardlyAnyTimeDoesNotTakeNone() {
    assertThat(Figures.millis(0.004)).isEqualTo("<0.1ms");
    assertThat(Figures.millis(0.0)).isEqualTo("0.0ms");
    assertThat(Figures.millis(1900.0)).isEqualTo("1.9s");
  }

  @Test
  void aBudgetIsNeverRoundedUp() {
    assertThat(Figures.budget(new Objective(3600, 1, 0.99, 0.999, 0))).isEqualTo("99%");
    assertThat(Figures.budget(new Objective(3600, 1, 0.99, 1, 0))).isEqualTo("100%");
    assertThat(Figures.budget(new Objective(3600, 0.9, 0.99, -0.211, 7))).isEqualTo("-22%");
    assertThat(Figures.budget(new Objective(3600, 0, 0.99, -99, 100))).isEqualTo("-999%");
    assertThat(Figures.budget(null)).isEqualTo("-");
  }

  @Test
  void whatLiesInTheFutureIsNow() {
    assertThat(Figures.since(Instant.EPOCH.plusSeconds(5), Instant.EPOCH)).isEqualTo("0s");
    assertThat(Figures.since(Instant.EPOCH, Instant.EPOCH.plusSeconds(7200))).isEqualTo("2h");
  }

  @Test
  void aPeakIsNotLostInANarrowLine() {
    float[] samples = new float[120];
    samples[61] = 7;
    assertThat(Sparkline.squeeze(samples, 8)).contains(7f);
    assertThat(Sparkline.squeeze(new float[] {1, Float.NaN}, 4)).containsExactly(1f, 1f, Float.NaN, Float.NaN);
  }

  @ParameterizedTest
  @CsvSource({"us-east-1, use1", "eu-central-1, euc1", "ap-southeast-2, apse2", "us-gov-west-1, usw1", "frankfurt, frankfurt"})
  void regionsAreShortened(String region, String text) {
    assertThat(Route.abbreviated(region)).isEqualTo(text);
  }

  @Test
  void textIsCutByColumnsAndTheMiddleOfNamesGoesFirst() {
    assertThat(Text.cut("東京本社", 5, "…")).isEqualTo("東京…");
    assertThat(Text.width(Text.cut("東京本社", 6, "…"))).isLessThanOrEqualTo(6);
    assertThat(Text.cutMiddle("customer-of-the-year-0042", 12, "…")).isEqualTo("custom…-0042").hasSize(12);
    assertThat(Text.clean("a\u0301\u0007\uD83D\uDE00\u202E", true)).isEqualTo("á ?");
  }
}
