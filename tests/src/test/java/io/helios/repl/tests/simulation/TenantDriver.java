package io.helios.repl.tests.simulation;

import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.util.concurrent.CompletableFuture;

/**
 * What {@code TenantPipeline} and {@code TenantStarter} do with one tenant in one life of the server, a step at a time, since a
 * crash may come between any two. The copy itself is simulated: a table's rows at its consistent point.
 */
final class TenantDriver {

  enum Stage {
    BEGIN,
    UNROUTING,
    ROUTING,
    COPYING,
    STREAMING,
    NEEDS_RESYNC,
    FAILED,
    RESTING
  }

  final Declared declared;
  private final World world;
  private final SimulatedServer server;
  private Stage stage;
  private boolean anew;
  private boolean renewing;

  /** Whether the supervisor has looked at it since it streams, or is about to: from then on the slot waits for it. */
  private boolean counts;

  private long version;
  private Problem problem;
  private ReplicaTenant replica;
  private CompletableFuture<Void> leaving = CompletableFuture.completedFuture(null);

  TenantDriver(World world, SimulatedServer server, Declared declared, boolean anew) {
    this.world = world;
    this.server = server;
    this.declared = declared;
    this.anew = anew;
    this.renewing = anew;
    this.stage = declared.wanted ? Stage.BEGIN : Stage.RESTING;
  }

  Stage stage() {
    return stage;
  }

  Problem problem() {
    return problem;
  }

  ReplicaTenant replica() {
    return replica;
  }

  boolean isStreaming() {
    return stage == Stage.STREAMING;
  }

  boolean counts() {
    return counts && (isStreaming() || isResuming());
  }

  void count() {
    counts = isStreaming() || isResuming();
  }

  boolean isResuming() {
    return isAtWork() && stage != Stage.COPYING;
  }

  boolean isWatched() {
    return stage != Stage.NEEDS_RESYNC;
  }

  boolean isRenewing() {
    return renewing;
  }

  boolean isAtWork() {
    return stage == Stage.BEGIN || stage == Stage.UNROUTING || stage == Stage.ROUTING || stage == Stage.COPYING;
  }

  // --- what the operator wishes

  void resync() {
    declared.wanted = true;
    detach();
    anew = true;
    renewing = true;
    stage = Stage.BEGIN;
  }

  /** Only of one that failed or rests. */
  void start() {
    declared.wanted = true;
    stage = Stage.BEGIN;
  }

  void stop() {
    declared.wanted = false;
    detach();
    stage = Stage.RESTING;
  }

  /** Noticed by the supervisor. */
  void fail(Problem why, boolean needsResync) {
    detach();
    stand(needsResync ? Stage.NEEDS_RESYNC : Stage.FAILED, why);
  }

  private void stand(Stage next, Problem why) {
    stage = next;
    problem = why;
    world.trace.note(next + " " + why.code(), declared.number, 0);
    if (next == Stage.NEEDS_RESYNC) {
      world.promises.excuse(declared, why);
    }
  }

  private void detach() {
    counts = false;
    if (replica != null) {
      leaving = server.schedule.remove(declared.id);
      replica = null;
    }
  }

  // --- one step on the way

  void step() {
    if (!isAtWork() || !leaving.isDone()) {
      return;
    }
    try {
      switch (stage) {
        case BEGIN -> begin();
        case UNROUTING -> forget();
        case ROUTING -> awaitRoute();
        default -> copy();
      }
    } catch (TransientException e) {
      stage = Stage.BEGIN;
    } catch (HeliosException e) {
      stand(e.problem().code() == ErrorCode.TENANT_NEEDS_RESYNC ? Stage.NEEDS_RESYNC : Stage.FAILED, e.problem());
      renewing = false;
    }
  }

  private void begin() {
    if (anew) {
      world.target.reopenCopy(declared.id, server.life);
      version = server.unroute(declared.id);
      stage = Stage.UNROUTING;
      return;
    }
    refuseWhatWasDropped();
    if (world.target.copied(declared.id, server.life).isPresent()) {
      server.route(declared.route());
      attach();
    } else {
      prepare();
    }
  }

  private void forget() {
    if (server.isUnrouted(version) && server.journal.forget(declared.id)) {
      server.gaps.forget(declared.id);
      renewing = false;
      world.trace.note("forgotten", declared.number, 0);
      prepare();
    }
  }

  private void prepare() {
    world.target.register(declared.number, declared.id, declared.epoch, anew, server.life);
    version = server.route(declared.route());
    stage = Stage.ROUTING;
  }

  private void awaitRoute() {
    if (server.isInForce(version)) {
      stage = Stage.COPYING;
    }
  }

  /** The next table, at a consistent point of its own. */
  private void copy() {
    counts = false;
    SimulatedReplica at = world.target.replica(declared.id);
    for (SimulatedTable table : SimulatedTable.values()) {
      if (!at.copiedAt.containsKey(table)) {
        world.target.copy(
            declared.id, table, world.source.end(), world.source.rows(declared.number).copy(), server.life);
        return;
      }
    }
    refuseWhatWasDropped();
    attach();
  }

  private void attach() {
    replica = server.attach(declared);
    anew = false;
    stage = Stage.STREAMING;
    world.trace.note("streams", declared.number, world.target.replica(declared.id).position);
  }

  private void refuseWhatWasDropped() {
    if (server.journal.overflowed().contains(declared.id)) {
      throw new OperatorException(
          new Problem(ErrorCode.TENANT_NEEDS_RESYNC, "dropped", "the journal holds not all of what it needs", "resync"));
    }
  }
}
