package io.helios.repl.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How much WAL a slot may hold back before somebody is told. */
class HeldBackTest {

  private static final long MIB = 1L << 20;
  private static final long BUDGET = 1L << 30;
  private static final Pattern SIZE = Pattern.compile("ALTER SYSTEM SET max_slot_wal_keep_size = '(\\d+)GB';\nSELECT pg_reload_conf\\(\\);");

  /** Bytes held back and the limit, in MiB. */
  @ParameterizedTest
  @CsvSource({"800, 1000, false, WARN", "1100, 1000, true, ERROR", "49000, 64000, false, WARN", "60, 64, false, WARN", "3000, 1000, true, ERROR"})
  void aSlotThatIsNearlyLostIsFoundAndTheLimitOfItsHintIsEnough(long held, long limit, boolean unreserved, Severity severity) {
    Finding found = held(held, limit, unreserved).finding("slot", BUDGET).orElseThrow();

    assertThat(found.severity()).isEqualTo(severity);
    assertThat(found.message()).startsWith("slot holds back " + held + " MiB of WAL, and " + Math.max(0, limit - held) + " MiB more");
    Matcher size = SIZE.matcher(found.hint());
    assertThat(size.matches()).as(found.hint()).isTrue();
    assertThat(held(held, Long.parseLong(size.group(1)) * 1024, false).finding("slot", 100 * BUDGET)).isEmpty();
  }

  @Test
  void withoutALimitTheBudgetIsTheMeasure() {
    HeldBack much = new HeldBack(3 * BUDGET, -MIB, null, false);

    assertThat(much.finding("slot", BUDGET)).get().satisfies(f -> {
      assertThat(f.severity()).isEqualTo(Severity.WARN);
      assertThat(f.message()).isEqualTo("slot holds back 3072 MiB of WAL, relay.wal-budget is 1024 MiB");
    });
    assertThat(much.finding("slot", 2 * BUDGET)).isEmpty();
    assertThat(new HeldBack(BUDGET, -MIB, null, false).finding("slot", MIB)).as("a gibibyte is never much").isEmpty();
  }

  @Test
  void aSlotWithRoomIsNoFinding() {
    assertThat(held(700, 1000, false).finding("slot", BUDGET)).isEmpty();
  }

  private static HeldBack held(long mebibytes, long limit, boolean unreserved) {
    return new HeldBack(mebibytes * MIB, limit * MIB, (limit - mebibytes) * MIB, unreserved);
  }
}
