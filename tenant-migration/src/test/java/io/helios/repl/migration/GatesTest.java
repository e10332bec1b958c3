package io.helios.repl.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.status.TenantState;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GatesTest {

  private static final MigrationOptions OPTIONS = MigrationOptions.DEFAULT;

  private static GateFacts facts(
      TenantState state, @Nullable Double lag, boolean wal, Proof proof, EndFacts.Seen ends, @Nullable Duration certificate) {
    return new GateFacts(
        state, lag, wal, proof, ends, certificate == null ? new Room(1000, 900, 50, null) : new Room(1000, 901, 50, null),
        certificate == null ? null : new GateFacts.Certificate("that of region \"eu\"", certificate));
  }

  private static GateFacts with(@Nullable Room room, Duration certificate) {
    return new GateFacts(
        TenantState.STREAMING, 0.2, true, Proof.FRESH, EndFacts.Seen.NOTHING_IN_THE_WAY, room,
        new GateFacts.Certificate("this server's", certificate));
  }

  private static final GateFacts GOOD =
      facts(TenantState.STREAMING, 0.2, true, Proof.FRESH, EndFacts.Seen.NOTHING_IN_THE_WAY, null);

  private static final GateFacts BAD =
      facts(
          TenantState.PAUSED,
          null,
          false,
          new Proof(Proof.Standing.DIFFERENT, "it found the sides to differ"),
          new EndFacts.Seen(Duration.ofSeconds(3), List.of("a", "b", "c", "d", "e"), "its WAL is not captured"),
          Duration.ofHours(2));

  @Test
  void nothingIsInTheWayOfATenantThatStreamsAndIsProven() {
    assertThat(Gates.closed("acme", GOOD, OPTIONS)).isEmpty();
  }

  @Test
  void eachGateRefusesWithItsOwnCodeAndAHint() {
    assertThat(Gates.closed("acme", BAD, OPTIONS)).extracting(Gates.Refusal::gate).containsExactly(CutoverGate.values());
    assertThat(Gates.closed("acme", BAD, OPTIONS))
        .extracting(r -> r.problem().code())
        .containsExactly(
            ErrorCode.GATE_LAG, ErrorCode.GATE_VERIFICATION, ErrorCode.GATE_LONG_TRANSACTION, ErrorCode.GATE_SCHEMA,
            ErrorCode.GATE_CAPTURE, ErrorCode.GATE_TARGET, ErrorCode.GATE_ROOM, ErrorCode.GATE_CERTIFICATE);
    assertThat(Gates.closed("acme", BAD, OPTIONS))
        .extracting(Gates.Refusal::problem)
        .allSatisfy(p -> assertThat(p.message()).contains("acme"))
        .extracting(Problem::hint)
        .allSatisfy(hint -> assertThat(hint).isNotBlank());
    assertThat(Gates.closed("acme", BAD, OPTIONS).get(3).problem().message()).endsWith("a; b; c; and 2 more");
  }

  @Test
  void forcingOpensTheNamedGateAndNoOther() {
    for (CutoverGate gate : CutoverGate.values()) {
      List<CutoverGate> left =
          Gates.closed("acme", BAD, OPTIONS.withForced(Set.of(gate))).stream().map(Gates.Refusal::gate).toList();
      assertThat(left).isEqualTo(
          Arrays.stream(CutoverGate.values()).filter(other -> other != gate || !gate.forcible()).toList());
    }
    assertThat(CutoverGate.CAPTURE.forcible()).isFalse();
    assertThat(CutoverGate.TARGET.forcible()).isFalse();
  }

  @Test
  void theLimitsAreExact() {
    assertThat(closed(facts(TenantState.STREAMING, 5.0, true, Proof.FRESH, EndFacts.Seen.NOTHING_IN_THE_WAY, null))).isEmpty();
    assertThat(closed(with(new Room(1000, 900, 50, null), Duration.ofHours(24)))).isEmpty();
    assertThat(closed(with(new Room(1000, 900, 51, null), Duration.ofHours(24)))).containsExactly(CutoverGate.ROOM);
    assertThat(closed(with(null, Duration.ofHours(24).minusMillis(1)))).containsExactly(CutoverGate.CERTIFICATE);
    assertThat(closed(facts(TenantState.STREAMING, 5.1, true, Proof.FRESH, EndFacts.Seen.NOTHING_IN_THE_WAY, null))).containsExactly(CutoverGate.LAG);
    assertThat(closed(facts(TenantState.STREAMING, null, true, Proof.FRESH, EndFacts.Seen.NOTHING_IN_THE_WAY, null))).containsExactly(CutoverGate.LAG);
    assertThat(closed(writing(100))).isEmpty();
    assertThat(closed(writing(101))).containsExactly(CutoverGate.LONG_TRANSACTION);
  }

  @Test
  void roomThatNobodyKnowsIsNoRefusalAndIsToldSo() {
    GateFacts unsaid = with(null, Duration.ofDays(90));
    assertThat(closed(unsaid)).isEmpty();
    assertThat(Gates.unknown(CutoverGate.ROOM, unsaid)).contains("not known", "targets.NAME.capacity");
    assertThat(Gates.unknown(CutoverGate.LAG, unsaid)).isNull();
    GateFacts unseen = with(new Room(1000, 1, 1, "2 databases are not shown"), Duration.ofDays(90));
    assertThat(closed(unseen)).isEmpty();
    assertThat(Gates.unknown(CutoverGate.ROOM, unseen)).contains("not known for certain", "2 databases");
    assertThat(Gates.unknown(CutoverGate.ROOM, with(new Room(1000, 1, 1, null), Duration.ofDays(90)))).isNull();
  }

  @Test
  void whatWouldMakeTheCopyUselessIsLookedAtBeforeIt() {
    GateFacts full = with(new Room(1000, 990, 0, null), Duration.ofDays(90));
    assertThat(Gates.beforeCopy("acme", full, OPTIONS)).map(Problem::code).contains(ErrorCode.GATE_ROOM);
    assertThat(Gates.beforeCopy("acme", full, OPTIONS.withForced(Set.of(CutoverGate.ROOM)))).isEmpty();
    GateFacts ending = with(null, Duration.ofHours(-1));
    assertThat(Gates.beforeCopy("acme", ending, OPTIONS))
        .map(Problem::message)
        .hasValueSatisfying(text -> assertThat(text).contains("is over", "this server's"));
    assertThat(Gates.beforeCopy("acme", writing(60_000), OPTIONS)).as("may be over until then").isEmpty();
  }

  private static GateFacts writing(long millis) {
    return facts(
        TenantState.STREAMING, 0.0, true, Proof.FRESH, new EndFacts.Seen(Duration.ofMillis(millis), List.of(), null), null);
  }

  private static List<CutoverGate> closed(GateFacts facts) {
    return Gates.closed("acme", facts, OPTIONS).stream().map(Gates.Refusal::gate).toList();
  }

  @Test
  void aPredictionIsMadeOfWholeRehearsals() {
    List<TenantEnds.Rehearsal> rehearsals =
        List.of(
            new TenantEnds.Rehearsal(1, 1_000_000, 20_000_000),
            new TenantEnds.Rehearsal(1, 9_000_000, 10_000_000),
            new TenantEnds.Rehearsal(3, 2_000_000, 12_000_000));
    Prediction p = Prediction.of(Instant.EPOCH, rehearsals, List.of(1_000_000L, 1_000_000L, 3_000_000L));
    assertThat(p.lock()).isEqualTo(new Prediction.Share(2, 9));
    assertThat(p.drain()).isEqualTo(new Prediction.Share(12, 20));
    assertThat(p.pause()).as("of one rehearsal together, not the worst of each part").isEqualTo(new Prediction.Share(20, 22));
  }

  @Test
  void aWindowMayGoOverMidnight() {
    TimeWindow night = TimeWindow.parse("22:00-04:30").orElseThrow();
    assertThat(night.contains(Instant.parse("2026-01-01T22:00:00Z"))).isTrue();
    assertThat(night.contains(Instant.parse("2026-01-01T04:29:59Z"))).isTrue();
    assertThat(night.contains(Instant.parse("2026-01-01T04:30:00Z"))).isFalse();
    assertThat(night.contains(Instant.parse("2026-01-01T12:00:00Z"))).isFalse();
    assertThat(TimeWindow.parse("22-04")).isEmpty();
    assertThat(TimeWindow.parse("25:00-26:00")).isEmpty();
    assertThat(TimeWindow.parse("22:00-22:00")).isEmpty();
  }
}
