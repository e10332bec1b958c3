package io.helios.repl.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.status.TenantState;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Single interleavings of the cutover, each with its two databases simulated and nothing left to chance. */
class CutoverTest {

  private final SimulatedWorld world = new SimulatedWorld(1);
  private final SimulatedHistory history =
      new SimulatedHistory(world, MigrationOptions.DEFAULT.withRetries(3, Duration.ofMillis(200)));

  private Migration ready() {
    history.ask(Wish.NONE);
    for (int i = 0; i < 6; i++) {
      history.turn(Duration.ofMillis(300));
    }
    assertThat(history.migration().state()).isEqualTo(MigrationState.READY);
    return history.migration();
  }

  @Test
  void theStepsAreTakenInTheirOrder() {
    ready();
    int before = world.calls.size();
    history.ask(Wish.CUTOVER);
    history.turn(Duration.ofMillis(10));
    assertThat(world.calls.subList(before, world.calls.size()).stream().filter(c -> c.startsWith("after")).toList())
        .containsExactly(
            "after journal note", "after journal ready to cutting-over", "after traffic.pause", "after fence",
            "after awaitPromoted", "after traffic.change", "after traffic.resume", "after journal note", "after turn",
            "after journal cutting-over to switched");
    CutoverReport report = Objects.requireNonNull(history.migration().there());
    assertThat(report.exact()).isTrue();
    assertThat(report.pauseMillis()).isBetween(0.0, 100.0);
    assertThat(world.stored().source()).isEqualTo("west");
    assertThat(world.stored().epoch()).isEqualTo(2);
  }

  @Test
  void aCutWireKeepsTheTenantClosedAndVisibleUntilTheTargetAnswers() {
    ready();
    world.steadyWire = true;
    world.wireHealsAfter = Duration.ofSeconds(30);
    world.onNote =
        m -> {
          if (!world.wire && m.error() != null) {
            assertThat(m.state()).isEqualTo(MigrationState.CUTTING_OVER);
            assertThat(m.error().code()).isEqualTo(ErrorCode.CUTOVER_UNANSWERED);
            assertThat(MigrationDriver.shown(m)).isEqualTo(TenantState.FENCED);
            assertThat(world.east.writable() || world.west.writable()).as("open somewhere").isFalse();
            seen = m;
          }
        };
    world.wireCutAt = "after fence";
    history.ask(Wish.CUTOVER);
    history.turn(Duration.ofMillis(10));
    assertThat(seen).as("it was shown").isNotNull();
    history.settle();
    assertThat(history.migration().state()).isEqualTo(MigrationState.SWITCHED);
  }

  private @Nullable Migration seen;

  @Test
  void aWriterThatHoldsOnUndoesItAndTheNextEpochIsAboveTheRefusedOne() {
    ready();
    world.east.writerUntilNanos = world.nanos() + Duration.ofMillis(400).toNanos();
    history.ask(Wish.CUTOVER);
    history.turn(Duration.ofMillis(10));
    assertThat(history.migration().state()).isEqualTo(MigrationState.READY);
    assertThat(history.migration().wish()).as("tried again by policy").isEqualTo(Wish.CUTOVER);
    assertThat(world.east.writable()).isTrue();
    assertThat(world.west.refused).isEqualTo(2);
    history.settle();
    assertThat(history.migration().state()).isEqualTo(MigrationState.SWITCHED);
    assertThat(world.stored().epoch()).isGreaterThan(2);
  }

  @Test
  void aMarkerThatComesTooLateChangesNothing() {
    ready();
    world.stalled = true;
    history.ask(Wish.CUTOVER);
    history.turn(Duration.ofMillis(10));
    assertThat(history.migration().state()).isEqualTo(MigrationState.READY);
    assertThat(history.migration().error()).isNotNull();
    world.stalled = false;
    world.pass(Duration.ofSeconds(2));
    assertThat(world.west.primary).as("the marker of the refused epoch has arrived").isFalse();
    assertThat(List.of(world.east.writable(), world.west.writable())).containsExactly(true, false);
  }
}
