package io.helios.repl.tests.simulation;

import io.helios.repl.apply.Applier;
import io.helios.repl.apply.ApplySchedule;
import io.helios.repl.apply.ApplySettings;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.apply.Replicated;
import io.helios.repl.capture.CaptureSettings;
import io.helios.repl.capture.ColumnTypes;
import io.helios.repl.capture.Routes;
import io.helios.repl.capture.TenantRoute;
import io.helios.repl.capture.WalCapture;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.AppliedMarks;
import io.helios.repl.pipeline.SourceGaps;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.postgres.ConnectionStrings;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.ReplicationSlot.SlotState;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.relay.RelayLimits;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import org.jspecify.annotations.Nullable;
import io.helios.repl.tests.simulation.Seams.Life;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * One life of the server: the engine's own parts, put together as {@code SourceEngine}, {@code TargetEngine} and {@code
 * Supervisor} do, but each step is called by the scheduler instead of a thread. All of it is gone when the life ends.
 */
final class SimulatedServer {

  private static final Duration RETRY = Duration.ofMillis(100);

  static final Replicated WHAT =
      new Replicated(new Tenancy.ByColumn("tenant_id"), false, "shop", SimulatedSource.SYSTEM, "here");

  /** Nothing is ever connected to. */
  private static final SourceSettings SETTINGS =
      new SourceSettings(
          "shop",
          ConnectionStrings.parse("postgresql://nobody@127.0.0.1:1/shop", null),
          new Tenancy.ByColumn("tenant_id"),
          TableFilter.ALL,
          null,
          "helios_shop",
          "helios_shop",
          "here");

  final Life life = new Life(true);
  final RelayJournal journal;
  final ApplySchedule schedule;
  final SourceGaps gaps;
  final Map<UUID, TenantDriver> drivers = new LinkedHashMap<>();
  private final World world;
  private final UnsteadyFrames frames;
  private final List<Applier> appliers = new ArrayList<>();
  private final AppliedMarks marks = new AppliedMarks();
  private final Map<UUID, TenantRoute> routed = new LinkedHashMap<>();
  private Routes routes = routes(0);
  private WalCapture capture;
  private SimulatedWalStream stream;
  private Lsn releasable = Lsn.INVALID;
  private long retryAt;
  private long arrivals;

  SimulatedServer(World world) {
    this.world = world;
    Weather weather = world.weather;
    this.journal =
        RelayJournal.open(world.disk.open(life), new RelayLimits(weather.totalBytes(), weather.tenantBytes(), 4096));
    this.frames = new UnsteadyFrames(journal, world.chance, weather, world.seams, life, world.promises::shown);
    this.schedule = new ApplySchedule(world.seams::nanos, 2);
    this.gaps = new SourceGaps(SETTINGS, journal, weather.walBudget(), this::lacks, (severity, problem) -> {}, null);
    ApplySettings settings = applySettings(weather);
    for (int i = 0; i < weather.appliers(); i++) {
      appliers.add(new Applier(
          schedule, world.opener::open, world.target.open(life), settings, world.seams::nanos, world.chance.generator()));
    }
    for (Declared declared : world.tenants) {
      if (declared.started) {
        route(declared.route());
        drivers.put(declared.id, new TenantDriver(world, this, declared, false));
      }
    }
  }

  static ApplySettings applySettings(Weather weather) {
    return new ApplySettings(
        weather.appliers(),
        weather.frameBytes() % 7 + 2,
        40,
        8_000,
        weather.frameBytes() * 3,
        Duration.ofMillis(50),
        Duration.ofMillis(2),
        Duration.ofMillis(300),
        true);
  }

  private Routes routes(long version) {
    return new Routes(
        version, new Tenancy.ByColumn("tenant_id"), TableFilter.ALL, null, new ArrayList<>(routed.values()));
  }

  // --- what SourceEngine does

  long route(TenantRoute route) {
    routed.put(route.tenant(), route);
    return publishRoutes();
  }

  long unroute(UUID tenant) {
    return routed.remove(tenant) != null ? publishRoutes() : routes.version();
  }

