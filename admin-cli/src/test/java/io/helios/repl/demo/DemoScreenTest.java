package io.helios.repl.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DemoScreenTest {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  @Test
  void elsewhereThanOnATerminalEachCopyIsOnePlainLine() {
    try (DemoScreen screen = screen(new Terminal(false, false, false, 80, 24))) {
      screen.heading("Copying");
      screen.copying(List.of(status("aster-books", TenantState.COPYING, 10, 0.0)));
      screen.copying(List.of(status("aster-books", TenantState.STREAMING, 2500, 0.0)));
      screen.copying(List.of(status("aster-books", TenantState.STREAMING, 2500, 0.0)));
    }
    assertThat(printed()).isEqualTo("Copying\n  aster-books            2,500 rows copied\n");
  }

  @Test
  void elsewhereThanOnATerminalTheLiveTableIsOneLine() {
    try (DemoScreen screen = screen(new Terminal(false, false, true, 80, 24))) {
      screen.live(
          List.of(status("a", TenantState.STREAMING, 1, 0.004), status("b", TenantState.STREAMING, 1, 1.25)),
          "7 transactions");
    }
    assertThat(printed()).isEqualTo("  7 transactions; 2 tenants, furthest behind 1.3 s\n");
  }

  @Test
  void aTerminalThatTakesNoColourAndNoUnicodeGetsNeither() {
    try (DemoScreen screen = screen(new Terminal(true, false, false, 80, 24))) {
      screen.heading("Copying …");
      screen.copying(List.of(status("aster-books", TenantState.COPYING, 500, 0.0)));
    }
    assertThat(printed())
        .contains("############............")
        .doesNotContainPattern("\u001b\\[[0-9;]*m")
        .containsPattern("^\\p{ASCII}*$");
  }

  @Test
  void aPictureIsDrawnOverTheLastOneAndTheCursorComesBack() {
    try (DemoScreen screen = screen(new Terminal(true, true, true, 80, 24))) {
      screen.live(List.of(status("a", TenantState.STREAMING, 1, 0.0)), "first");
      screen.live(List.of(status("a", TenantState.STREAMING, 1, 0.0)), "second");
    }
    assertThat(printed()).contains("\u001b[3A").startsWith("\u001b[?25l").endsWith("\u001b[?25h");
  }

  @Test
  void aPictureNeverScrollsNorWraps() {
    List<TenantStatus> many =
        IntStream.range(0, 100).mapToObj(i -> status("tenant-" + i, TenantState.STREAMING, 1, 9.0)).toList();
    try (DemoScreen screen = screen(new Terminal(true, true, true, 50, 24))) {
      screen.live(many, "the total");
    }
    List<String> lines = printed().replaceAll("\u001b\\[[?0-9;]*[A-Za-z]", "").replace("\r", "").lines().toList();
    assertThat(lines)
        .hasSizeLessThan(24)
        .allMatch(line -> line.length() < 50)
        .endsWith("  the total")
        .contains("  87 more");
  }

  @Test
  void percentilesAreOfTheSamplesThatAreKnown() {
    LagSamples lag = new LagSamples();
    assertThat(lag.text()).isEqualTo("unknown");
    for (int i = 1; i <= 100; i++) {
      lag.add(List.of(status("a", TenantState.STREAMING, 1, i / 1000.0), status("b", TenantState.COPYING, 1, null)));
    }
    assertThat(lag.text()).isEqualTo("p50 50 ms, p99 99 ms, worst 100 ms");
  }

  private DemoScreen screen(Terminal terminal) {
    return new DemoScreen(new PrintStream(bytes, true, UTF_8), terminal);
  }

  private String printed() {
    return bytes.toString(UTF_8);
  }

  private static TenantStatus status(
      String tenant, TenantState state, long rows, @org.jspecify.annotations.Nullable Double lag) {
    return new TenantStatus(
        tenant,
        state,
        "shop",
        "copy",
        "standard",
        1,
        lag,
        0L,
        5,
        12,
        new Lsn(77),
        new Lsn(77),
        new TenantStatus.CopyProgress(4, 0, rows, rows, 1000, 1000, null),
        0,
        0,
        0,
        Instant.EPOCH,
        null,
        null,
        null,
        null,
        null);
  }
}
