package io.helios.repl.pipeline;

import io.helios.repl.apply.ApplySettings;
import io.helios.repl.capture.CaptureMode;
import io.helios.repl.capture.CaptureSettings;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.relay.RelayLimits;
import io.helios.repl.seal.Keyring;
import io.helios.repl.tenant.Tenant;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * An engine for each source and each target: those that are configured, and those that moves of tenants need the other
 * way round, a target as a source and a source as a target, under the names that they have.
 *
 * <p>Any thread.
 */
final class Endpoints {

  /** What engines ask and tell. */
  interface Surveyor {
    /** What a tenant lacks of what committed before, at this source: see {@link SourceGaps.Judge}. */
    @Nullable String lacks(String source, UUID tenant, SourceIdentity identity, @Nullable Lsn before);

    void report(FleetEvent.Severity severity, String kind, String message, Problem problem);

    /** The tenant has new frames in a journal. */
    void news(UUID tenant);

    /** Another region's server; null when it is no peer. */
    @Nullable ApplyPeer peer(String region);

    /** A source was made: before it is started. */
    void made(SourceEngine source);
  }

  private final Map<String, SourceEngine> sources = new ConcurrentSkipListMap<>();
  private final Map<String, TargetEngine> targets = new ConcurrentSkipListMap<>();
  private final Map<String, CapturedTenants> captured = new ConcurrentSkipListMap<>();
  private final FleetSettings settings;
  private final Keyring keyring;
  private final Guests guests;
  private final Surroundings surroundings;
  private final Surveyor surveyor;
  private final MirrorNames mirrors;
  private boolean started;
  private boolean closed;

  /** Opens the journals of what is configured; touches no database. */
  Endpoints(
      FleetSettings settings, Keyring keyring, Guests guests, Surroundings surroundings, Surveyor surveyor, MirrorNames mirrors) {
    this.settings = settings;
    this.keyring = keyring;
    this.guests = guests;
    this.surroundings = surroundings;
    this.surveyor = surveyor;
    this.mirrors = mirrors;
    settings.targets().forEach(this::make);
    settings.sources().forEach(this::make);
  }

  /** By name, as they are now. */
  Map<String, SourceEngine> sources() {
    return sources;
  }

  Map<String, TargetEngine> targets() {
    return targets;
  }

  SourceEngine source(String name) {
    return configured(sources.get(name), "source", name);
  }

  TargetEngine target(String name) {
    return configured(targets.get(name), "target", name);
  }

  CapturedTenants captured(Tenant tenant) {
    return configured(captured.get(tenant.source()), "source", tenant.source());
  }

  synchronized void start() {
    started = true;
    targets.values().forEach(TargetEngine::start);
    sources.values().forEach(source -> source.start(surveyor::news));
  }

  /**
   * Makes what a tenant needs that goes to another region's target, and one that has moved, and follows the other way round now.
   * Does nothing where its source and target are there.
   *
   * @throws OperatorException when one of them is configured neither as a source nor as a target
   */
  synchronized void provide(Tenant tenant) {
    provideFar(tenant.target());
    provideFar(tenant.source()); // it has moved there
    boolean turned = !sources.containsKey(tenant.source()) && targets.containsKey(tenant.source())
        && sources.containsKey(tenant.target());
    if (turned) {
      turn(tenant.target(), tenant.source());
    }
  }

  /** Another region's target, also before a tenant goes there. */
  synchronized TargetEngine farTarget(String name) {
    provideFar(name);
    return target(name);
  }

  private void provideFar(String name) {
    int slash = name.indexOf('/');
    if (slash > 0 && !targets.containsKey(name)) {
      String region = name.substring(0, slash);
      String there = name.substring(slash + 1);
      make(TargetSettings.of(region, there, ConnectionSettings.through(surroundings.way(region, there), region, there)));
    }
  }

