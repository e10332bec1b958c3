package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.Draining;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A server that is going to be stopped: it takes no new work, lets what runs come to its end, brings streams to a mark, and says
 * when it can be stopped. A start of the server knows nothing of it. A thread of its own brings it about, any may ask.
 */
final class Drain implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Drain.class);
  private static final long TURN_MILLIS = 100;

  /** Less work, the way back, and what the journals of runs that have begun are told. */
  private static final Pattern TAKEN =
      Pattern.compile(
          "(POST|DELETE) /api/v1/server/drain|POST /api/v1/tenants/[^/]+/(pause|stop|migration/cancel|failover/export)"
              + "|POST /api/v1/runbooks/[^/]+/.+");

  /** @param awaited null before it was looked */
  private record Standing(Instant since, Draining steps, @Nullable List<Draining.Awaited> awaited) {
    boolean isDrained() {
      return awaited != null && awaited.isEmpty();
    }
  }

  private final Fleet fleet;
  private final Supplier<List<TenantStatus>> tenants;
  private final Consumer<FleetEvent> events;
  private volatile @Nullable Standing standing;

  Drain(Fleet fleet, Supplier<List<TenantStatus>> tenants, Consumer<FleetEvent> events) {
    this.fleet = fleet;
    this.tenants = tenants;
    this.events = events;
  }

  /** Begins; does nothing where it has begun. */
  synchronized void begin() {
    if (standing == null) {
      Standing begun = new Standing(Instant.now(), fleet.drain(), null);
      standing = begun;
      event("server-draining", "draining: no new work is taken until the server is stopped");
      Thread.ofVirtual().name("helios-drain").start(() -> bringAbout(begun.steps()));
    }
  }

  /** Everything goes on; does nothing where nothing was begun. */
  synchronized void undo() {
    Standing now = standing;
    if (now != null) {
      standing = null;
      now.steps().undo();
      event("server-drain-undone", "draining is undone: work is taken again");
    }
  }

  private void bringAbout(Draining steps) {
    try {
      while (tell(steps, steps.runOnce())) {
        Thread.sleep(TURN_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.error("draining met a bug", e);
    }
  }

  /** Whether it is still wanted. It goes on when all is at rest: a tenant that was held up may get well. */
  private synchronized boolean tell(Draining steps, List<Draining.Awaited> awaited) {
    Standing now = standing;
    if (now == null || now.steps() != steps) {
      return false;
    }
    Standing next = new Standing(now.since(), steps, List.copyOf(awaited));
    standing = next;
    if (next.isDrained() && !now.isDrained()) {
      event("server-drained", "drained: the server can be stopped");
    }
    return true;
  }

  private void event(String kind, String message) {
    events.accept(new FleetEvent(Instant.now(), FleetEvent.Severity.INFO, null, kind, message, null));
  }

  /** {@code running}, {@code draining} or {@code drained}. */
  String state() {
    Standing now = standing;
    return now == null ? "running" : now.isDrained() ? "drained" : "draining";
  }

  /** Throws {@link OperatorException} (HR-9029) for what brings new work. */
  void refuse(String method, String path, boolean dryRun) {
    String request = method + " " + path.replaceAll("/+$", "");
    if (standing != null && Permission.of(method, path, dryRun).changes() && !TAKEN.matcher(request).matches()) {
      throw new OperatorException(
          new Problem(
              ErrorCode.SERVER_DRAINING,
              "the server is draining and takes no new work",
              "somebody is about to stop it: " + state(),
              "ask again when it has started anew, or take it back: helios-repl server drain --undo"));
    }
  }

  /** What {@link #begin} would do. */
  List<String> plan() {
    List<TenantStatus> all = tenants.get();
    List<String> steps = new ArrayList<>();
    steps.add("refuse new work from now on; GET /readyz answers 503");
    List<String> copies = names(all, t -> t.state() == TenantState.COPYING && t.error() == null);
    steps.add(copies.isEmpty() ? "wait for no copy: none runs" : "wait until these are copied: " + String.join(", ", copies));
    steps.add("wait for verifications and repairs that run");
    List<String> streaming = names(all, t -> t.state() == TenantState.STREAMING && t.error() == null);
    steps.add("bring " + streaming.size() + " streaming tenants to where their sources are then, and tell the slots");
    for (EndpointStatus source : fleet.sources()) {
      steps.add(
          "capture nothing more of source " + source.name()
              + (source.position() == null ? "" : "; its slot holds back WAL until the server runs again"));
    }
    List<String> held = names(all, t -> t.state() == TenantState.PAUSED || t.state() == TenantState.STOPPED || t.error() != null);
    if (!held.isEmpty()) {
      steps.add("not wait for these, which are paused, stopped or held up: " + String.join(", ", held));
    }
    return steps;
  }

  private static List<String> names(List<TenantStatus> all, Predicate<TenantStatus> which) {
    return all.stream().filter(which).map(TenantStatus::tenant).sorted().toList();
  }

  /** How it stands. */
  ObjectNode document() {
    Standing now = standing;
    ObjectNode node = Json.document("Drain").put("state", state()).put("since", now == null ? null : Documents.time(now.since()));
    ArrayNode waits = node.putArray("waitsFor");
    List<Draining.Awaited> awaited = now == null ? null : now.awaited();
    if (awaited != null) {
      awaited.forEach(a -> waits.addObject().put("kind", a.kind()).put("name", a.name()));
    }
    ArrayNode left = node.putArray("left");
    if (now != null) {
      now.steps().left().forEach(left::add);
    }
    ArrayNode next = node.putArray("nextSteps");
    if (now != null && now.isDrained()) {
      next.add("kill " + ProcessHandle.current().pid());
    }
    next.add(now == null ? "helios-repl server drain --wait" : "helios-repl server drain --undo");
    return node;
  }

  /** For whoever waits until all is at rest. */
  Operations.Work work() {
    return () -> {
      Standing now = standing;
      if (now == null) {
        throw new OperatorException(
            new Problem(
                ErrorCode.DRAIN_UNDONE,
                "draining was undone",
                "somebody wants the server to go on",
                "helios-repl server drain --wait"));
      }
      return now.isDrained() ? document() : null;
    };
  }

  @Override
  public synchronized void close() {
    standing = null;
  }
}