  private long publishRoutes() {
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

  void capture() {
    if (routes.tenants().isEmpty() && !journal.holdsOnlyDropped()) {
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
      world.trace.note("capture fails " + e.problem().code(), 0, 0);
      if (e.problem().code() == ErrorCode.SOURCE_HISTORY) {
        gaps.beginNewHistory(e, routes);
      }
      disconnect();
      retryAt = world.seams.nanos() + RETRY.toNanos();
    }
  }

  private void connect() {
    SourceIdentity found = world.source.identity(life);
    SlotState slot = world.source.slot();
    gaps.notice(found, slot, routes);
    world.promises.wentOn();
    stream =
        new SimulatedWalStream(world.source, world.chance, world.weather, world.seams, life, world::checkRelease);
    capture =
        new WalCapture(
            gaps.witnessed(stream, slot.confirmedFlush()),
            found,
            world.sealer,
            journal,
            ColumnTypes.BUILT_IN_ONLY,
            captureSettings(),
            world.seams::nanos,
            () -> Lsn.min(releasable, gaps.lastTransaction()),
            routes);
    world.trace.note("streams from", slot.confirmedFlush().value(), journal.capturedUpTo());
  }

  private CaptureSettings captureSettings() {
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

  private @Nullable String lacks(UUID tenant, SourceIdentity source, @Nullable Lsn before) {
    Declared declared = world.declared(tenant);
    if (!declared.started) {
      return null;
    }
    boolean loses;
    try {
      loses = world.target.through(tenant, life).map(has -> before == null || has.isBefore(before) || has.isAfter(source.currentLsn())).orElse(false);
    } catch (HeliosException e) {
      loses = true;
    }
    if (loses) {
      world.promises.gap(declared);
    }
    return loses ? "the simulated target says so" : null;
  }

  Lsn capturedUpTo() {
    Lsn durable = new Lsn(journal.capturedUpTo());
    return capture == null ? durable : Lsn.max(durable, capture.status().receivedUpTo());
  }

  private Problem lost(UUID tenant) {
    Problem failure = capture == null ? null : capture.failure(tenant);
    if (failure != null || !journal.overflowed().contains(tenant)) {
      return failure;
    }
    Problem gap = gaps.of(tenant);
    return gap != null ? gap : new Problem(ErrorCode.JOURNAL_OVERFLOW, "overflow", "its quota", "resync");
  }

  // --- what TargetEngine and Dispatcher do

  void dispatch() {
    try {
      FrameSource.Arrivals found = frames.arrivals(arrivals, Duration.ZERO);
      arrivals = found.mark();
      found.tenants().forEach(schedule::signal);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  void apply(int applier) {
    appliers.get(applier).runOnce();
  }

  ReplicaTenant attach(Declared declared) {
    ReplicaTenant replica = new ReplicaTenant(declared.tenant(), WHAT, frames);
    schedule.add(replica);
    return replica;
  }

  // --- what Supervisor does

  void notice() {
    for (TenantDriver driver : drivers.values()) {
      if (driver.isWatched()) {
        notice(driver);
      }
    }
    releasable = marks.releasable(streaming());
    drivers.values().forEach(TenantDriver::count);
  }

  private void notice(TenantDriver driver) {
    UUID id = driver.declared.id;
    if (driver.isStreaming() && !journal.overflowed().contains(id)) {
      driver.declared.excused = false;
    }
    Problem lost = driver.isRenewing() ? null : lost(id);
    if (lost != null) {
      abandon(id, lost);
      driver.fail(lost, true);
      return;
    }
    ReplicaTenant replica = driver.replica();
    if (replica != null && replica.status().stopped()) {
      Problem problem = replica.status().error();
      driver.fail(problem, problem.code() == ErrorCode.TENANT_NEEDS_RESYNC || problem.code() == ErrorCode.JOURNAL_GAP);
    }
  }

  private void abandon(UUID tenant, Problem why) {
    gaps.remember(tenant, why);
    try {
      journal.drop(tenant);
      unroute(tenant);
    } catch (TransientException e) {
      world.trace.note("not dropped yet");
    }
  }

  void mark() {
    marks.write(SimulatedTarget.NAME, this::due, due -> world.target.mark(due, life), schedule::distrust);
  }

  private List<AppliedMarks.Streaming> streaming() {
    List<AppliedMarks.Streaming> found = new ArrayList<>();
    for (TenantDriver driver : drivers.values()) {
      ReplicaTenant replica = driver.replica();
      if (driver.isStreaming() || driver.isResuming()) {
        Lsn position = replica == null ? Lsn.INVALID : replica.status().position();
        found.add(new AppliedMarks.Streaming(driver.declared.id, driver.declared.epoch, position));
      }
    }
    return found;
  }

  private List<AppliedMarks.Due> due() {
    List<AppliedMarks.Due> found = new ArrayList<>();
    for (TenantDriver driver : drivers.values()) {
      ReplicaTenant replica = driver.replica();
      if (driver.isStreaming() && replica != null) {
        UUID id = driver.declared.id;
        Lsn transaction = gaps.lastTransaction();
        Lsn position = replica.status().position();
        Lsn through = through(id);
        if (through != null) {
          found.add(new AppliedMarks.Due(id, driver.declared.epoch, position, through, transaction));
        }
      }
    }
    return found;
  }

  private Lsn through(UUID tenant) {
    ReplicaTenant replica = drivers.get(tenant).replica();
    if (replica == null) {
      return null;
    }
    return AppliedMarks.through(journal, capturedUpTo(), tenant, replica.status().position());
  }
}
