package io.helios.repl.tests.traffic;

import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAccumulator;

/** Clients that write and ask where they are, one transaction after the other, each on a connection that it keeps. */
final class Traffic implements AutoCloseable {

  interface Connecting {
    Connection open() throws SQLException;
  }

  private final List<Thread> clients = new ArrayList<>();
  private final AtomicLong done = new AtomicLong();
  private final LongAccumulator slowest = new LongAccumulator(Math::max, 0);
  private final Set<String> seen = new ConcurrentSkipListSet<>();
  private final ConcurrentHashMap<Integer, String> homes = new ConcurrentHashMap<>();
  private final Queue<String> errors = new ConcurrentLinkedQueue<>();
  private final String tenant;
  private volatile boolean stopping;

  private Traffic(String tenant) {
    this.tenant = tenant;
  }

  static Traffic start(String tenant, int clients, Connecting connecting) {
    Traffic traffic = new Traffic(tenant);
    for (int i = 0; i < clients; i++) {
      int client = i;
      traffic.clients.add(Thread.ofPlatform().daemon().name("client-" + i).start(() -> traffic.run(client, connecting)));
    }
    traffic.awaitMore(clients);
    return traffic;
  }

  private void run(int client, Connecting connecting) {
    try (Connection connection = connecting.open();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      while (!stopping) {
        long start = System.nanoTime();
        statement.execute("INSERT INTO public.written VALUES ('" + tenant + "')");
        String home = home(connection);
        connection.commit();
        slowest.accumulate(System.nanoTime() - start);
        seen.add(home);
        homes.put(client, home);
        done.incrementAndGet();
      }
    } catch (SQLException e) {
      errors.add(e.toString());
    }
  }

  static String home(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT name FROM public.home")) {
      row.next();
      return row.getString(1);
    }
  }

  /** Waits until so many more transactions have been committed. */
  void awaitMore(long count) {
    long goal = done.get() + count;
    await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(2)).until(() -> done.get() >= goal || !errors.isEmpty());
  }

  /** Where each client was last, without repetition. */
  List<String> homes() {
    return homes.values().stream().distinct().sorted().toList();
  }

  /** Begins to look for the slowest transaction; those that are under way count. */
  void forgetSlowest() {
    slowest.reset();
  }

  double slowestMillis() {
    return slowest.get() / 1e6;
  }

  Set<String> everSeen() {
    return seen;
  }

  List<String> errors() {
    return List.copyOf(errors);
  }

  @Override
  public void close() {
    stopping = true;
    await().atMost(Duration.ofSeconds(20)).until(() -> clients.stream().noneMatch(Thread::isAlive));
  }
}
