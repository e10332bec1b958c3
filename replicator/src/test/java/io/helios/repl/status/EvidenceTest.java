package io.helios.repl.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.postgres.Lsn;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class EvidenceTest {

  private static final UUID TENANT = new UUID(1, 2);
  private static final Instant AT = Instant.parse("2026-01-01T12:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);

  private static final Evidence EQUAL =
      begun(2).with(table("public.a", AT, 0, 10)).with(table("public.b", AT.plusSeconds(600), 0, 20)).ended(AT.plusSeconds(700));

  @Test
  void evidenceIsAsOldAsTheFirstOfItsTables() {
    assertThat(EQUAL.takenAt()).isEqualTo(AT);
    assertThat(EQUAL.lsn()).isEqualTo(new Lsn(10));
    assertThat(EQUAL.isFresh(TENANT, HOUR, 7, AT.plus(HOUR))).isTrue();
    assertThat(EQUAL.isFresh(TENANT, HOUR, 7, AT.plus(HOUR).plusMillis(1))).isFalse();
  }

  @Test
  void aClockThatWasSetBackMakesNothingFresh() {
    assertThat(EQUAL.isFresh(TENANT, HOUR, 7, AT.minusMillis(1))).isFalse();
  }

  @Test
  void evidenceOfAnotherEpochOrAnotherTenantIsNotFresh() {
    assertThat(EQUAL.isFresh(TENANT, HOUR, 8, AT)).isFalse();
    assertThat(EQUAL.isFresh(new UUID(1, 3), HOUR, 7, AT)).isFalse();
  }

  @Test
  void evidenceThatIsUnfinishedOrTellsOfADifferenceIsNotFresh() {
    Evidence unfinished = begun(2).with(table("public.a", AT, 0, 10));
    assertThat(unfinished.equal()).isFalse();
    assertThat(unfinished.objection(TENANT, HOUR, 7, AT)).hasValueSatisfying(why -> assertThat(why).contains("only 1 of 2"));
    Evidence differing = begun(1).with(table("public.a", AT, 1, 10)).ended(AT);
    assertThat(differing.objection(TENANT, HOUR, 7, AT)).hasValueSatisfying(why -> assertThat(why).contains("differ"));
  }

  @Test
  void aTableIsEqualOnlyWithTheSameRowsAndTheSameDigest() {
    assertThat(new TableEvidence("t", Lsn.INVALID, AT, 5, 5, "aa", "ab", List.of(), 0, 0, 0, null).equal()).isFalse();
    assertThat(new TableEvidence("t", Lsn.INVALID, AT, 5, 6, "aa", "aa", List.of(), 0, 0, 0, null).equal()).isFalse();
    assertThat(new TableEvidence("t", Lsn.INVALID, AT, 5, 5, "aa", "aa", List.of(), 0, 0, 0, null).equal()).isTrue();
  }

  @Test
  void aTableComparedAgainTakesThePlaceOfWhatWasFoundOfIt() {
    Evidence again = EQUAL.with(table("public.a", AT.plusSeconds(800), 3, 30));
    assertThat(again.tables()).hasSize(2);
    assertThat(again.lsn()).isEqualTo(new Lsn(20));
    assertThat(again.verification().tables())
        .containsExactly(new Verification.TableResult("public.a", 5, 5, 3), new Verification.TableResult("public.b", 5, 5, 0));
  }

  @Test
  void costsAddUpButForTheAgeOfASnapshot() {
    VerificationCost one = new VerificationCost(10, 100, 1000, 5, 3, 40, 1);
    assertThat(one.plus(new VerificationCost(1, 2, 3, 4, 5, 6, 1))).isEqualTo(new VerificationCost(11, 102, 1003, 9, 8, 40, 2));
  }

  private static Evidence begun(int tables) {
    return new Evidence(
        new UUID(0, 1), TENANT, "acme", 7, "7512345678901234567", 1, AT, null, tables, List.of(), VerificationCost.NONE);
  }

  private static TableEvidence table(String name, Instant at, long altered, long lsn) {
    return new TableEvidence(
        name, new Lsn(lsn), at, 5, 5, "aa", altered == 0 ? "aa" : "ab", List.of("id"), altered, 0, 0, null);
  }
}
