package io.helios.repl.tests.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.failover.observation.Endpoint;
import io.helios.repl.failover.observation.FaultDetector;
import io.helios.repl.failover.observation.Probe;
import io.helios.repl.failover.observation.Sample;
import io.helios.repl.failover.observation.Sample.Kind;
import io.helios.repl.failover.observation.SqlProbe;
import io.helios.repl.failover.observation.Thresholds;
import io.helios.repl.failover.observation.Verdict;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.net.FaultProxy;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a probe makes of a real server behind a network that turns bad. */
@Timeout(60)
class SqlProbeTest {

  private final LocalPostgres server = Postgres.shared(17, "source");
  private final FaultProxy proxy = new FaultProxy(server.port());

  /** Long enough for a busy machine to answer in. */
  private Probe probe = probe("postgres", Duration.ofSeconds(3));

  private Probe probe(String database, Duration timeout) {
    return new SqlProbe(Endpoint.of("us", "shop", proxy.through(server.settings(database))), timeout);
  }

  @AfterEach
  void close() {
    probe.close();
    proxy.close();
  }

  private Kind look() {
    return probe.look().kind();
  }

  @Test
  void aServerThatAnswersTellsWhatItIsAndWhereItsWalEnds() {
    for (int look = 0; look < 12; look++) {
      Probe.Seen seen = probe.look();
      assertThat(seen.kind()).isEqualTo(Kind.ANSWERED);
      assertThat(seen.standby()).isFalse();
      assertThat(seen.wal()).isNotNull();
      assertThat(proxy.openLinks()).as("its connections do not add up").isLessThanOrEqualTo(3);
    }
  }

  @Test
  void whatRefusesIsToldFromWhatDoesNotAnswer() {
    assertThat(look()).isEqualTo(Kind.ANSWERED);
    proxy.set(new FaultProxy.Swallow());
    assertThat(look()).as("in an open connection").isEqualTo(Kind.UNANSWERED);
    assertThat(look()).as("in a new one").isEqualTo(Kind.UNANSWERED);
    proxy.cut(true);
    proxy.refuse();
    await().until(() -> look() == Kind.REFUSED); // the listener ends a moment after it was told to
    proxy.heal();
    assertThat(look()).isEqualTo(Kind.ANSWERED);
  }

  /** A look that took longer than the detector takes a look for would be a time in which nobody looked. */
  @ParameterizedTest
  @EnumSource
  void oneThatIsHeardAndDoesNotAnswerIsDeadInTheEnd(FaultProxy.Direction vanishing) throws InterruptedException {
    probe.close();
    probe = probe("postgres", Duration.ofMillis(500));
    await().until(() -> look() == Kind.ANSWERED); // a first one takes its time on a busy machine
    proxy.set(vanishing, new FaultProxy.Swallow());
    FaultDetector detector =
        FaultDetector.of(
            new Thresholds(
                Duration.ofMillis(250), Duration.ofMillis(500), Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(2),
                Duration.ofSeconds(1)));
    for (int looks = 0; looks < 20 && detector.at(System.nanoTime()) != Verdict.DEAD; looks++) {
      long begun = System.nanoTime();
      detector = detector.after(new Sample(look(), begun, System.nanoTime()));
      Thread.sleep(50);
    }
    assertThat(detector.at(detector.lastEndedNanos())).isEqualTo(Verdict.DEAD);
  }

  @Test
  void aConnectionThatWasResetIsMadeAgainInTheSameLook() {
    assertThat(look()).isEqualTo(Kind.ANSWERED);
    proxy.cut(true);
    assertThat(look()).isEqualTo(Kind.ANSWERED);
    proxy.cut(true);
    proxy.refuse();
    await().until(() -> look() == Kind.REFUSED); // the listener ends a moment after it was told to
  }

  @Test
  void slowIsAnAnswerAndSoIsARefusalInWords() {
    proxy.set(new FaultProxy.Delay(Duration.ofMillis(20)));
    assertThat(look()).isEqualTo(Kind.ANSWERED);
    probe.close();
    probe = probe("no_such_database", Duration.ofSeconds(3));
    Probe.Seen seen = probe.look();
    assertThat(seen.kind()).isEqualTo(Kind.ANSWERED);
    assertThat(seen.wal()).isNull();
    assertThat(seen.why()).contains("no such database");
  }

  @Test
  void aNameThatNobodyKnowsIsSilence() {
    probe.close();
    probe = new SqlProbe(
        Endpoint.of("us", "shop", new ConnectionSettings("nowhere.invalid", 5432, "a", "b", null, Map.of())), Duration.ofMillis(500));
    assertThat(look()).isEqualTo(Kind.SILENT);
  }
}
