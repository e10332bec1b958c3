package io.helios.repl.client;

import io.helios.repl.config.Durations;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.tui.Dashboard;
import io.helios.repl.tui.fleet.Event.Severity;
import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.model.Action;
import io.helios.repl.tui.model.News;
import io.helios.repl.tui.model.Watched;
import io.helios.repl.tui.model.Wish;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Carries out through the API what the operator wishes. Each wish has a thread of its own, so that nobody waits for it. */
final class DashboardServant implements Dashboard.Servant, AutoCloseable {

  private static final Duration VERIFICATION = Duration.ofMinutes(30);
  private static final Duration STAGES_AGAIN = Duration.ofSeconds(1);

  /** They are looked at in both databases. */
  private static final Duration GATES_AGAIN = Duration.ofSeconds(10);

  private final HeliosClient client;
  private final Consumer<News> dashboard;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final MoveWishes moves;
  private final FailoverWishes failovers;
  private final Lookout<Watched.Stages> stages;
  private final Lookout<Watched.Move> passages;
  private final Lookout<Watched.Move> gates;
  private final Lookout<Watched.Succession> phases;

  DashboardServant(HeliosClient client, Consumer<News> dashboard) {
    this.client = client;
    this.dashboard = dashboard;
    this.moves = new MoveWishes(client, dashboard);
    this.failovers = new FailoverWishes(client, dashboard);
    this.stages =
        new Lookout<>(
            STAGES_AGAIN,
            shown ->
                dashboard.accept(
                    new News.Piped(FleetDocuments.pipeline(shown.tenant(), client.get("/tenants/" + shown.tenant() + "/pipeline")))));
    this.passages =
        new Lookout<>(
            null, shown -> dashboard.accept(new News.Recounted(MoveDocuments.passages(client.get(migration(shown))))));
    this.gates =
        new Lookout<>(
            GATES_AGAIN,
            shown ->
                MoveDocuments.gates(client.get(migration(shown) + "?gates=true")).map(News.Looked::new).ifPresent(dashboard));
    this.phases =
        new Lookout<>(
            null,
            shown ->
                dashboard.accept(
                    new News.Recounted(MoveDocuments.passages(client.get("/tenants/" + shown.tenant() + "/failover")))));
    List.of(stages, passages, gates, phases).forEach(threads::execute);
  }

  private static String migration(Watched.Move shown) {
    return "/tenants/" + shown.tenant() + "/migration";
  }

  @Override
  public void watch(@Nullable Watched shown) {
    stages.look(shown instanceof Watched.Stages tenant ? tenant : null);
    passages.look(shown instanceof Watched.Move move ? move : null);
    gates.look(shown instanceof Watched.Move move && move.gates() ? move : null);
    phases.look(shown instanceof Watched.Succession succession ? succession : null);
  }

  @Override
  public void carryOut(Wish wish) {
    threads.execute(
        () -> {
          switch (wish) {
            case Wish.Plan plan -> told(plan.action(), plan.tenants(), () -> plan(plan.action(), plan.tenants()));
            case Wish.CarryOut act -> told(act.action(), act.tenants(), () -> act(act.action(), act.tenants()));
            case Wish.Quit q -> {}
          }
        });
  }

  private void told(Action action, List<String> tenants, Runnable work) {
    try {
      work.run();
    } catch (FailedException e) {
      if (!e.failures().isEmpty()) {
        dashboard.accept(new News.Refused(action.word() + " " + names(tenants), fault(e)));
      }
    }
  }

  private void plan(Action action, List<String> tenants) {
    List<News.TenantPlan> plans = new ArrayList<>();
    for (String tenant : tenants) {
      plans.add(
          new News.TenantPlan(
              tenant,
              switch (action) {
                case VERIFY ->
                    List.of(
                        "compare every table of " + tenant + " on both sides, at one point of the WAL",
                        "change nothing; it reads all of its rows");
                case DELETE -> FleetDocuments.steps(client.delete("/tenants/" + tenant + "?dryRun=true"));
                case MIGRATE, CUTOVER, ROLLBACK, COMPLETE, CANCEL -> moves.plan(action, tenant);
                case FAILOVER, FAILBACK, REJOIN -> failovers.plan(action, tenant);
                case PAUSE, RESUME, START, STOP, RESYNC ->
                    FleetDocuments.steps(client.post(path(action, tenant) + "?dryRun=true", null));
              }));
    }
    dashboard.accept(new News.Planned(action, plans));
  }

  /** What fails for one tenant does not keep the others from it. */
  private void act(Action action, List<String> tenants) {
    FailedException failed = null;
    int done = 0;
    for (String tenant : tenants) {
      try {
        switch (action) {
          case VERIFY -> verify(tenant);
          case DELETE -> client.delete("/tenants/" + tenant + "?confirm=" + tenant);
          case MIGRATE, CUTOVER, ROLLBACK, COMPLETE, CANCEL -> moves.act(action, tenant);
          case FAILOVER, FAILBACK, REJOIN -> failovers.act(action, tenant);
          case PAUSE, RESUME, START, STOP, RESYNC -> client.post(path(action, tenant), null);
        }
        done++;
      } catch (FailedException e) {
        failed = failed == null ? e : failed;
      }
    }
    boolean told = action == Action.VERIFY || ((action.isOfMove() || action.isOfFailover()) && tenants.size() == 1);
    if (!told && done > 0) {
      dashboard.accept(
          new News.Done(Severity.INFO, action.word() + " " + (done == 1 && tenants.size() == 1 ? tenants.getFirst() : done + " tenants") + ": the server has taken it"));
    }
    if (failed != null) {
      throw failed;
    }
  }

  private void verify(String tenant) {
    String path = path(Action.VERIFY, tenant) + "?patience=" + VERIFICATION.toMillis() + "ms";
    JsonNode verification =
        new Follow(client, Duration.ofSeconds(20), () -> {})
            .toEnd(
                client.post(path, null),
                () -> client.post(path, null),
                VERIFICATION,
                () ->
                    Failure.of(
                        ErrorCode.WAIT_TIMED_OUT,
                        "the verification of tenant \"" + tenant + "\" is not done after " + Durations.format(VERIFICATION),
                        "the tables are large, the rate is limited, or the target lags",
                        "helios-repl verify run " + tenant));
    boolean equal = verification.path("equal").asBoolean(false);
    dashboard.accept(
        new News.Done(
            equal ? Severity.INFO : Severity.ERROR,
            equal
                ? "verified " + tenant + ": both sides are equal, " + verification.path("tables").size() + " tables"
                : "verified " + tenant + ": both sides DIFFER: helios-repl verify show " + tenant));
  }

  private static String path(Action action, String tenant) {
    return "/tenants/" + tenant + "/" + action.word();
  }

  private static String names(List<String> tenants) {
    return tenants.size() == 1 ? tenants.getFirst() : tenants.size() + " tenants";
  }

  private static Fault fault(FailedException e) {
    Failure first = e.failures().getFirst();
    return Fault.of(first.code(), first.message(), first.why(), first.hint());
  }

  /** What was begun on the server goes on there. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
