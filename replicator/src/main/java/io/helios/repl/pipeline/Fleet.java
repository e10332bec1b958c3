package io.helios.repl.pipeline;

import io.helios.repl.apply.GuardTrial;
import io.helios.repl.apply.SourceCatalog;
import io.helios.repl.capture.CaptureMode;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.schema.DumpPolicy;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.seal.KeyTransfer;
import io.helios.repl.seal.Keyring;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.Evidence;
import io.helios.repl.status.Finding;
import io.helios.repl.status.PipelineDetail;
import io.helios.repl.status.RepairReport;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.status.Verification;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.verify.Repair;
import io.helios.repl.verify.VerifySettings;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that runs in one process: an engine for each source and each target, and a pipeline for each tenant. It
 * keeps no state of its own on disk but the journals: which tenants there are, and what is wanted of them, its maker knows
 * and tells it with {@link #add}.
 *
 * <p>Any thread may call any method. What needs a database throws members of the {@link HeliosException} family.
 */
public final class Fleet implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Fleet.class);

  private final Guests guests;
  private final FleetSettings settings;
  private final Endpoints endpoints;
  private final BackRoutes backRoutes;
  private final Promotions promotions;
  private final Accounts accounts;
  private final HomeLeases leases;
  private final Map<UUID, TenantPipeline> tenants = new ConcurrentHashMap<>();
  private final Keyring keyring;
  private final Consumer<FleetEvent> events;
  private final Ticker ticker;
  private final TenantTurns turns = new TenantTurns();
  private final List<Reconciler> reconcilers = new ArrayList<>();
  private final ExecutorService drivers;
  private final Barriers barriers = new Barriers();
  private final CopyLoad copyLoad;
  private final Supervisor supervisor;
  private final DumpPolicy pgDump;
  private final Tracing tracing;
  private volatile boolean started;
  private volatile Function<String, @Nullable ApplyPeer> peers = region -> null;

  /** Opens the journals; touches no database. */
  public Fleet(FleetSettings settings, Keyring keyring, MeterRegistry meters, Consumer<FleetEvent> events) {
    this(settings, keyring, meters, events, Surroundings.REAL);
  }

  /**
   * Forgets the journals of a data directory whose fleet is not there: another server has captured the same sources since, so theirs are the past.
   * What is missing comes again from the WAL, as when their disk is lost; what is polled is compared.
   */
  public static void forgetJournals(Path dataDirectory) throws IOException {
    JournalDirectory.forgetAll(dataDirectory);
  }

  /** The same in other surroundings. */
  public Fleet(
      FleetSettings settings,
      Keyring keyring,
      MeterRegistry meters,
      Consumer<FleetEvent> events,
      Surroundings surroundings) {
    this.settings = settings;
    this.keyring = keyring;
    this.events = events;
    this.ticker = surroundings.ticker();
    this.pgDump = settings.pgDump();
    this.tracing = surroundings.tracing();
    this.drivers =
        Executors.newCachedThreadPool(Thread.ofPlatform().name("helios-driver-", 1).daemon(true).factory());
    this.backRoutes = new BackRoutes(settings.dataDirectory());
    this.promotions = new Promotions(settings.dataDirectory());
    this.accounts = new Accounts(settings.dataDirectory(), keyring);
    this.guests = new Guests(keyring, tenants::containsKey, this::targetOrNull);
    this.endpoints = new Endpoints(settings, keyring, guests, surroundings, surveyor(), new MirrorNames(settings.dataDirectory(), backRoutes));
    this.leases =
        new HomeLeases(endpoints, this::tables, backRoutes, new LeaseLedger(settings.dataDirectory()), ticker);
    settings.sources().forEach(source -> reconcile(source, meters));
    this.copyLoad =
        new CopyLoad(
            settings.copyLimits(),
            () -> statuses().values(),
            drivers,
            (tenant, kind, what) -> event(FleetEvent.Severity.INFO, tenant.name(), kind, what, null),
            ticker);
    this.supervisor =
        new Supervisor(
            endpoints.sources(), endpoints.targets(), tenants, barriers,
            new SequenceKeeper(endpoints.targets(), tenants), new Meters(meters, settings), copyLoad, drivers,
            this::synchronyChanged, ticker);
  }

  private void synchronyChanged(SynchronousTenants.Change change) {
    event(
        change.waitedFor() ? FleetEvent.Severity.INFO : FleetEvent.Severity.WARN,
        change.tenant(), "synchronous", change.message(), change.problem());
  }

  private void trace(SourceEngine source) {
    source.journal().watch(
        new FrameTracer(source.settings().name(), this::tenant, source::sourceMicros, ticker, tracing));
  }

  private Endpoints.Surveyor surveyor() {
    return new Endpoints.Surveyor() {
      @Override
      public @Nullable String lacks(String source, UUID tenant, SourceIdentity identity, @Nullable Lsn before) {
        return Fleet.this.lacks(source, tenant, identity, before);
      }

      @Override
      public void report(FleetEvent.Severity severity, String kind, String message, Problem problem) {
        event(severity, null, kind, message, problem);
      }

      @Override
      public void news(UUID tenant) {
        Fleet.this.news(tenant);
      }

      @Override
      public @Nullable ApplyPeer peer(String region) {
        return peers.apply(region);
      }

      @Override
      public void made(SourceEngine source) {
        if (tracing.sample() > 0) {
          trace(source);
        }
      }
    };
  }

  private @Nullable Tenant tenant(UUID id) {
    TenantPipeline pipeline = tenants.get(id);
    return pipeline == null ? null : pipeline.tenant();
  }

  private void reconcile(SourceSettings source, MeterRegistry meters) {
    if (source.capture() instanceof CaptureMode.Checkpoint mode) {
      reconcilers.add(
          new Reconciler(
              source.name(),
              mode,
              () -> tenants.values().stream().filter(t -> t.tenant().source().equals(source.name())).toList(),
              new Reconciliation(this::reconciliation, turns),
              (severity, tenant, kind, message, problem) -> event(severity, tenant.name(), kind, message, problem),
              meters,
              ticker,
              RandomGenerator.getDefault()));
    }
  }

  /** Starts the threads. Sources and targets that are out of reach are retried; this does not wait for them. */
  public void start() {
    started = true;
    tracing.start();
    endpoints.start();
    supervisor.start();
    reconcilers.forEach(Reconciler::start);
    tenants.values().forEach(TenantPipeline::begin);
  }

  /**
   * Takes a tenant in, in the state that was asked of it last: before {@link #start} for those that were there before.
   * Fails when its source or target is not configured. One that was promoted at its target is captured and never applied, whatever
   * was asked of it.
   */
  public void add(Tenant tenant, DesiredState asked) {
    DesiredState desired = promotions.has(tenant) ? DesiredState.PROMOTED : asked;
    endpoints.provide(tenant);
    SourceEngine source = source(tenant.source());
    TenantStarter steps = starter(tenant);
    TenantPipeline pipeline = new TenantPipeline(tenant, desired, steps, drivers, this::standingChanged, ticker);
    if (tenants.putIfAbsent(tenant.id(), pipeline) != null) {
      throw new IllegalStateException("tenant " + tenant.name() + " is already there");
    }
    if (desired != DesiredState.CREATED) {
      if (endpoints.captured(tenant).isOtherwise(tenant.id())) {
        switched(tenant, source.settings(), desired);
      } else {
        // It may have been captured before: from the first transaction on, so that none is missed.
        source.route(steps.route(tenant));
      }
      if (started) {
        pipeline.begin();
      }
    }
    if (!isReference(tenant) && source.settings().referenceTables() != null) {
      addReference(tenant, desired);
    }
    captureBack(tenant);
  }

  /** A tenant that was ready for a cutover before the start is captured at its target too, from the first transaction on. */
  private void captureBack(Tenant tenant) {
    BackRoutes.BackRoute route = Handover.begun(backRoutes, tenant);
    if (route == null) {
      return;
    }
    endpoints.turn(tenant.source(), tenant.target());
    Tenant back = handover(tenant).back(route.epoch());
    SourceEngine next = source(tenant.target());
    // Frames of it that are there came from the marker on: it has been found, and the cutover happened.
    boolean open = route.open() || next.journal().backlog(tenant.id()).frames() > 0;
    next.route(starter(back).route(back, open ? null : route.token()));
  }

  /** Who asks for a lease in which database. */
  public HomeLeases leases() {
    return leases;
  }

  /** All tenants, as they are replicated now. */
  public List<Tenant> tenants() {
    return tenants.values().stream().map(TenantPipeline::tenant).toList();
  }

  /** What a move does to the tenant's two databases; for the tenant as it is replicated now. */
  public Handover handover(UUID tenant) {
    return handover(pipeline(tenant).tenant());
  }

  /** The same, for the tenant as it is said to be: it may have been turned, or not yet. */
  public Handover handover(Tenant tenant) {
    return new Handover(tenant, endpoints, backRoutes, hands());
  }

  /** What a failover does to the tenant's two databases; for the tenant as it was before, which it may have been turned from since. */
  public Succession succession(Tenant tenant) {
    return new Succession(
        tenant,
        new Succession.Parts(endpoints, backRoutes, promotions, accounts, keyring, ticker),
        hands());
  }

  private Handover.Hands hands() {
    return new Handover.Hands() {
      @Override
      public TenantPipeline pipeline(Tenant of) {
        return Fleet.this.pipeline(of.id());
      }

      @Override
      public TenantStarter starter(Tenant of) {
        return Fleet.this.starter(of);
      }

      @Override
      public TenantTables tables(Tenant of) {
        return Fleet.this.tables(of);
      }

      @Override
      public void replace(Tenant turned) {
        turnTo(turned, TenantPipeline::begin);
      }

      @Override
      public void renew(Tenant turned) {
        turnTo(turned, pipeline -> pipeline.resync(false));
      }

      @Override
      public void dismiss(Tenant of) {
        tenants.put(
            of.id(),
            new TenantPipeline(
                of, DesiredState.CREATED, starter(of), drivers, Fleet.this::standingChanged, ticker));
        supervisor.forget(of);
      }
    };
  }

  private void turnTo(Tenant turned, Consumer<TenantPipeline> begin) {
    supervisor.forget(turned);
    TenantStarter steps = starter(turned);
    TenantPipeline pipeline =
        new TenantPipeline(turned, DesiredState.RUNNING, steps, drivers, this::standingChanged, ticker);
    source(turned.source()).route(steps.route(turned));
    tenants.put(turned.id(), pipeline);
    begin.accept(pipeline);
    event(
        FleetEvent.Severity.INFO,
        turned.name(),
        "tenant-turned",
        "written at \"%s\" from now on, in epoch %d, and followed by \"%s\"".formatted(
            turned.source(), turned.epoch(), turned.target()),
        null);
  }

  /**
   * Takes another declaration of a tenant that is here. Tier, lag target, fencing and conflict policy may differ at any time; what it
   * replicates, from where and to where only as long as nobody has asked it to start. Nobody else may change the tenant meanwhile.
   *
   * @throws OperatorException when its source or target is not configured
   */
  public void change(Tenant changed) {
    TenantPipeline pipeline = pipeline(changed.id());
    if (pipeline.desired() == DesiredState.CREATED) {
      source(changed.source());
      tenants.put(
          changed.id(),
          new TenantPipeline(
              changed, DesiredState.CREATED, starter(changed), drivers, this::standingChanged, ticker));
      if (source(changed.source()).settings().referenceTables() != null) {
        addReference(changed, DesiredState.CREATED);
      }
    } else if (changed.replicatesAs(pipeline.tenant())) {
      pipeline.change(changed);
    } else {
      throw new IllegalArgumentException("tenant " + changed.name() + " cannot replicate something else now");
    }
  }

  private void switched(Tenant tenant, SourceSettings source, DesiredState desired) {
    boolean polled = source.capture() instanceof CaptureMode.Checkpoint;
    event(
        FleetEvent.Severity.INFO,
        tenant.name(),
        "capture-switched",
        "source \"%s\" is captured %s now: the tenant is compared with it%s, and what differs is moved".formatted(
            source.name(),
            polled ? "by polling, no longer from its WAL" : "from its WAL, no longer by polling",
            desired == DesiredState.RUNNING ? "" : " when it is started again"),
        null);
  }

  /** The source's reference tables are a tenant of their own, one for each target; it runs when any tenant of both does. */
  private void addReference(Tenant tenant, DesiredState desired) {
    Tenant reference = reference(tenant.source(), tenant.target());
    if (!tenants.containsKey(reference.id())) {
      add(reference, desired == DesiredState.CREATED ? desired : DesiredState.RUNNING);
    } else if (desired != DesiredState.CREATED) {
      pipeline(reference.id()).wish(DesiredState.RUNNING);
    }
  }

  private static Tenant reference(String source, String target) {
    String name = "_reference." + source + "." + target;
    return new Tenant(
        UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)),
        name,
        "",
        source,
        target,
        TableFilter.ALL,
        Tier.PREMIUM,
        Duration.ofSeconds(5),
        ConflictPolicy.SOURCE_WINS,
        1);
  }

  private static boolean isReference(Tenant tenant) {
    return tenant.name().startsWith("_reference.");
  }

  /** @throws OperatorException when it was promoted at its target: nothing may be asked of it then */
  public void refuseIfPromoted(UUID tenant) {
    pipeline(tenant).refuseIfPromoted();
  }

  /** Each of these returns as soon as the wish is taken; the status tells how it goes. A fulfilled wish is a no-op. */
  public void startTenant(UUID tenant) {
    TenantPipeline pipeline = pipeline(tenant);
    if (source(pipeline.tenant().source()).settings().referenceTables() != null && !isReference(pipeline.tenant())) {
      addReference(pipeline.tenant(), DesiredState.RUNNING);
    }
    pipeline.start();
  }

  public void pauseTenant(UUID tenant) {
    pipeline(tenant).wish(DesiredState.PAUSED);
  }

  public void resumeTenant(UUID tenant) {
    pipeline(tenant).wish(DesiredState.RUNNING);
  }

  public void stopTenant(UUID tenant) {
    pipeline(tenant).wish(DesiredState.STOPPED);
  }

  /** Streams again from a new consistent point, once the rows that differ there are repaired. */
  public void resyncTenant(UUID tenant) {
    resyncTenant(tenant, false);
  }

  /** @param copy whether everything is copied again, whatever is at the target */
  public void resyncTenant(UUID tenant, boolean copy) {
    pipeline(tenant).resync(copy);
  }

  /** The generation of the key that the tenant's frames are sealed with; 0 when it has none. */
  public int keyGeneration(UUID tenant) {
    return keyring.generation(pipeline(tenant).tenant().id());
  }

  /** The way of keys to other servers and from them. */
  public KeyTransfer keyTransfer() {
    return new KeyTransfer(keyring);
  }

  /**
   * How other regions' servers are told which tenants they apply at their targets; before {@link #start}.
   *
   * @param byRegion null for a region that is no peer
   */
  public void peers(Function<String, @Nullable ApplyPeer> byRegion) {
    peers = byRegion;
  }

  /** Tenants that those servers give to this one. */
  public Guests guests() {
    return guests;
  }

  /** A source's journal, for other regions' servers; null when there is no such source. */
  public @Nullable FrameSource frames(String source) {
    SourceEngine engine = endpoints.sources().get(source);
    return engine == null ? null : engine.journal();
  }

  /** A source's catalog, for the same. */
  public SourceCatalog catalog() {
    return new SourceCatalogs(this::source, none -> null);
  }

  /** Whether a tenant of this source is applied by that region's server at the moment. */
  public boolean isGiven(String source, UUID tenant, String region) {
    TenantPipeline pipeline = tenants.get(tenant);
    return pipeline != null && pipeline.tenant().source().equals(source) && isGiven(pipeline.tenant(), region);
  }

  /** Whether any is. */
  public boolean isGivenAny(String source, String region) {
    return tenants.values().stream()
        .map(TenantPipeline::tenant)
        .anyMatch(tenant -> tenant.source().equals(source) && isGiven(tenant, region));
  }

  private boolean isGiven(Tenant tenant, String region) {
    TargetEngine target = endpoints.targets().get(tenant.target());
    return target != null
        && target.site() instanceof RemoteApplySite site
        && site.region().equals(region)
        && site.gives(tenant.id());
  }

  private @Nullable TargetEngine targetOrNull(String name) {
    return endpoints.targets().get(name);
  }

  /** Seals with a new key from the next frame on; frames under the old ones stay readable. Returns its generation. */
  public int rotateKey(UUID tenant) {
    TenantPipeline pipeline = pipeline(tenant);
    int generation = keyring.create(tenant).generation();
    target(pipeline.tenant().target()).site().rekeyed(tenant);
    event(
        FleetEvent.Severity.INFO, pipeline.tenant().name(), "key-rotated", "sealed with key " + generation + " from now on", null);
    return generation;
  }

  /**
   * Destroys the tenant's keys: every frame of it is unreadable for good, in each copy of the journal. What was not applied
   * yet is lost with them, so the tenant needs a resync, which makes a new key.
   */
  public void shredKey(UUID tenant) {
    TenantPipeline pipeline = pipeline(tenant);
    Problem why =
        new Problem(
            ErrorCode.TENANT_KEY_SHREDDED,
            "the keys of tenant \"" + pipeline.tenant().name() + "\" were shredded",
            "an operator asked for it; what its frames held cannot be read any more",
            "helios-repl tenant resync " + pipeline.tenant().name());
    keyring.destroy(tenant);
    source(pipeline.tenant().source()).abandon(tenant, why);
    event(FleetEvent.Severity.WARN, pipeline.tenant().name(), "key-shredded", why.message(), null);
  }

  /**
   * Ends the tenant's replication: its journal, its position and its key go, the guard is lifted. Its rows stay at the
   * target unless {@code purge}, which one that was promoted there refuses: they are the only ones. Blocks; when the target is out of
   * reach it throws, and can be called again.
   */
  public void removeTenant(UUID tenant, boolean purge) {
    TenantPipeline pipeline = pipeline(tenant);
    if (purge) {
      pipeline.refuseIfPromoted();
    }
    SourceEngine source = source(pipeline.tenant().source());
    TargetEngine target = target(pipeline.tenant().target());
    try {
      pipeline.retire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while removing a tenant", e);
    }
    leases.remove(pipeline.tenant());
    new TenantRemoval(source, target, tables(pipeline.tenant())).run(pipeline.tenant(), purge);
    source.forget(tenant);
    endpoints.captured(pipeline.tenant()).forget(tenant);
    keyring.destroy(tenant);
    backRoutes.forget(tenant);
    promotions.forget(tenant);
    accounts.forget(tenant);
    tenants.remove(tenant);
    supervisor.forget(pipeline.tenant());
    event(FleetEvent.Severity.INFO, pipeline.tenant().name(), "tenant-removed", "removed", null);
  }

  /** Begins to bring everything to rest; it comes about by asking for it again and again. One at a time. */
  public Draining drain() {
    return new Draining(endpoints.sources(), tenants, turns, supervisor, ticker);
  }

  public List<EndpointStatus> sources() {
    return endpoints.sources().values().stream().map(source -> source.status(tenantsOf(source.settings().name(), null))).toList();
  }

  public List<EndpointStatus> targets() {
    return endpoints.targets().values().stream().map(target -> target.status(tenantsOf(null, target.settings().name()))).toList();
  }

  private int tenantsOf(@Nullable String source, @Nullable String target) {
    return (int)
        tenants.values().stream()
            .map(TenantPipeline::tenant)
            .filter(t -> !isReference(t))
            .filter(t -> source == null || t.source().equals(source))
            .filter(t -> target == null || t.target().equals(target))
            .count();
  }

  /** Who needs the slot that moves make at a target ({@link TargetSettings#mirror}): who is written there, or may be soon. */
  public List<String> mirroredTenants(String target) {
    Set<UUID> armed =
        backRoutes.all().stream()
            .filter(route -> route.next().equals(target))
            .map(BackRoutes.BackRoute::tenant)
            .collect(Collectors.toSet());
    return tenants.values().stream()
        .filter(pipeline -> pipeline.desired() != DesiredState.CREATED)
        .map(TenantPipeline::tenant)
        .filter(tenant -> tenant.source().equals(target) || armed.contains(tenant.id()))
        .map(Tenant::name)
        .sorted()
        .toList();
  }

  public List<Finding> checkSource(String name) {
    return source(name).check();
  }

  /** Everything that could hurt a source or a target, asked of all of them now; one that does not answer is a finding. */
  public List<Finding> examine() {
    return new Examination(
            endpoints.sources().values(), endpoints.targets().values(),
            tenants.values().stream().map(TenantPipeline::tenant).toList(), slots(), settings.walBudget(), drivers)
        .run();
  }

  /** That are captured with: a source that is polled has no use for one, nor a target that no tenant has moved to. */
  private Set<String> slots() {
    return Stream.concat(
            settings.sources().stream().filter(s -> s.capture() instanceof CaptureMode.Wal).map(SourceSettings::slot),
            settings.targets().stream().filter(t -> !mirroredTenants(t.name()).isEmpty()).map(TargetSettings::mirror))
        .collect(Collectors.toSet());
  }

  public List<Finding> checkTarget(String name) {
    return endpoints.farTarget(name).check();
  }

  /**
   * Tries at the tenant's target whether clients that write it there are refused, as they must be.
   *
   * @throws TransientException when the target cannot be asked
   */
  public GuardTrial.Outcome tryGuard(UUID tenant) {
    Tenant of = pipeline(tenant).tenant();
    return endpoints.farTarget(of.target()).tryGuard(of);
  }

  public PreparationPlan prepareSource(String name, boolean dryRun) {
    return source(name).prepare(dryRun);
  }

  public PreparationPlan prepareTarget(String name, boolean dryRun) {
    return endpoints.farTarget(name).prepare(dryRun);
  }

  /** What starting the tenant would do, in words and SQL. */
  public List<String> planStart(UUID tenant) {
    Tenant planned = pipeline(tenant).tenant();
    return starter(planned).plan(planned);
  }

  /**
   * What the tenant's target has not, or would not have, of what its schema or database defines: one line each, empty where
   * tenants share tables.
   */
  public List<String> leftOut(UUID tenant) {
    Tenant planned = pipeline(tenant).tenant();
    return starter(planned).definitions().leftOut(planned);
  }

  private TenantStarter starter(Tenant tenant) {
    SourceEngine source = source(tenant.source());
    return new TenantStarter(
        source, target(tenant.target()), keyring, endpoints.captured(tenant), tables(tenant), CopySettings.DEFAULT, copyLoad,
        pgDump, ticker, (severity, about, kind, message) -> event(severity, about.name(), kind, message, null));
  }

  private TenantTables tables(Tenant tenant) {
    return new TenantTables(source(tenant.source()).settings(), isReference(tenant));
  }

  public TenantStatus status(UUID tenant) {
    return supervisor.status(pipeline(tenant));
  }

  /** The tenant's way from source to target in detail. */
  public PipelineDetail detail(UUID tenant) {
    return supervisor.detail(pipeline(tenant));
  }

  public Map<UUID, TenantStatus> statuses() {
    Map<UUID, TenantStatus> all = new LinkedHashMap<>();
    tenants.forEach((id, pipeline) -> all.put(id, supervisor.status(pipeline)));
    return all;
  }

  /** How far the sequences that feed the tenant's tables had come at the source, as last kept at its target. */
  public List<SequenceSample> sequences(UUID tenant) {
    Tenant of = pipeline(tenant).tenant();
    return target(of.target()).sequences(of);
  }

  /**
   * The barrier: completes when everything that had committed at the source before the call is committed at the target;
   * exceptionally, with a {@link HeliosException}, when the tenant fails or needs a resync.
   */
  public CompletableFuture<Lsn> caughtUp(UUID tenant) {
    TenantPipeline pipeline = pipeline(tenant);
    return barriers.await(tenant, source(pipeline.tenant().source()).barrier());
  }

  /** Compares both sides at one point of the WAL while both are live; nothing of it is kept. */
  public CompletableFuture<Verification> verify(UUID tenant, Duration patience) {
    return verify(tenant, VerifySettings.DEFAULT.withPatience(patience), null, evidence -> {})
        .result()
        .thenApply(Evidence::verification);
  }

  /**
   * Compares both sides, with evidence.
   *
   * @param unfinished evidence that is to be gone on with; null to begin anew
   * @param keeper is given the evidence whenever it has grown; what it throws counts as a failure of the comparison
   * @throws OperatorException when the tenant is not streaming, or is being verified or repaired already
   */
  public TenantVerification verify(
      UUID tenant, VerifySettings settings, @Nullable Evidence unfinished, Consumer<Evidence> keeper) {
    TenantPipeline pipeline = pipeline(tenant);
    TenantVerification verification =
        verification(pipeline, tables(pipeline.tenant()), settings, unfinished, keeper);
    verification.replica();
    verification.start(drivers, turns.take(pipeline.tenant(), false, verification::cancel));
    return verification;
  }

  private TenantVerification verification(
      TenantPipeline pipeline,
      TenantTables tables,
      VerifySettings settings,
      @Nullable Evidence unfinished,
      Consumer<Evidence> keeper) {
    return new TenantVerification(
        source(pipeline.tenant().source()),
        target(pipeline.tenant().target()),
        pipeline,
        tables,
        settings,
        copyLoad,
        unfinished,
        keeper);
  }

  /** Makes both sides equal again while they are live: only rows that differ are written, at one point of the WAL. */
  public CompletableFuture<RepairReport> repair(UUID tenant, Duration patience) {
    TenantPipeline pipeline = pipeline(tenant);
    TenantRepair repair = repair(pipeline, tables(pipeline.tenant()), Repair::cheaperThanCopy);
    TenantTurns.Turn turn;
    try {
      turn = turns.take(pipeline.tenant(), true, repair::cancel);
    } catch (OperatorException e) {
      return CompletableFuture.failedFuture(e);
    }
    return CompletableFuture.supplyAsync(
        () -> {
          try (turn) {
            turn.await();
            RepairReport report = repair.run(patience);
            if (!report.tables().isEmpty()) {
              event(
                  FleetEvent.Severity.WARN,
                  pipeline.tenant().name(),
                  "tenant-repaired",
                  "repaired: " + new TenantRepair.Mended(report.tables(), report.bytes()).summary(),
                  null);
            }
            return report;
          }
        },
        drivers);
  }

  private TenantRepair repair(TenantPipeline pipeline, TenantTables tables, LongUnaryOperator most) {
    return new TenantRepair(
        source(pipeline.tenant().source()),
        target(pipeline.tenant().target()),
        pipeline,
        tables,
        settings -> verification(pipeline, tables, settings, null, evidence -> {}),
        most);
  }

  /** Made by the reconciler's thread, for a run of its own. */
  private TenantRepair reconciliation(TenantPipeline pipeline, Predicate<TableDefinition> which) {
    return repair(pipeline, tables(pipeline.tenant()).only(which), Repair::possible);
  }

  /** Waits for what {@link #caughtUp} or {@link #verify} promised; throws what it completed with. */
  public static <T> T await(CompletableFuture<T> promised, Duration patience) throws InterruptedException {
    try {
      return promised.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof HeliosException known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw new TransientException(
          new Problem(
              ErrorCode.WAIT_TIMED_OUT,
              "not reached within " + patience.toSeconds() + " s",
              "the work goes on",
              "wait longer"),
          e);
    }
  }

  @Override
  public void close() {
    reconcilers.forEach(Reconciler::askToStop);
    turns.close();
    reconcilers.forEach(Reconciler::close);
    tenants.values().forEach(TenantPipeline::cancel);
    supervisor.close();
    guests.close();
    copyLoad.close();
    endpoints.close();
    drivers.shutdown();
    tracing.close();
  }

  static Problem bug(Throwable bug) {
    return new Problem(
        ErrorCode.INTERNAL,
        "a bug has stopped this part of helios-repl",
        bug.getClass().getSimpleName() + " (the log has the details)",
        "restart the server; report the log");
  }

  private void news(UUID tenant) {
    TenantPipeline pipeline = tenants.get(tenant);
    if (pipeline != null) {
      target(pipeline.tenant().target()).site().signal(tenant);
    }
  }

  /** What the tenant needs of what committed before, going by what its target says; anything if that cannot be asked. */
  private @Nullable String lacks(String name, UUID tenant, SourceIdentity source, @Nullable Lsn before) {
    TenantPipeline pipeline = tenants.get(tenant);
    if (pipeline != null && !pipeline.tenant().source().equals(name)) {
      // Captured here for the day on which it is written here. Before a cutover was tried there is nothing to lose.
      BackRoutes.BackRoute route = backRoutes.of(tenant);
      return route != null && route.epoch() > 0 ? "it is about to be written here" : null;
    }
    if (pipeline == null || pipeline.isNew()) {
      return null;
    }
    try {
      Lsn has = target(pipeline.tenant().target()).throughOf(pipeline.tenant(), source.systemIdentifier()).orElse(null);
      if (has == null) {
        return null;
      }
      String known = has.equals(Lsn.INVALID)
          ? "its target has noted nothing from this server yet"
          : "its target has what committed before " + has;
      if (before == null) {
        return known;
      }
      return has.isBefore(before)
          ? known + ", and what can be read begins at " + before
          : has.isAfter(source.currentLsn())
              ? known + ", which is beyond the end of the source's WAL at " + source.currentLsn()
              : null;
    } catch (HeliosException e) {
      LOG.warn("the position of tenant {} cannot be asked for: it counts as lost", pipeline.tenant().name(), e);
      return "its target could not be asked what it has: " + e.problem().message();
    }
  }

  private void standingChanged(Tenant tenant, TenantPipeline.Standing before, TenantPipeline.Standing after) {
    Problem problem = after.problem();
    FleetEvent.Severity severity =
        switch (after.state()) {
          case FAILED, NEEDS_RESYNC -> FleetEvent.Severity.ERROR;
          default -> problem == null ? FleetEvent.Severity.INFO : FleetEvent.Severity.WARN;
        };
    String message =
        (before.state() == after.state() ? "still " + after.state() : before.state() + " to " + after.state())
            + (problem == null ? "" : ": " + problem.message());
    event(severity, tenant.name(), "tenant-state", message, problem);
    if (problem != null && problem != before.problem()) {
      String refusal = Refusals.kind(problem.code());
      if (refusal != null) {
        event(FleetEvent.Severity.ERROR, tenant.name(), refusal, problem.message(), problem);
      }
    }
  }

  private void event(
      FleetEvent.Severity severity, @Nullable String tenant, String kind, String message, @Nullable Problem problem) {
    events.accept(new FleetEvent(ticker.now(), severity, tenant, kind, message, problem));
  }

  private TenantPipeline pipeline(UUID tenant) {
    TenantPipeline pipeline = tenants.get(tenant);
    if (pipeline == null) {
      throw new IllegalArgumentException("no such tenant here: " + tenant);
    }
    return pipeline;
  }

  private SourceEngine source(String name) {
    return endpoints.source(name);
  }

  private TargetEngine target(String name) {
    return endpoints.target(name);
  }
}
