package io.helios.repl.tests.cli;

import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.migration.EndFacts;
import io.helios.repl.migration.TenantEnds;
import io.helios.repl.peer.Peers;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.server.FleetMaker;
import io.helios.repl.tenant.Tenant;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/** The rows of arbiters and guards, held in memory: databases on paper, beside a fleet that replicates real ones. */
final class PaperEnds implements TenantEnds, EndFacts, FleetMaker {

  private static final Lsn MARKER = Lsn.parse("2/A0012F30");

  private final FleetMaker engine = FleetMaker.standard(Map.of());
  private final Map<UUID, Arbiter> arbiters = new ConcurrentHashMap<>();
  final List<String> calls = Collections.synchronizedList(new ArrayList<>());
  volatile Seen seen = Seen.NOTHING_IN_THE_WAY;

  /** What stands on the target's disk. */
  volatile Taken taken = new Taken(0, 0, null);

  /** What stands there when it is looked at next, each once; then {@link #taken}. */
  final Queue<Taken> takenFirst = new ConcurrentLinkedQueue<>();

  /** The tenant that cannot be armed. */
  volatile String unfit = "";

  /** Whether markers come to their target. */
  volatile boolean delivers = true;

  /** Whether the target answers when it is asked to refuse. */
  volatile boolean answers = true;

  @Override
  public Fleet make(
      ServerConfiguration configuration,
      Path dataDirectory,
      MeterRegistry meters,
      Consumer<FleetEvent> events,
      Peers peers) {
    return engine.make(configuration, dataDirectory, meters, events, peers);
  }

  @Override
  public TenantEnds ends(Fleet fleet) {
    return this;
  }

  @Override
  public EndFacts endFacts(Fleet fleet) {
    return this;
  }

  @Override
  public Seen of(Tenant tenant) {
    return seen;
  }

  @Override
  public Taken room(Tenant tenant, boolean copied) {
    Taken first = takenFirst.poll();
    return first == null ? taken : first;
  }

  private void note(String call, Tenant tenant) {
    calls.add(call + " " + tenant.name());
  }

  @Override
  public void arm(Tenant tenant) {
    if (tenant.name().equals(unfit)) {
      throw new OperatorException(
          new Problem(ErrorCode.GATE_TARGET, "tenant \"" + unfit + "\" cannot be armed", "it is unfit", "mend it"));
    }
    note("arm", tenant);
  }

  @Override
  public void disarm(Tenant tenant) {
    note("disarm", tenant);
  }

  @Override
  public Arbiter arbiter(Tenant tenant) {
    return arbiters.getOrDefault(tenant.id(), new Arbiter(tenant.epoch(), false, 0));
  }

  @Override
  public Rehearsal rehearse(Tenant tenant, Duration patience) {
    return new Rehearsal(1, 1_500_000, 12_000_000);
  }

  @Override
  public Fence fence(Tenant tenant, long epoch, Duration patience) {
    note("fence", tenant);
    long since = System.nanoTime();
    return new Fence() {
      @Override
      public Lsn markerLsn() {
        return MARKER;
      }

      @Override
      public long sinceNanos() {
        return since;
      }

      @Override
      public void release() {
        note("release", tenant);
      }
    };
  }

  @Override
  public boolean awaitPromoted(Tenant tenant, long epoch, Duration patience) {
    if (delivers) {
      arbiters.put(tenant.id(), new Arbiter(epoch, true, arbiter(tenant).refused()));
    }
    return delivers;
  }

  @Override
  public boolean refuse(Tenant tenant, long epoch) {
    if (!answers) {
      throw new TransientException(
          new Problem(ErrorCode.UNREACHABLE, "target " + tenant.target() + " cannot be reached", "the wire is cut", "mend it"));
    }
    Arbiter now = arbiter(tenant);
    if (now.primary() && now.epoch() >= epoch) {
      return false;
    }
    arbiters.put(tenant.id(), new Arbiter(now.epoch(), now.primary(), Math.max(now.refused(), epoch)));
    return true;
  }

  @Override
  public void lift(Tenant tenant, long epoch) {
    note("lift", tenant);
  }

  @Override
  public Tenant turn(Tenant t, long epoch) {
    note("turn", t);
    arbiters.put(t.id(), new Arbiter(epoch, false, epoch - 1));
    return new Tenant(
        t.id(), t.name(), t.key(), t.target(), t.source(), t.tables(), t.tier(), t.lagTarget(), t.conflicts(), epoch);
  }

  @Override
  public void leave(Tenant turned, boolean purge) {
    note(purge ? "purge" : "leave", turned);
  }
}
