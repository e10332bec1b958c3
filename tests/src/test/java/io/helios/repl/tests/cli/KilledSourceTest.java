package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.server.FleetMaker;
import io.helios.repl.tests.faults.CrashServer;
import io.helios.repl.tests.fixture.Database;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * A source's PostgreSQL is killed, postmaster and all, while clients write; nobody asks for anything. How long they could not
 * write, from the last acknowledged write of any to the first at the new home, is printed; what was acknowledged and is not there is in the
 * account.
 */
class KilledSourceTest {

  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int CLIENTS = 4;

  @TempDir Path directory;

  /** An acknowledged write. */
  private record Told(int id, int home, long nanos) {}

  @ParameterizedTest
  @Tag("long")
  @ValueSource(strings = {"epoch", "lease"})
  void once(String fencing) throws Exception {
    System.out.printf("a source is killed, fencing %s: no write for %.0f ms%n", fencing, kill(fencing, directory) / 1e6);
  }

  /** Some twenty seconds each: {@code -Psoak -Dhelios.kills=50}. */
  @Test
  @Tag("soak")
  void asOftenAsIsAskedFor() throws Exception {
    int times = Integer.getInteger("helios.kills", 2);
    for (String fencing : List.of("epoch", "lease")) {
      List<Long> nanos = new ArrayList<>();
      for (int i = 0; i < times; i++) {
        nanos.add(kill(fencing, directory.resolve(fencing + i)));
      }
      nanos.sort(null);
      System.out.printf(
          "%d sources killed, fencing %s: no write for %.0f ms (median), %.0f ms (p99), %.0f ms (worst)%n",
          times, fencing, nanos.get((times - 1) / 2) / 1e6, nanos.get((times - 1) * 99 / 100) / 1e6, nanos.getLast() / 1e6);
    }
  }

  private static long kill(String fencing, Path directory) throws Exception {
    try (CrashServer postgres = new CrashServer(17, directory.resolve("pg"), Map.of("max_wal_size", "256MB"));
        TestServer server = new TestServer(Files.createDirectories(directory.resolve("server")), FleetMaker.standard(Map.of()), postgres.database())) {
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu", "--fencing", fencing);
      server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
      server.done("failover", "auto", "on", "acme");
      for (String endpoint : List.of("local/shop", "local/shop-eu")) {
        await().atMost(PATIENCE).until(() -> verdict(server, endpoint).equals("alive"));
      }
      if (fencing.equals("lease")) {
        await().atMost(PATIENCE).until(() -> !server.source.value(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND NOT tgisinternal").equals("0"));
      }
      List<Told> told = write(server, postgres);
      long last = told.stream().filter(t -> t.home() == 0).mapToLong(Told::nanos).max().orElseThrow();
      long first = told.stream().filter(t -> t.home() == 1).mapToLong(Told::nanos).min().orElseThrow();
      Set<String> there = new HashSet<>(server.target.query("SELECT id FROM orders WHERE tenant_id = 'acme'"));
      assertThat(told.stream().filter(t -> t.home() == 1).map(t -> String.valueOf(t.id()))).allMatch(there::contains);
      long lost = told.stream().filter(t -> !there.contains(String.valueOf(t.id()))).count();

      postgres.start();
      await().atMost(PATIENCE).until(() -> status(server).path("oldSource").asString().equals("following"));
      long accounted = status(server).path("unreplicated").path("transactions").asLong();
      assertThat(accounted).as("those and, for each client, one whose end it was not told").isBetween(lost, lost + CLIENTS);
      return first - last;
    }
  }

  private static JsonNode status(TestServer server) {
    return server.done("failover", "status", "acme", "-o", "json").json();
  }

  private static String verdict(TestServer server, String endpoint) throws Exception {
    return TestServer.json(server.api("GET", "/observations", null)).path("items").valueStream()
        .filter(o -> o.path("endpoint").asString().equals(endpoint))
        .map(o -> o.path("verdict").asString())
        .findFirst()
        .orElse("");
  }

  /** Until each client has written at the new home: who is refused, or cut off, tries the other one. */
  private static List<Told> write(TestServer server, CrashServer postgres) throws Exception {
    List<Database> homes = List.of(server.source, server.target);
    ConcurrentLinkedQueue<Told> told = new ConcurrentLinkedQueue<>();
    AtomicInteger next = new AtomicInteger(1000);
    AtomicInteger moved = new AtomicInteger();
    AtomicBoolean stop = new AtomicBoolean();
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(Thread.ofPlatform().start(() -> {
        int home = 0;
        int there = 0;
        while (!stop.get()) {
          try (Connection connection = homes.get(home).connect();
              Statement statement = connection.createStatement()) {
            while (!stop.get()) {
              int id = next.getAndIncrement();
              statement.execute("INSERT INTO orders VALUES ('acme', " + id + ", 'x')");
              told.add(new Told(id, home, System.nanoTime()));
              if (home == 1 && ++there == 10) {
                moved.incrementAndGet();
              }
              LockSupport.parkNanos(2_000_000);
            }
          } catch (SQLException refused) {
            home = 1 - home;
            LockSupport.parkNanos(10_000_000);
          }
        }
      }));
    }
    try {
      await().atMost(PATIENCE).until(() -> told.size() > 500);
      postgres.crash();
      await().atMost(PATIENCE).until(() -> moved.get() == CLIENTS);
    } finally {
      stop.set(true);
      for (Thread client : clients) {
        client.join();
      }
    }
    return List.copyOf(told);
  }
}
