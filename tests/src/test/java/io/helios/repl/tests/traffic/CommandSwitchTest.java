package io.helios.repl.tests.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import io.helios.repl.migration.traffic.HomeAddress;
import io.helios.repl.migration.traffic.SeenHome;
import io.helios.repl.migration.traffic.TrafficMove;
import io.helios.repl.migration.traffic.TrafficSettings;
import io.helios.repl.migration.traffic.TrafficSwitches;
import io.helios.repl.status.Finding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandSwitchTest {

  private static final HomeAddress EAST = new HomeAddress("shop", "us-east-1", "10.0.0.1", 5432, "shop");
  private static final HomeAddress WEST = new HomeAddress("shop-eu", "eu-central-1", "10.0.0.2", 5433, "shop2");
  private static final TrafficMove MOVE = new TrafficMove("acme", "$(touch x); \"'`", 7, EAST, WEST);
  private static final Duration WITHIN = Duration.ofSeconds(20);

  @TempDir Path directory;

  private TrafficSwitches running(String script, Duration timeout, String... arguments) throws IOException {
    Path program = Files.writeString(directory.resolve("hook"), "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<String> words = new ArrayList<>(List.of(program.toString()));
    words.addAll(List.of(arguments));
    return TrafficSwitches.of(List.of(new TrafficSettings.Command(words, timeout, Map.of("shop-eu", new SeenHome("db-eu", null, null)))));
  }

  @Test
  void eachPhaseIsAnArgumentAndAllElseAVariable() throws Exception {
    Path told = directory.resolve("told");
    try (TrafficSwitches switches = running(
        "echo \"$# $1 $2 $HELIOS_PHASE $HELIOS_TENANT $HELIOS_KEY $HELIOS_EPOCH $HELIOS_FROM_HOST:$HELIOS_FROM_PORT/$HELIOS_FROM_DATABASE"
            + " $HELIOS_TO_HOME@$HELIOS_TO_REGION $HELIOS_TO_HOST:$HELIOS_TO_PORT/$HELIOS_TO_DATABASE\" >> " + told + "\nenv >> " + told + ".env\n",
        WITHIN,
        "a b")) {
      assertThat(switches.check(MOVE).findings()).isEmpty();
      switches.pause(MOVE, WITHIN);
      switches.change(MOVE);
      assertThat(switches.resume(MOVE)).singleElement().satisfies(step -> assertThat(step.name()).isEqualTo("command hook"));
    }
    assertThat(Files.readAllLines(told)).containsExactlyElementsOf(
        List.of("check", "pause", "change", "resume").stream()
            .map(p -> "2 a b " + p + " " + p + " acme $(touch x); \"'` 7 10.0.0.1:5432/shop shop-eu@eu-central-1 db-eu:5433/shop2")
            .toList());
    assertThat(Files.readAllLines(Path.of(told + ".env")))
        .allMatch(line -> line.matches("(HELIOS_(PHASE|TENANT|KEY|EPOCH|FROM_\\w+|TO_\\w+)|PATH|HOME|USER|LOGNAME|LANG|LC_ALL|TZ|TMPDIR|PWD|SHLVL|_|OLDPWD)=.*"));
  }

  @Test
  void whatItSaysAtTheEndIsToldAndNoMore() throws Exception {
    try (TrafficSwitches switches = running("yes noise | head -c 300000 >&2; printf 'no such \\033[31mpool\\n' >&2; exit 3\n", WITHIN)) {
      assertThatThrownBy(() -> switches.change(MOVE))
          .asInstanceOf(type(OperatorException.class))
          .satisfies(e -> {
            assertThat(e.problem().code()).isEqualTo(ErrorCode.TRAFFIC_COMMAND_FAILED);
            assertThat(e.problem().message()).endsWith("change ended with exit code 3");
            assertThat(e.problem().why()).endsWith("no such  [31mpool").hasSizeLessThan(2_000);
          });
      assertThat(switches.check(MOVE).findings()).extracting(Finding::code).containsExactly(ErrorCode.TRAFFIC_COMMAND_FAILED);
    }
  }

  @Test
  void whatDoesNotEndIsEndedWithAllThatItStarted() throws Exception {
    Path pid = directory.resolve("pid");
    Path resumed = directory.resolve("resumed");
    try (TrafficSwitches switches = running(
        "[ $1 = resume ] && { touch " + resumed + "; exit 0; }\nsleep 600 & echo $! > " + pid + "\nwait\n", WITHIN)) {
      assertThatThrownBy(() -> switches.pause(MOVE, Duration.ofSeconds(2)))
          .asInstanceOf(type(TransientException.class))
          .extracting(e -> e.problem().code())
          .isEqualTo(ErrorCode.TRAFFIC_COMMAND_TIMED_OUT);
    }
    assertThat(resumed).exists();
    long child = Long.parseLong(Files.readString(pid).strip());
    await().atMost(WITHIN).until(() -> ProcessHandle.of(child).filter(ProcessHandle::isAlive).isEmpty());
  }

  @Test
  void whatIsNoProgramIsFoundByTheCheck() throws Exception {
    Path program = Files.writeString(directory.resolve("text"), "x");
    for (Path path : List.of(program, directory.resolve("missing"))) {
      try (TrafficSwitches switches =
          TrafficSwitches.of(List.of(new TrafficSettings.Command(List.of(path.toString()), WITHIN, Map.of())))) {
        assertThat(switches.check(MOVE).findings()).extracting(Finding::code).containsExactly(ErrorCode.TRAFFIC_COMMAND_UNUSABLE);
      }
    }
  }

  @Test
  void aKeyThatNoVariableCanHoldIsRefused() throws Exception {
    try (TrafficSwitches switches = running("exit 0\n", WITHIN)) {
      assertThatThrownBy(() -> switches.change(new TrafficMove("acme", "a\0b", 1, EAST, WEST)))
          .asInstanceOf(type(HeliosException.class))
          .extracting(e -> e.problem().code())
          .isEqualTo(ErrorCode.TRAFFIC_NAME_UNFIT);
    }
  }
}
