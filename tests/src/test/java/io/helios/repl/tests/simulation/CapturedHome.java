package io.helios.repl.tests.simulation;

import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.capture.CaptureSettings;
import io.helios.repl.capture.ColumnTypes;
import io.helios.repl.capture.Routes;
import io.helios.repl.capture.TenantRoute;
import io.helios.repl.capture.WalCapture;
import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.ReplicationSlot.SlotState;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.relay.RelayLimits;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.simulation.Seams.Life;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What {@code SourceEngine} does with one of the two homes in one life of the server that has the tenants. */
final class CapturedHome {

  private static final Duration RETRY = Duration.ofMillis(100);

  final RelayJournal journal;
  final UnsteadyFrames frames;
  private final MoveWorld world;
  private final MoveHome home;
  private final Life life;
  private final BooleanSupplier reached;
  private final Map<UUID, TenantRoute> routed = new LinkedHashMap<>();
  private Routes routes = routes(0);
  private @Nullable WalCapture capture;
  private @Nullable SimulatedWalStream stream;
  private long retryAt;

  /** @param reached whether there is a way to it at the moment */
  CapturedHome(MoveWorld world, MoveHome home, SimulatedDisk disk, Life life, BooleanSupplier reached) {
    this.world = world;
    this.home = home;
    this.life = life;
    this.reached = reached;
    Weather weather = world.weather;
    this.journal = RelayJournal.open(disk.open(life), new RelayLimits(weather.totalBytes(), weather.tenantBytes(), 4096));
    this.frames = new UnsteadyFrames(journal, world.chance, weather, world.seams, life, position -> {});
  }

  private Routes routes(long version) {
    return new Routes(version, new Tenancy.ByColumn("tenant_id"), TableFilter.ALL, null, new ArrayList<>(routed.values()));
  }

  long route(TenantRoute route) {
    routed.put(route.tenant(), route);
    return publish();
  }

  long unroute(UUID tenant) {
    return routed.remove(tenant) != null ? publish() : routes.version();
  }

  private long publish() {
    routes = routes(routes.version() + 1);
    if (capture != null) {
      capture.route(routes);
    }
    return routes.version();
  }

  boolean isInForce(long version) {
    return capture != null && capture.routesVersion() >= version;
  }

  boolean isUnrouted(long version) {
    return capture == null || capture.routesVersion() >= version;
  }

  ReplicaTenant follow(io.helios.repl.tenant.Tenant tenant) {
    return new ReplicaTenant(tenant, SimulatedServer.WHAT, frames);
  }

  void capture() {
    if (!reached.getAsBoolean()) {
      disconnect();
      return;
    }
    try {
      if (capture != null) {
        capture.runOnce();
      } else if (world.seams.nanos() >= retryAt) {
        connect();
      }
    } catch (HeliosException e) {
      world.trace.note("capture of " + home.side + " fails " + e.problem().code());
      disconnect();
      retryAt = world.seams.nanos() + RETRY.toNanos();
    }
  }

  private void connect() {
    SlotState slot = home.wal.slot();
    SimulatedWalStream opened =
        new SimulatedWalStream(home.wal, world.chance, world.weather, world.seams, life, this::checkRelease);
    stream = opened;
    capture =
        new WalCapture(
            opened,
            home.wal.identity(life),
            world.sealer,
            journal,
            ColumnTypes.BUILT_IN_ONLY,
            settings(),
            world.seams::nanos,
            () -> new Lsn(Long.MAX_VALUE),
            routes);
    world.trace.note("streams from " + home.side, slot.confirmedFlush().value(), journal.capturedUpTo());
  }

  private void checkRelease(long lsn) {
    if (lsn > journal.capturedUpTo()) {
      throw new Violation("the slot at " + home.side + " is released up to " + lsn + ", durable is " + journal.capturedUpTo());
    }
  }

  private CaptureSettings settings() {
    Weather weather = world.weather;
    return new CaptureSettings(
        weather.walBudget(),
        weather.frameBytes(),
        Math.max(weather.frameBytes(), weather.openBytes()),
        Duration.ofMillis(5),
        Duration.ofMillis(1),
        Duration.ofMillis(20),
        Duration.ofNanos(500_000),
        Duration.ZERO);
  }

  private void disconnect() {
    capture = null;
    if (stream != null) {
      stream.close();
      stream = null;
    }
  }
}
