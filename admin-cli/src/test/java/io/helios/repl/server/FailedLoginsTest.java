package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class FailedLoginsTest {

  private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
  private final AtomicLong nanos = new AtomicLong();
  private final FailedLogins logins = new FailedLogins((address, detail) -> lines.add(address + ": " + detail), nanos::get);

  @Test
  void theFirstIsToldAtOnceAndTheNextOnesTogetherAMinuteLater() {
    logins.add("10.0.0.1");
    assertThat(lines).containsExactly("10.0.0.1: 1 wrong token, by address: 10.0.0.1 1");
    logins.add("10.0.0.1");
    logins.add("10.0.0.1");
    logins.add("10.0.0.2");
    assertThat(lines).hasSize(1);
    nanos.addAndGet(FailedLogins.EVERY_MILLIS * 1_000_000);
    logins.add("10.0.0.1");
    assertThat(lines).last().isEqualTo("2 addresses: 4 wrong tokens, by address: 10.0.0.1 3, 10.0.0.2 1");
    logins.close();
    assertThat(lines).hasSize(2);
  }

  @Test
  void nobodyMakesALineLongOrLinesMany() {
    for (int i = 0; i < 100_000; i++) {
      logins.add("10.0." + i / 250 + "." + i % 250);
    }
    logins.close();
    assertThat(lines).hasSize(2);
    assertThat(lines.getLast()).startsWith("1000 or more addresses: 99999 wrong tokens").endsWith(", …").hasSizeLessThan(300);
  }

  @Test
  void whatWaitsIsWrittenAtTheEnd() {
    logins.add("::1");
    logins.add("::1");
    logins.close();
    assertThat(lines).containsExactly("::1: 1 wrong token, by address: ::1 1", "::1: 1 wrong token, by address: ::1 1");
  }
}