  /**
   * Makes the target a source, and the source a target: what of it is there stays.
   *
   * @throws OperatorException when one of the names stands for another database already
   */
  synchronized void turn(String source, String target) {
    SourceSettings home = source(source).settings();
    TargetSettings next = target(target).settings();
    SourceEngine asSource = sources.get(target);
    if (asSource == null) {
      make(mirrored(home, next));
    } else if (!isThe(next, asSource.settings(), home)) {
      throw otherwise("source", target);
    }
    TargetEngine asTarget = targets.get(source);
    if (asTarget == null) {
      make(new TargetSettings(source, home.connection(), home.region()));
    } else if (!asTarget.settings().connection().place().equals(home.connection().place())) {
      throw otherwise("target", source);
    }
  }

  /** Whether this source is not in the configuration, but was made for tenants that moved there. */
  boolean isMirror(String source) {
    return settings.sources().stream().noneMatch(configured -> configured.name().equals(source));
  }

  private static boolean isThe(TargetSettings target, SourceSettings there, SourceSettings home) {
    return there.connection().place().equals(target.connection().place())
        && there.capture() instanceof CaptureMode.Wal
        && there.tenancy().equals(home.tenancy());
  }

  private SourceSettings mirrored(SourceSettings home, TargetSettings next) {
    String object = mirrors.of(next);
    return new SourceSettings(
        next.name(), next.connection(), home.tenancy(), home.tables(), null, object, object, next.region());
  }

  private static OperatorException otherwise(String kind, String name) {
    return new OperatorException(
        new Problem(
            ErrorCode.HOME_NAMES_DIFFER,
            "the " + kind + " \"" + name + "\" is not what a move needs under this name",
            "it is another database than the one of the same name, or is captured or tells tenants apart in another way",
            "give one of them another name in the configuration, and restart the server"));
  }

  private void make(TargetSettings target) {
    TargetEngine engine = new TargetEngine(target, site(target), surroundings.ticker());
    targets.put(target.name(), engine);
    if (started && !closed) {
      engine.start();
    }
  }

  private ApplySite site(TargetSettings target) {
    if (target.peer() != null) {
      return new RemoteApplySite(target.peer(), target.nameThere(), surveyor::peer, keyring, surroundings.ticker());
    }
    ApplySettings apply = ApplySettings.DEFAULTS.withWorkers(settings.applyWorkers());
    return new LocalApplySite(
        target.name(),
        guests.keys(),
        apply,
        surroundings.target(target, apply, new SourceCatalogs(this::source, guests::catalog)),
        surroundings.ticker(),
        surroundings::mayWork);
  }

  private void make(SourceSettings source) {
    CapturedTenants polled = CapturedTenants.open(settings.dataDirectory(), source.name(), source.capture());
    JournalDirectory.Opened journal =
        JournalDirectory.open(
            surroundings,
            settings.dataDirectory(),
            source.name(),
            source.capture(),
            new RelayLimits(settings.journalBytes(), settings.journalBytesPerTenant()));
    Problem damage = journal.damage();
    if (damage != null) {
      surveyor.report(FleetEvent.Severity.ERROR, "journal-damaged", damage.message(), damage);
    }
    SourceEngine engine =
        new SourceEngine(
            source,
            JournalDirectory.of(settings.dataDirectory(), source.name()),
            journal.journal(),
            keyring,
            settings.zstdLevel(),
            CaptureSettings.withWalBudget(settings.walBudget()),
            (tenant, identity, before) -> surveyor.lacks(source.name(), tenant, identity, before),
            (severity, problem) ->
                surveyor.report(
                    severity,
                    "source",
                    (severity == FleetEvent.Severity.INFO ? "over: " : "") + problem.message(),
                    problem),
            damage,
            surroundings);
    surveyor.made(engine);
    captured.put(source.name(), polled);
    sources.put(source.name(), engine);
    if (started && !closed) {
      engine.start(surveyor::news);
    }
  }

  private static <T> T configured(@Nullable T engine, String kind, String name) {
    if (engine == null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.ENDPOINT_NOT_CONFIGURED,
              "there is no " + kind + " \"" + name + "\"",
              "the server's configuration does not name it",
              "helios-repl " + kind + " list"));
    }
    return Objects.requireNonNull(engine);
  }

  /** The targets first, since they write. */
  synchronized void close() {
    closed = true;
    targets.values().forEach(TargetEngine::close);
    sources.values().forEach(SourceEngine::close);
  }
}
