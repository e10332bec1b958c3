package io.helios.repl.demo;

import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.status.Verification;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeoutException;

/**
 * The demonstration from the first server's start to the last one's end, on the caller's thread: an interrupt ends it,
 * and whatever ends it, everything it started is stopped in reverse order.
 */
final class Demo {

  private static final String DATABASE = "shop";
  private static final int LOAD_THREADS = 4;
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Set<TenantState> LOST = Set.of(TenantState.FAILED, TenantState.NEEDS_RESYNC);
  private static final Map<String, String> POSTGRES = Map.of("shared_buffers", "128MB", "max_wal_size", "4GB");

  /** How it ended. */
  enum Outcome {
    EQUAL,
    DIFFERENT,
    /** The operator had seen enough. */
    LEFT
  }

  private final DemoSettings settings;
  private final DemoServer.Factory servers;
  private final DemoScreen screen;

  Demo(DemoSettings settings, DemoServer.Factory servers, DemoScreen screen) {
    this.settings = settings;
    this.servers = servers;
    this.screen = screen;
  }

  /** Returns when {@link DemoSettings#once}, or when the dashboard is left; else it goes on until it is interrupted. */
  Outcome run(Path dataDirectory) throws IOException, SQLException, InterruptedException, TimeoutException {
    screen.heading("helios-repl demo: " + settings.tenants() + " tenants of a small shop, replicated from one PostgreSQL 17 to another");
    Stopwatch stopwatch = new Stopwatch();
    try (LocalPostgres source = LocalPostgres.start(POSTGRES);
        LocalPostgres target = LocalPostgres.start(POSTGRES)) {
      screen.line("  two PostgreSQL servers are up" + stopwatch.lap());
      List<String> tenants = Shop.tenants(settings.tenants());
      long rows = fill(source, target, tenants);
      screen.line(String.format(Locale.ROOT, "  the source holds %,d rows of %d tenants", rows, tenants.size()) + stopwatch.lap());
      try (DemoServer server = servers.start(source.settings(DATABASE), target.settings(DATABASE), dataDirectory)) {
        screen.line("  the server is up at " + server.address() + stopwatch.lap());
        return replicate(server, source, target, tenants);
      }
    }
  }

  private long fill(LocalPostgres source, LocalPostgres target, List<String> tenants) throws SQLException {
    for (LocalPostgres server : List.of(source, target)) {
      try (Connection connection = server.connect("postgres");
          Statement statement = connection.createStatement()) {
        statement.execute("CREATE DATABASE " + DATABASE);
      }
    }
    try (Connection connection = source.connect(DATABASE)) {
      Shop.create(connection);
      long rows = 0;
      for (int i = 0; i < tenants.size(); i++) {
        rows += Shop.fill(connection, tenants.get(i), settings.customersOf(i));
      }
      Shop.analyze(connection);
      return rows;
    }
  }

  private Outcome replicate(DemoServer server, LocalPostgres source, LocalPostgres target, List<String> tenants)
      throws IOException, SQLException, InterruptedException, TimeoutException {
    screen.line("");
    screen.heading("Copying");
    Stopwatch stopwatch = new Stopwatch();
    // Customers do not wait for copies: the load runs all along.
    try (LoadGenerator load =
        LoadGenerator.start(() -> source.connect(DATABASE), tenants, LOAD_THREADS, settings.transactionsPerSecond(), 1)) {
      for (String tenant : tenants) {
        server.startTenant(tenant);
      }
      if (settings.dashboard()) {
        // The copies are a part of what is to be seen.
        server.dashboard(screen.charset(), screen.terminal().colours());
        screen.line("  the dashboard was left; cleaning up");
        return Outcome.LEFT;
      }
      awaitStreaming(server);
      double copySeconds = stopwatch.seconds();
      awaitCaughtUp(server, tenants);
      screen.line("");
      screen.heading("Streaming");
      if (!settings.once()) {
        suggest(server.address(), source, target, tenants.getFirst());
      }
      LoadGenerator.Done before = load.done();
      LagSamples lag = new LagSamples();
      Stopwatch live = new Stopwatch();
      watch(server, load, before, lag);
      LoadGenerator.Done done = load.stop();
      double liveSeconds = live.seconds();

      Stopwatch catchUp = new Stopwatch();
      awaitCaughtUp(server, tenants);
      double catchUpSeconds = catchUp.seconds();
      screen.line("");
      screen.heading("Verifying");
      List<Verification> verifications = new ArrayList<>();
      for (String tenant : tenants) {
        verifications.add(server.verify(tenant, PATIENCE));
      }
      List<TenantStatus> statuses = server.statuses();
      DemoSummary summary =
          new DemoSummary(
              statuses.stream().mapToLong(s -> s.copy().rows()).sum(),
              copySeconds,
              new LoadGenerator.Done(done.transactions() - before.transactions(), done.rows() - before.rows()),
              liveSeconds,
              catchUpSeconds,
              lag,
              statuses,
              verifications);
      summary.lines().forEach(screen::line);
      return summary.equal() ? Outcome.EQUAL : Outcome.DIFFERENT;
    }
  }

