package io.helios.repl.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.status.Finding;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a source and its target tell of each other. */
class EndpointFactsTest {

  private static EndpointFacts facts(@Nullable Long system, int major, String host) {
    return new EndpointFacts(system, major, host, 0, 0);
  }

  private static EndpointFacts clock(long aheadMillis, long unsureMillis) {
    return new EndpointFacts(1L, 17, "db", aheadMillis, unsureMillis);
  }

  @Test
  void aClockThatIsOffIsFoundAndOneThatMayBeRightIsNot() {
    assertThat(clock(1_500, 0).clock("source \"shop\"")).get().satisfies(f -> {
      assertThat(f.code()).isEqualTo(ErrorCode.CLOCKS_DIFFER);
      assertThat(f.message()).isEqualTo("the clock of source \"shop\" is 1.5 s ahead of ours");
    });
    assertThat(clock(-90_000, 0).clock("target \"eu\"")).get().extracting(Finding::message)
        .isEqualTo("the clock of target \"eu\" is 90.0 s behind ours");
    assertThat(clock(-999, 0).clock("source \"shop\"")).isEmpty();
    assertThat(clock(1_500, 600).clock("source \"shop\"")).as("it took 1.2 s to ask").isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "7, 7, a, b, one PostgreSQL server",
    "7, 8, db.example, DB.example, 'one host, db.example'",
    "7, 8, localhost, 127.0.0.1, 'one host, localhost'",
    "7, 8, ::1, /var/run/postgresql, 'one host, ::1'",
    "   , , a, a, 'one host, a'"
  })
  void whatFailsTogetherIsFound(@Nullable Long system, @Nullable Long other, String host, String otherHost, String told) {
    assertThat(facts(system, 17, host).sharedFate("shop", facts(other, 17, otherHost), "eu")).get().satisfies(f -> {
      assertThat(f.code()).isEqualTo(ErrorCode.ONE_FAILURE_DOMAIN);
      assertThat(f.message()).contains("source \"shop\"").contains("target \"eu\"").endsWith("are on " + told);
    });
  }

  @Test
  void whatDoesNotFailTogetherIsNot() {
    assertThat(facts(7L, 17, "a").sharedFate("shop", facts(8L, 17, "b"), "eu")).isEmpty();
    assertThat(facts(null, 17, "a").sharedFate("shop", facts(null, 17, "b"), "eu")).as("who may not ask knows nothing").isEmpty();
  }

  @Test
  void anOlderTargetIsFoundAndANewerOneIsNot() {
    assertThat(facts(7L, 18, "a").versions("shop", facts(8L, 16, "b"), "eu")).get().satisfies(f -> {
      assertThat(f.code()).isEqualTo(ErrorCode.TARGET_OLDER);
      assertThat(f.hint()).isEqualTo("upgrade the target to PostgreSQL 18");
    });
    assertThat(facts(7L, 16, "a").versions("shop", facts(8L, 16, "b"), "eu")).isEmpty();
    assertThat(facts(7L, 16, "a").versions("shop", facts(8L, 18, "b"), "eu")).isEmpty();
  }
}
