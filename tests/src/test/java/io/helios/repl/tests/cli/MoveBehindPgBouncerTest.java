package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.PgBouncer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Clients behind a real PgBouncer see some slow transactions and no error, however often their tenant moves. */
class MoveBehindPgBouncerTest {

  private static final int CLIENTS = 5;
  private static final long REST_NANOS = 1_000_000_000L * CLIENTS / 500;

  @TempDir Path directory;

  private final AtomicBoolean stop = new AtomicBoolean();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final ConcurrentLinkedQueue<Integer> acknowledged = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Long> slowest = new ConcurrentLinkedQueue<>();

  @Test
  void fourMoves() throws Exception {
    move(4);
  }

  @Test
  @Tag("long")
  void twentyMoves() throws Exception {
    move(20);
  }

  /** Some three seconds a move: {@code -Psoak -Dhelios.moves=200}. */
  @Test
  @Tag("soak")
  @EnabledIfSystemProperty(named = "helios.moves", matches = "\\d+")
  void asManyMovesAsAreAskedFor() throws Exception {
    move(Integer.getInteger("helios.moves"));
  }

  private void move(int times) throws Exception {
    PgBouncer.assumeInstalled();
    try (TestServer server = new TestServer(directory);
        PgBouncer bouncer = PgBouncer.start(Map.of("acme", server.source))) {
      server.restart(server.yaml() + """
          traffic:
            - pgbouncer: { url: "postgresql://%s@127.0.0.1:%d/pgbouncer", file: "%s", alias: "{tenant}" }
          """.formatted(bouncer.console().user(), bouncer.port(), bouncer.aliasFile()));
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
      server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
      List<Thread> clients = clients(bouncer);
      List<Double> told = new ArrayList<>();
      List<Double> seen = new ArrayList<>();
      for (int i = 0; i < times; i++) {
        boolean there = i % 2 == 0;
        if (there) {
          server.done("migrate", "start", "acme", "--max-pause", "2s", "--retry", "20", "--backoff", "200ms",
              "--force", "verification", "--wait", "--timeout", "120s");
        }
        slowest.clear();
        JsonNode cutover = there
            ? server.done("migrate", "cutover", "acme", "--confirm=acme", "--force", "verification", "--retry", "20", "--backoff", "200ms",
                "--timeout", "120s", "-o", "json").json()
            : server.done("migrate", "rollback", "acme", "--confirm=acme", "--force", "verification", "--retry", "20", "--backoff", "200ms",
                "--timeout", "120s", "-o", "json").json();
        told.add(cutover.path("pauseMillis").asDouble());
        int written = acknowledged.size();
        await().atMost(Duration.ofSeconds(30)).until(() -> acknowledged.size() > written + 50 || failure.get() != null);
        seen.add(slowest.stream().mapToLong(Long::longValue).max().orElse(0) / 1e6);
      }
      stop.set(true);
      for (Thread client : clients) {
        client.join();
      }
      assertThat(failure.get()).isNull();
      server.done("tenant", "wait", "acme", "--for", "caught-up", "--timeout", "60s");
      for (Database home : List.of(server.source, server.target)) {
        Set<String> there = new HashSet<>(home.query("SELECT id FROM orders WHERE tenant_id = 'acme' AND id >= 1000"));
        assertThat(there).hasSize(acknowledged.size());
        assertThat(acknowledged.stream().map(String::valueOf).filter(id -> !there.contains(id))).isEmpty();
      }
      told.sort(null);
      seen.sort(null);
      System.out.printf(
          "%d moves behind PgBouncer, %d writes; pause as told: median %.1f ms, p99 %.1f ms, max %.1f ms;"
              + " slowest transaction of a client in each: median %.1f ms, p99 %.1f ms, max %.1f ms%n",
          times, acknowledged.size(), told.get(times / 2), told.get((times - 1) * 99 / 100), told.getLast(),
          seen.get(times / 2), seen.get((times - 1) * 99 / 100), seen.getLast());
    }
  }

  private List<Thread> clients(PgBouncer bouncer) {
    AtomicInteger next = new AtomicInteger(1000);
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(Thread.ofPlatform().start(() -> {
        try (Connection connection = bouncer.connect("acme")) {
          while (!stop.get()) {
            write(connection, next.getAndIncrement());
          }
        } catch (Throwable e) {
          failure.compareAndSet(null, e);
        }
      }));
    }
    return clients;
  }

  private void write(Connection connection, int id) throws SQLException {
    long begun = System.nanoTime();
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO orders VALUES ('acme', ?, 'behind the pooler')")) {
      insert.setInt(1, id);
      insert.executeUpdate();
    }
    long took = System.nanoTime() - begun;
    acknowledged.add(id);
    slowest.add(took);
    LockSupport.parkNanos(Math.max(0, REST_NANOS - took));
  }
}
