package io.helios.repl.runbook;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.HeliosClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A run's journal in a server's control store. Holding it is a lease that a thread of its own renews; where somebody else has got
 * it meanwhile the runner's thread is interrupted, and its next line is refused. A server that is away is waited for: a step may
 * well restart it.
 */
public final class ServerJournal implements Journal {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final HeliosClient client;
  private final Consumer<String> say;
  private final String run;
  private final String lease;
  private final JsonNode document;
  private final Thread renewing;
  private volatile boolean over;

  private ServerJournal(HeliosClient client, Consumer<String> say, JsonNode taken, Thread runner) {
    this.client = client;
    this.say = say;
    this.run = taken.path("run").path("run").asString("");
    this.lease = taken.path("lease").asString("");
    this.document = taken;
    Duration every = Duration.ofMillis(Math.max(100, taken.path("leaseMillis").asLong(15_000) / 3));
    this.renewing = Thread.ofPlatform().daemon().name("helios-run-lease").start(() -> renew(every, runner));
  }

  /** Begins a run; the calling thread is the one that runs it. */
  public static ServerJournal begin(
      HeliosClient client, String text, Plan plan, Map<String, String> values, String holder, Consumer<String> say) {
    ObjectNode body =
        HeliosClient.object().put("runbook", plan.runbook()).put("text", text).put("steps", plan.steps().size()).put("holder", holder);
    ObjectNode parameters = body.putObject("parameters");
    values.forEach(parameters::put);
    return new ServerJournal(client, say, client.post("/runbooks", body), Thread.currentThread());
  }

  /** Takes a run up that nobody holds; the calling thread is the one that runs it. */
  public static ServerJournal take(HeliosClient client, String run, String holder, Consumer<String> say) {
    JsonNode taken = client.post(path(run) + "/lease", HeliosClient.object().put("holder", holder));
    return new ServerJournal(client, say, taken, Thread.currentThread());
  }

  public static String path(String run) {
    return "/runbooks/" + HeliosClient.encode(run);
  }

  @Override
  public String run() {
    return run;
  }

  /** As it was when it was taken: the run's document with its text. */
  public JsonNode document() {
    return document.path("run");
  }

  /** What its state was before it was taken. */
  public RunState before() {
    return RunState.valueOf(document.path("before").asString(RunState.INTERRUPTED.name()));
  }

  @Override
  public List<Entry> entries() {
    return document().path("steps").valueStream().map(Entry::of).toList();
  }

  @Override
  public void write(Entry entry) throws InterruptedException {
    kept(() -> client.post(path(run) + "/steps/" + entry.seq(), entry.document().put("lease", lease)));
  }

  @Override
  public void end(RunState state) throws InterruptedException {
    over = true;
    kept(() -> client.post(path(run) + "/end", HeliosClient.object().put("lease", lease).put("state", state.name())));
  }

  @Override
  public void close() {
    over = true;
    renewing.interrupt();
  }

  /** Tries again while the server is away. */
  private void kept(Runnable request) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    boolean away = false;
    while (true) {
      try {
        request.run();
        return;
      } catch (FailedException e) {
        if (e.exitCode() == ExitCode.INTERRUPTED) {
          throw interrupted();
        }
        if (e.exitCode() != ExitCode.UNREACHABLE || System.nanoTime() > deadline) {
          throw e;
        }
        if (!away) {
          say.accept("  the server cannot be reached; the run waits for it");
        }
        away = true;
      }
      Thread.sleep(PAUSE);
    }
  }

  private static InterruptedException interrupted() {
    boolean _ = Thread.interrupted();
    return new InterruptedException("the runner was interrupted");
  }

  private void renew(Duration every, Thread runner) {
    FailedException refused = null;
    while (!over && refused == null) {
      try {
        Thread.sleep(every);
        if (!over) {
          client.post(path(run) + "/renew", HeliosClient.object().put("lease", lease));
        }
      } catch (InterruptedException e) {
        return;
      } catch (FailedException e) {
        // A server that is away has given the lease to nobody.
        refused = e.exitCode() == ExitCode.PRECONDITION || e.exitCode() == ExitCode.NOT_FOUND ? e : null;
      }
    }
    if (refused != null && !over) {
      say.accept("  " + refused.getMessage());
      runner.interrupt();
    }
  }
}
