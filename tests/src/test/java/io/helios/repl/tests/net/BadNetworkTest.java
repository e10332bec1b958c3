package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.Problem;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.net.FaultProxy.CutAfter;
import io.helios.repl.tests.net.FaultProxy.Delay;
import io.helios.repl.tests.net.FaultProxy.Direction;
import io.helios.repl.tests.net.FaultProxy.Swallow;
import io.helios.repl.tests.net.FaultProxy.Throttle;
import io.helios.repl.tests.net.Journey.End;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The network between the server and either database fails, under load: whatever it does, it is noticed and named, it heals
 * by itself once the network does, and both sides are equal then, with no conflict and no row twice.
 */
class BadNetworkTest {

  @TempDir Path directory;

  private Journey journey(int rows) {
    Database source = Database.create(Postgres.shared(17, "source"));
    LiveLoad.prepare(source, rows);
    return new Journey(
        directory.resolve(source.name()), source, Database.create(Postgres.shared(17, "target")));
  }

  private interface Fault {
    void at(End end) throws Exception;
  }

  /** At both ends at the same time, of replications of their own: what takes long is waiting. */
  private static void atEach(Fault fault) throws Exception {
    List<FutureTask<Void>> tasks = new ArrayList<>();
    for (End end : End.values()) {
      FutureTask<Void> task = new FutureTask<>(() -> {
        fault.at(end);
        return null;
      });
      Thread.ofPlatform().daemon().name("fault at " + end).start(task);
      tasks.add(task);
    }
    for (FutureTask<Void> task : tasks) {
      task.get();
    }
  }

  @ParameterizedTest
  @EnumSource
  void cutAgainAndAgainWhileItStreamsItGoesOnWhereItWas(End end) throws Exception {
    try (Journey journey = journey(50)) {
      journey.stream();
      try (LiveLoad load = LiveLoad.start(journey.replication.source)) {
        for (int i = 0; i < 4; i++) {
          journey.moves();
          journey.proxy(end).cut(i % 2 == 0);
        }
        // And in the middle of what is on its way.
        journey.proxy(end).set(new CutAfter(20_000));
        int before = load.transactions();
        await().atMost(Journey.BOUND).until(() -> load.transactions() > before + 100);
        journey.proxy(end).heal();
        journey.moves();
      }
      journey.endsEqual();
    }
  }

  @ParameterizedTest
  @EnumSource
  void outOfReachItIsNamedTheLagGrowsAndItHealsByItself(End end) throws Exception {
    try (Journey journey = journey(50)) {
      journey.stream();
      try (LiveLoad load = LiveLoad.start(journey.replication.source)) {
        journey.moves();
        journey.proxy(end).refuse();
        journey.proxy(end).cut(true);
        Problem problem = journey.trouble();
        assertThat(problem.code().id()).matches("HR-2001|HR-2110|HR-3120");
        assertThat(problem.hint()).isNotBlank();
        if (end == End.TARGET) {
          await().atMost(Journey.BOUND).until(() -> {
            Double lag = journey.status().lagSeconds();
            return lag != null && lag > 1;
          });
        }
        journey.proxy(end).heal();
        journey.moves();
        assertThat(load.transactions()).isPositive();
      }
      journey.endsEqual();
    }
  }

  @ParameterizedTest
  @EnumSource
  void cutWhileItCopiesItCopiesTheRestAndNothingTwice(End end) throws Exception {
    try (Journey journey = journey(20_000)) {
      try (LiveLoad load = LiveLoad.start(journey.replication.source)) {
        Direction way = end == End.SOURCE ? Direction.TO_CLIENT : Direction.TO_SERVER;
        journey.proxy(end).set(way, new CutAfter(1 << 20));
        journey.setOut();
        journey.trouble();
        journey.proxy(end).heal();
        assertThat(load.transactions()).isPositive();
        journey.arrive();
      }
      journey.endsEqual();
    }
  }

  @Test
  @Tag("long")
  void slowAndLateItArrivesAllTheSame() throws Exception {
    atEach(end -> {
      try (Journey journey = journey(3_000)) {
        try (LiveLoad load = LiveLoad.start(journey.replication.source)) {
          journey.proxy(end).set(new Throttle(400_000));
          journey.setOut();
          journey.arrive();
          journey.proxy(end).set(new Delay(Duration.ofMillis(60)));
          for (int i = 0; i < 3; i++) {
            journey.moves();
          }
          assertThat(load.transactions()).isPositive();
          journey.proxy(end).heal();
        }
        journey.endsEqual();
      }
    });
  }

  @Test
  @Tag("long")
  @Tag("long")
  void halfOpenWhileItStreamsItIsNoticedOnThisSideAndGoesOnWhereItWas() throws Exception {
    atEach(end -> {
      try (Journey journey = journey(50)) {
        journey.stream();
        try (LiveLoad load = LiveLoad.start(journey.replication.source)) {
          journey.moves();
          journey.proxy(end).loseOpenLinks();
          Problem problem = journey.trouble();
          assertThat(problem.code().id()).matches("HR-2110|HR-2104|HR-3120");
          journey.moves();
          assertThat(load.transactions()).isPositive();
        }
        journey.endsEqual();
      }
    });
  }

  @Test
  @Tag("long")
  void halfOpenForNewConnectionsTooItIsNoticedAndHealsWithTheNetwork() throws Exception {
    atEach(end -> {
      try (Journey journey = journey(50)) {
        journey.stream();
        try (LiveLoad load = LiveLoad.start(journey.replication.source)) {
          journey.moves();
          journey.proxy(end).set(new Swallow());
          journey.trouble();
          journey.proxy(end).heal();
          journey.moves();
          assertThat(load.transactions()).isPositive();
        }
        journey.endsEqual();
      }
    });
  }

  @Test
  @Tag("long")
  void halfOpenWhileItCopiesItCopiesTheRestAndNothingTwice() throws Exception {
    atEach(end -> {
      try (Journey journey = journey(60_000)) {
        try (LiveLoad load = LiveLoad.start(journey.replication.source)) {
          journey.proxy(end).set(end == End.SOURCE ? Direction.TO_CLIENT : Direction.TO_SERVER, new Throttle(2_000_000));
          journey.setOut();
          await().atMost(Journey.BOUND).until(() -> journey.status().copy().rows() > 1000);
          journey.proxy(end).loseOpenLinks();
          journey.proxy(end).heal();
          journey.trouble();
          journey.arrive();
          assertThat(load.transactions()).isPositive();
        }
        journey.endsEqual();
      }
    });
  }
}