  private void awaitStreaming(DemoServer server) throws InterruptedException, TimeoutException {
    Stopwatch stopwatch = new Stopwatch();
    while (true) {
      List<TenantStatus> statuses = server.statuses();
      screen.copying(statuses);
      refuseLost(statuses);
      if (statuses.size() == settings.tenants() && statuses.stream().allMatch(s -> s.state() == TenantState.STREAMING)) {
        return;
      }
      if (stopwatch.seconds() > 5 * PATIENCE.toSeconds()) {
        throw new TimeoutException("the copies have not ended within " + 5 * PATIENCE.toMinutes() + " minutes");
      }
      Thread.sleep(100);
    }
  }

  private static void awaitCaughtUp(DemoServer server, List<String> tenants) throws InterruptedException, TimeoutException {
    for (String tenant : tenants) {
      server.awaitCaughtUp(tenant, PATIENCE);
    }
  }

  /** Looks ten times a second, and shows as often as people or logs can take it. */
  private void watch(DemoServer server, LoadGenerator load, LoadGenerator.Done first, LagSamples lag)
      throws InterruptedException {
    int looksPerPicture = screen.terminal().redraws() ? 3 : settings.once() ? 20 : 50;
    Stopwatch stopwatch = new Stopwatch();
    for (int look = 1; !settings.once() || stopwatch.seconds() < settings.live().toSeconds(); look++) {
      List<TenantStatus> statuses = server.statuses();
      refuseLost(statuses);
      lag.add(statuses);
      if (look % looksPerPicture == 0) {
        long transactions = load.done().transactions() - first.transactions();
        screen.live(
            statuses,
            String.format(
                Locale.ROOT, "%,d transactions at the source, %.0f a second", transactions, transactions / stopwatch.seconds()));
      }
      Thread.sleep(100);
    }
  }

  private static void refuseLost(List<TenantStatus> statuses) {
    for (TenantStatus status : statuses) {
      if (LOST.contains(status.state())) {
        Problem problem = status.error();
        throw problem == null
            ? new IllegalStateException("tenant " + status.tenant() + " is " + status.state())
            : new OperatorException(problem);
      }
    }
  }

  private void suggest(URI address, LocalPostgres source, LocalPostgres target, String tenant) {
    String where = address.getPort() == 7400 ? "" : " --server " + address;
    screen.line("  In another terminal:");
    screen.line("    ./helios-repl tenant list --watch" + where);
    screen.line("    ./helios-repl tenant status " + tenant + where);
    screen.line("    ./helios-repl verify run " + tenant + where);
    screen.line("  The source, and the target, which is read-only for these tenants:");
    screen.line("    psql " + uri(source));
    screen.line("    psql " + uri(target) + " -c \"DELETE FROM events WHERE tenant_id = '" + tenant + "'\"");
    screen.line("  Ctrl-C ends it and cleans up.");
    screen.line("");
  }

  private static String uri(LocalPostgres server) {
    return "postgresql://postgres@127.0.0.1:" + server.port() + "/" + DATABASE;
  }

  private static final class Stopwatch {

    private long begin = System.nanoTime();

    double seconds() {
      return (System.nanoTime() - begin) / 1e9;
    }

    /** What to put behind a line; starts again. */
    String lap() {
      String text = String.format(Locale.ROOT, " (%.1f s)", seconds());
      begin = System.nanoTime();
      return text;
    }
  }
}
