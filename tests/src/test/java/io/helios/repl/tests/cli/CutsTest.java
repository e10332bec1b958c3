package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.fixture.EtcdCluster;
import io.helios.repl.tests.net.FaultProxy;
import io.helios.repl.tests.net.FaultProxy.Direction;
import io.helios.repl.tests.net.FaultProxy.Swallow;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * Whoever is cut off from whomever, in whatever way: a tenant with {@code fencing: lease} is never written at two homes, while clients try at
 * both all the time ({@link HomeHistory}); it is failed over where a majority of three observers finds its source dead, and nowhere else; and
 * afterwards all is as it was.
 */
class CutsTest {

  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** Longer than a failover takes here: two seconds until a silent source is dead, three and a half for the lease. */
  private static final Duration HELD = Duration.ofSeconds(8);

  private static EtcdCluster etcd;

  @TempDir Path directory;

  /** Who from what, and whether the tenant is failed over then. */
  private enum Cut {
    SERVER_FROM_SOURCE(false, r -> List.of(r.ours.source())),
    SERVER_FROM_TARGET(false, r -> List.of(r.ours.target())),
    SERVER_FROM_BOTH_DATABASES(false, r -> List.of(r.ours.source(), r.ours.target())),
    SERVER_FROM_ETCD(false, r -> List.of(r.ours.etcd())),
    ALL_FROM_ETCD(false, r -> List.of(r.ours.etcd(), r.witnesses.get(0).etcd(), r.witnesses.get(1).etcd())),
    WITNESS_FROM_ALL(false, r -> r.witnesses.get(0).all()),
    SERVER_AND_WITNESS_FROM_SOURCE(true, r -> List.of(r.ours.source(), r.witnesses.get(0).source())),
    ALL_FROM_SOURCE(true, r -> List.of(r.ours.source(), r.witnesses.get(0).source(), r.witnesses.get(1).source()));

    final boolean promotes;
    final Function<ObservedRegions, List<FaultProxy>> lines;

    Cut(boolean promotes, Function<ObservedRegions, List<FaultProxy>> lines) {
      this.promotes = promotes;
      this.lines = lines;
    }
  }

  private enum Way {
    REFUSED(line -> {
      line.refuse();
      line.cut(true);
    }),
    HALF_OPEN(line -> line.set(new Swallow())),
    DEAF(line -> line.set(Direction.TO_SERVER, new Swallow())),
    DUMB(line -> line.set(Direction.TO_CLIENT, new Swallow()));

    final Consumer<FaultProxy> cut;

    Way(Consumer<FaultProxy> cut) {
      this.cut = cut;
    }
  }

  @BeforeAll
  static void startEtcd() {
    etcd = EtcdCluster.start(1, "http", List.of());
  }

  @AfterAll
  static void stopEtcd() {
    if (etcd != null) {
      etcd.close();
    }
  }

  /** Each cut in one way, and each way for two cuts. */
  static Stream<Arguments> some() {
    return Arrays.stream(Cut.values()).map(cut -> Arguments.of(cut, Way.values()[cut.ordinal() % Way.values().length]));
  }

  static Stream<Arguments> all() {
    return Arrays.stream(Cut.values()).flatMap(cut -> Arrays.stream(Way.values()).map(way -> Arguments.of(cut, way)));
  }

  @ParameterizedTest
  @Tag("long")
  @MethodSource
  void some(Cut cut, Way way) throws Exception {
    hasOneHome(cut, way);
  }

  @ParameterizedTest
  @Tag("soak")
  @MethodSource
  void all(Cut cut, Way way) throws Exception {
    hasOneHome(cut, way);
  }

  private void hasOneHome(Cut cut, Way way) throws Exception {
    try (ObservedRegions regions = new ObservedRegions(directory, etcd)) {
      TestServer server = regions.owner;
      server.source.execute("CREATE TABLE counters (tenant_id text PRIMARY KEY, n bigint)", "INSERT INTO counters VALUES ('acme', 0), ('globex', 0)");
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu", "--fencing", "lease");
      server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
      server.done("failover", "auto", "on", "acme");
      await().atMost(PATIENCE).until(() -> verdicts(server).equals(List.of("alive 3", "alive 3")));
      await().atMost(PATIENCE).until(() -> !server.source.value(
          "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'counters'::regclass AND NOT tgisinternal").equals("0"));
      try (CounterClients clients = new CounterClients("acme", server.source, server.target)) {
        await().atMost(PATIENCE).until(() -> clients.taken(HomeHistory.OLD, Long.MIN_VALUE) > 100);
        cut.lines.apply(regions).forEach(way.cut);
        if (cut.promotes) {
          await().atMost(PATIENCE).until(() -> clients.taken(HomeHistory.NEW, Long.MIN_VALUE) > 100);
        } else {
          Thread.sleep(HELD);
        }
        cut.lines.apply(regions).forEach(FaultProxy::heal);
        if (cut.promotes) {
          await().atMost(PATIENCE).until(() -> status(server).path("oldSource").asString().equals("following"));
        } else {
          long healed = System.nanoTime();
          await().atMost(PATIENCE).until(() -> clients.taken(HomeHistory.OLD, healed) > 100);
        }
        ends(cut, way, server, clients.end());
      }
    }
  }

  private static void ends(Cut cut, Way way, TestServer server, HomeHistory history) {
    history.check();
    assertThat(history.acknowledgedAt(HomeHistory.NEW) > 0).as("failed over").isEqualTo(cut.promotes);
    if (cut.promotes) {
      JsonNode account = status(server).path("unreplicated");
      assertThat(account.path("known").asBoolean()).isTrue();
      assertThat(account.path("transactions").asLong()).isBetween(history.lost(), history.lost() + history.unknown());
      System.out.printf("cut %s, %s: nobody could write for %.0f ms, %d of %d acknowledged increments are in the account%n",
          cut, way, history.nobodyWroteNanos() / 1e6, history.lost(), history.acknowledgedAt(HomeHistory.OLD));
    } else {
      assertThat(server.done("failover", "history", "-o", "json").json().path("items")).isEmpty();
    }
    server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "90s");
    String counter = "SELECT n FROM counters WHERE tenant_id = 'acme'";
    assertThat(server.target.value(counter)).isEqualTo(server.source.value(counter));
  }

  private static JsonNode status(TestServer server) {
    return server.done("failover", "status", "acme", "-o", "json").json();
  }

  /** Of the source and the target, with how many observers have said something of it. */
  private static List<String> verdicts(TestServer server) throws Exception {
    return TestServer.json(server.api("GET", "/observations", null)).path("items").valueStream()
        .map(o -> o.path("verdict").asString() + " " + o.path("votes").size())
        .toList();
  }
}
