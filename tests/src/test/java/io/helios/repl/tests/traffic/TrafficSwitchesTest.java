package io.helios.repl.tests.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.migration.traffic.HomeAddress;
import io.helios.repl.migration.traffic.TrafficMove;
import io.helios.repl.migration.traffic.TrafficPhase;
import io.helios.repl.migration.traffic.TrafficSettings;
import io.helios.repl.migration.traffic.TrafficStep;
import io.helios.repl.migration.traffic.TrafficSwitches;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several of them at once: programs that note when they were called, of which some fail. */
class TrafficSwitchesTest {

  private static final Duration WITHIN = Duration.ofSeconds(20);
  private static final TrafficMove MOVE =
      new TrafficMove("acme", "1", 2, new HomeAddress("a", "a", "ha", 1, "a"), new HomeAddress("b", "b", "hb", 2, "b"));

  @TempDir Path directory;
  private Path notes;

  @BeforeEach
  void start() throws Exception {
    notes = Files.createFile(directory.resolve("notes"));
  }

  /** @param failing in which phases it fails */
  private TrafficSettings program(String name, String... failing) throws Exception {
    Path program = Files.writeString(
        directory.resolve(name),
        "#!/bin/sh\necho \"" + name + " $1\" >> " + notes + "\n"
            + String.join("", List.of(failing).stream().map(phase -> "[ $1 = " + phase + " ] && exit 1\n").toList()) + "exit 0\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    return new TrafficSettings.Command(List.of(program.toString()), WITHIN, Map.of());
  }

  private List<String> noted() throws Exception {
    List<String> lines = Files.readAllLines(notes);
    Files.writeString(notes, "");
    return lines;
  }

  @Test
  void allAreAskedEachIsTimedAndChangesComeInTheirOrder() throws Exception {
    try (TrafficSwitches switches = TrafficSwitches.of(List.of(program("one"), program("two"), program("three")))) {
      assertThat(switches.pause(MOVE, WITHIN)).extracting(TrafficStep::name).containsExactly("command one", "command two", "command three");
      assertThat(noted()).containsExactlyInAnyOrder("one pause", "two pause", "three pause");
      assertThat(switches.change(MOVE)).allMatch(step -> step.phase() == TrafficPhase.CHANGE && step.millis() > 0);
      assertThat(noted()).containsExactly("one change", "two change", "three change");
      switches.resume(MOVE);
      assertThat(noted()).containsExactlyInAnyOrder("one resume", "two resume", "three resume");
    }
  }

  @Test
  void whoHasPausedIsResumedWhenAnotherCannot() throws Exception {
    try (TrafficSwitches switches = TrafficSwitches.of(List.of(program("one"), program("two", "pause"), program("three")))) {
      assertThatThrownBy(() -> switches.pause(MOVE, WITHIN))
          .asInstanceOf(type(OperatorException.class))
          .extracting(e -> e.problem().code())
          .isEqualTo(ErrorCode.TRAFFIC_COMMAND_FAILED);
      assertThat(noted()).contains("one pause", "two pause", "three pause", "one resume", "two resume", "three resume").hasSize(6);
    }
  }

  @Test
  void aChangeThatFailsKeepsNoOtherFromItsOwn() throws Exception {
    try (TrafficSwitches switches = TrafficSwitches.of(List.of(program("one", "change"), program("two", "change", "resume"), program("three")))) {
      assertThatThrownBy(() -> switches.change(MOVE)).satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
      assertThat(noted()).containsExactly("one change", "two change", "three change");
      assertThatThrownBy(() -> switches.resume(MOVE)).isInstanceOf(OperatorException.class);
      assertThat(noted()).containsExactlyInAnyOrder("one resume", "two resume", "three resume");
    }
  }

  @Test
  void findingsAndTimesOfAllAreTogether() throws Exception {
    List<TrafficSettings> settings = new ArrayList<>(List.of(program("one", "check"), program("two")));
    settings.add(new TrafficSettings.Command(List.of(directory.resolve("missing").toString()), WITHIN, Map.of()));
    try (TrafficSwitches switches = TrafficSwitches.of(settings)) {
      assertThat(switches.check(MOVE)).satisfies(check -> {
        assertThat(check.isSound()).isFalse();
        assertThat(check.findings()).hasSize(2);
        assertThat(check.steps()).hasSize(3);
      });
    }
  }

  @Test
  void noneIsQuickAndSound() {
    try (TrafficSwitches none = TrafficSwitches.of(List.of())) {
      assertThat(none.check(MOVE).isSound()).isTrue();
      assertThat(none.pause(MOVE, WITHIN)).isEmpty();
      assertThat(none.change(MOVE)).isEmpty();
      assertThat(none.resume(MOVE)).isEmpty();
    }
  }
}
