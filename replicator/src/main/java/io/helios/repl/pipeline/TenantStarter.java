package io.helios.repl.pipeline;

import io.helios.repl.apply.CopyLedger;
import io.helios.repl.apply.HomeGuard;
import io.helios.repl.apply.ReadOnlyGuard;
import io.helios.repl.apply.Replica;
import io.helios.repl.apply.ReplicaState;
import io.helios.repl.apply.Replicas;
import io.helios.repl.apply.Replicated;
import io.helios.repl.apply.SeenTables;
import io.helios.repl.apply.SequenceLedger;
import io.helios.repl.apply.SharedRows;
import io.helios.repl.apply.TargetCheck;
import io.helios.repl.apply.TargetPreparation;
import io.helios.repl.capture.TenantRoute;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.RowCondition;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableName;
import io.helios.repl.postgres.schema.Definitions;
import io.helios.repl.postgres.schema.DumpPolicy;
import io.helios.repl.postgres.schema.SchemaComparison;
import io.helios.repl.postgres.schema.SchemaPlan;
import io.helios.repl.seal.Keyring;
import io.helios.repl.status.Finding;
import io.helios.repl.status.MendedTable;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one tenant from nothing, or from where it was, to streaming. The order of the steps is what makes the copy and
 * the stream meet without a gap: the tenant is routed before the copy's consistent point exists.
 *
 * <p>Called by drivers' threads; holds no state of its own.
 */
final class TenantStarter implements TenantPipeline.Steps {

  private static final Logger LOG = LoggerFactory.getLogger(TenantStarter.class);
  private static final Duration TURN = Duration.ofMillis(5);

  /** Many may wait for a place: each look costs as much as there are others. */
  private static final Duration PLACE_TURN = Duration.ofMillis(500);

  private final SourceEngine source;
  private final TargetEngine target;
  private final Keyring keyring;
  private final CapturedTenants captured;
  private final TenantTables tables;
  private final CopySettings copySettings;
  private final CopyLoad load;
  private final Ticker ticker;
  private final TenantDefinitions own;
  private final News news;

  /** Who tells operators what was done. */
  interface News {
    void tell(FleetEvent.Severity severity, Tenant tenant, String kind, String message);
  }

  /** @param load slows copies down that others feel */
  TenantStarter(
      SourceEngine source,
      TargetEngine target,
      Keyring keyring,
      CapturedTenants captured,
      TenantTables tables,
      CopySettings copySettings,
      CopyLoad load,
      DumpPolicy pgDump,
      Ticker ticker,
      News news) {
    this.own = new TenantDefinitions(source, target, tables, pgDump, news);
    this.news = news;
    this.source = source;
    this.target = target;
    this.keyring = keyring;
    this.captured = captured;
    this.tables = tables;
    this.copySettings = copySettings;
    this.load = load;
    this.ticker = ticker;
  }

  @Override
  public Replica bringUp(Tenant tenant, TenantPipeline.Manner manner, TenantPipeline.Progress progress)
      throws InterruptedException {
    if (!keyring.has(tenant.id())) {
      keyring.create(tenant.id());
    }
    boolean anew = manner.isAnew();
    if (!anew) {
      refuseWhatWasDropped(tenant);
    }
    if (manner == TenantPipeline.Manner.RESUME) {
      Optional<ReplicaState> before = target.copied(tenant);
      if (before.isPresent()) {
        source.route(route(tenant));
        return attach(tenant, before.get().sourceSystem());
      }
    }
    while (!source.copyPlaces().tryAcquire(PLACE_TURN.toMillis(), TimeUnit.MILLISECONDS)) {
      cancelUnlessWanted(progress);
    }
    try {
      List<TenantTable> rows = prepare(tenant, manner);
      long version = source.route(route(tenant));
      awaitInForce(version, tenant, progress);
      captured.begins(tenant.id()); // not before: until now the journal may be as empty as a switch left it
      TenantCopy copy = copy(tenant, rows, progress);
      if (anew || !copy.mended().isEmpty()) {
        news.tell(FleetEvent.Severity.INFO, tenant, "tenant-resynced", summary(copy));
      }
    } finally {
      source.copyPlaces().release();
    }
    refuseWhatWasDropped(tenant);
    return attach(tenant, source.requireIdentity().systemIdentifier());
  }

  private Replica attach(Tenant tenant, long sourceSystem) {
    return target.site().attach(tenant, replicated(sourceSystem), source.journal());
  }

  @Override
  public @Nullable Problem lost(Tenant tenant) {
    return source.lost(tenant.id());
  }

  @Override
  public void forget(Tenant tenant, TenantPipeline.Progress progress) throws InterruptedException {
    // First: whoever stops in between finds a tenant that is to be copied, not one that goes on over what is not captured.
    target.reopen(tenant);
    long version = source.unroute(tenant.id());
    while (!source.isUnrouted(version)) {
      cancelUnlessWanted(progress);
      Thread.sleep(TURN);
    }
    // Before the target begins anew: with its old frames gone, and known to be, the journal would have a gap for it.
    while (!source.forget(tenant.id())) {
      cancelUnlessWanted(progress);
      Thread.sleep(TURN);
    }
  }

  @Override
  public boolean goesOnOtherwise(Tenant tenant) {
    return captured.isOtherwise(tenant.id());
  }

  @Override
  public void takeDown(Replica replica) throws InterruptedException {
    target.site().detach(replica.id());
  }

  /** What its schema or database defines besides rows, and its target. */
  TenantDefinitions definitions() {
    return own;
  }

  TenantRoute route(Tenant tenant) {
    return route(tenant, null);
  }

  /** @param opensAt the token of the marker from which on the tenant is written at this source; null: it is now */
  TenantRoute route(Tenant tenant, @Nullable UUID opensAt) {
    return new TenantRoute(
        tenant.id(),
        tenant.epoch(),
        tables.reference() ? TenantRoute.Kind.REFERENCE : TenantRoute.Kind.KEYED,
        tenant.key(),
        tenant.tables(),
        opensAt);
  }

  /**
   * Makes ready what the tenant will need once it is written at this source, which is its target now: the source to be
   * captured, and captured for it, and the target, where it is written now, to follow. When this returns, everybody who
   * writes the tenant there does so under the guard.
   *
   * @param back the tenant as it will be then
   * @param opensAt the token of a marker that will not come: each try of a cutover has its own
   */
  void arm(Tenant back, UUID opensAt) throws InterruptedException {
    if (!keyring.has(back.id())) {
      keyring.create(back.id());
    }
    Handover.forget(source, back.id());
    try (Connection from = PgConnections.openForDefinitions(source.settings().connection(), "arm", back.name());
        Connection to = PgConnections.openForDefinitions(target.settings().connection(), "arm", back.name())) {
      List<TenantTable> rows = rows(from, back);
      List<TableDefinition> definitions = rows.stream().map(TenantTable::definition).toList();
      source.prepare(false);
      refuseWhatCheckFinds(source.check(from), rows);
      requireKey(from, back, rows);
      TargetPreparation.run(to, target.settings().name(), from, definitions);
      refuseMismatches(back, SchemaComparison.compare(from, to, definitions));
      refuseWhatCheckFinds(TargetCheck.run(to, target.settings().name(), from, definitions), rows);
      requireKey(to, back, rows(to, back)); // tables that came since it was started
      Handover.awaitInForce(source, source.route(route(back, opensAt)));
      captured.begins(back.id());
      long sourceSystem = source.askIdentity().systemIdentifier();
      Lsn position = SeenTables.endOfWal(from);
      new HomeGuard(to, target.settings().name()).arm(back, replicated(sourceSystem), position, rows);
      SeenTables.note(to, from, back.id(), rows, position, true);
      OlderTransactions.await(to, target.settings().name(), back.name(), ticker);
    } catch (SQLException e) {
      throw SqlStates.classify(
          e,
          ErrorCode.SOURCE_NOT_PREPARED,
          "tenant \"" + back.name() + "\" cannot be made ready to be moved to \"" + source.settings().name() + "\"",
          "helios-repl source check " + target.settings().name() + "; helios-repl target check "
              + source.settings().name());
    }
  }

  /** Takes the guard away that {@link #arm} put up where the tenant is written, this starter's target. */
  void disarm(Tenant tenant) {
    try (Connection to = PgConnections.openForDefinitions(target.settings().connection(), "disarm", tenant.name())) {
      new HomeGuard(to, target.settings().name()).disarm(tenant.id());
    } catch (SQLException e) {
      throw target.refused(e);
    }
  }

  /** This starter's target was the tenant's home once, and has followed; that ends. Its home is at the source for good. */
  void leave(Tenant tenant, boolean purge) {
    try (Connection from = PgConnections.openForDefinitions(source.settings().connection(), "leave", tenant.name());
        Connection to = PgConnections.openForDefinitions(target.settings().connection(), "leave", tenant.name())) {
      List<TenantTable> rows = purge ? rows(from, tenant) : List.of();
      new HomeGuard(to, target.settings().name()).leave(tenant, rows);
      new HomeGuard(from, source.settings().name()).disarm(tenant.id());
    } catch (SQLException e) {
      throw target.refused(e);
    }
  }

  private Replicated replicated(long sourceSystem) {
    return new Replicated(
        source.settings().tenancy(),
        tables.reference(),
        source.settings().name(),
        sourceSystem,
        source.settings().region());
  }

  /** Both ends ready, the target's tables there and fitting, the tenant in the target's records, its guard up. */
  private List<TenantTable> prepare(Tenant tenant, TenantPipeline.Manner manner) {
    boolean anew = manner.isAnew();
    try (Connection from = PgConnections.openForDefinitions(source.settings().connection(), "prepare", tenant.name())) {
      long sourceSystem = source.askIdentity().systemIdentifier();
      Lsn before = SeenTables.endOfWal(from);
      List<TenantTable> rows = rows(from, tenant);
      refuseWhatCheckFinds(
          source.check(from).stream()
              .filter(finding -> finding.code() != ErrorCode.SLOT_LOST) // publishing puts another one in its place
              .toList(),
          rows);
      requireKey(from, tenant, rows);
      source.publish(from);
      try (Connection to = PgConnections.openForDefinitions(target.settings().connection(), "prepare", tenant.name())) {
        List<TableDefinition> definitions = rows.stream().map(TenantTable::definition).toList();
        // Later ones come with a move: what goes on from where it was waits for no pg_dump.
        Definitions all = anew || target.copied(tenant).isEmpty() ? own.read(from, tenant) : null;
        SchemaPlan done = TargetPreparation.run(to, target.settings().name(), from, definitions, all);
        if (all != null) {
          own.tell(tenant, all, done);
        }
        SeenTables.followRenames(to, tenant.id(), rows);
        List<TenantTable> uncopied = anew ? rows : uncopied(to, tenant, rows);
        refuseMismatches(
            tenant, SchemaComparison.compare(from, to, uncopied.stream().map(TenantTable::definition).toList()));
        refuseWhatCheckFinds(
            TargetCheck.run(to, target.settings().name(), from, definitions).stream()
                .filter(finding -> finding.code() != ErrorCode.TABLE_UNFIT || concerns(finding, uncopied))
                .toList(),
            rows);
        takeUp(to, tenant, rows, sourceSystem, manner);
        keepSequences(from, to, rows, sourceSystem);
        SeenTables.note(to, from, tenant.id(), rows, before, anew);
        return rows;
      } catch (SQLException e) {
        throw target.refused(e);
      }
    } catch (SQLException e) {
      throw SqlStates.classify(
          e,
          ErrorCode.SOURCE_QUERY_FAILED,
          "source \"" + source.settings().name() + "\" cannot be prepared for tenant \"" + tenant.name() + "\"",
          "helios-repl source check " + source.settings().name());
    }
  }

  /**
   * Tables whose copy is still to be finished. The others are judged by the stream, change by change: it may still have to
   * come to what the source's catalog says now.
   */
  private static List<TenantTable> uncopied(Connection to, Tenant tenant, List<TenantTable> rows) throws SQLException {
    var entries = new CopyLedger(tenant.id(), tenant.name()).read(to);
    return rows.stream()
        .filter(row -> {
          CopyLedger.Entry entry = entries.get(TableName.of(row.definition()));
          return entry == null || !entry.finished();
        })
        .toList();
  }

  private static boolean concerns(Finding finding, List<TenantTable> tables) {
    return tables.stream().anyMatch(table -> table.qualifiedName().equals(finding.table()));
  }

  private List<TenantTable> rows(Connection from, Tenant tenant) throws SQLException {
    List<TenantTable> rows = tables.read(from, tenant);
    if (rows.isEmpty()) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TENANT_HAS_NO_TABLES,
              "no table of source \"" + source.settings().name() + "\" belongs to tenant \"" + tenant.name() + "\"",
              "its tenancy and the tables that are configured leave none",
              "helios-repl source check " + source.settings().name()));
    }
    return rows;
  }

  /** Before anything is made or captured for it: a copy would refuse it as well, when its guards are up with that key already. */
  private static void requireKey(Connection connection, Tenant tenant, List<TenantTable> rows) throws SQLException {
    for (TenantTable table : rows) {
      RowCondition.requireCanonicalKey(connection, table.definition(), table.keyColumn(), table.key(), tenant.name());
    }
  }

  /** What would lose changes of the tenant's own tables stops it; what concerns the server as a whole, too. */
  private static void refuseWhatCheckFinds(List<Finding> findings, List<TenantTable> rows) {
    List<String> mine = rows.stream().map(TenantTable::qualifiedName).toList();
    findings.stream()
        .filter(finding -> finding.isError() && (finding.table() == null || mine.contains(finding.table())))
        .findFirst()
        .ifPresent(
            finding -> {
              throw new OperatorException(finding.problem());
            });
  }

  private void refuseMismatches(Tenant tenant, List<String> mismatches) {
    if (!mismatches.isEmpty()) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TABLES_DO_NOT_FIT,
              "the tables of target \"" + target.settings().name() + "\" do not fit tenant \"" + tenant.name() + "\"",
              String.join("; ", mismatches),
              "mend these tables at the target, then: helios-repl tenant start " + tenant.name()));
    }
  }

  /** What starting would do, in SQL and words. */
  List<String> plan(Tenant tenant) {
    try (Connection from = PgConnections.open(source.settings().connection(), "plan", tenant.name());
        Connection to = PgConnections.open(target.settings().connection(), "plan", tenant.name())) {
      List<TenantTable> rows = rows(from, tenant);
      List<TableDefinition> definitions = rows.stream().map(TenantTable::definition).toList();
      requireKey(from, tenant, rows);
      List<String> steps = new ArrayList<>();
      source.publishPlan(from).forEach(sql -> steps.add("source: " + sql));
      Definitions all = own.read(from, tenant);
      SchemaPlan plan = TargetPreparation.plan(to, from, definitions, all);
      plan.statements().forEach(sql -> steps.add("target: " + sql));
      if (all != null) {
        TenantDefinitions.bounded(plan.leftOut()).forEach(what -> steps.add("left out: " + what));
      }
      rows.forEach(table -> steps.add("copy " + table.qualifiedName() + ", then stream it"));
      return steps;
    } catch (SQLException e) {
      throw SqlStates.classify(
          e,
          ErrorCode.SOURCE_QUERY_FAILED,
          "what starting tenant \"" + tenant.name() + "\" would do cannot be found out",
          "helios-repl source check " + source.settings().name());
    }
  }

  /**
   * The tenant in the target's own records, and then its guard, which refuses by what is in them. Nothing is copied before
   * each table has it, and who stops in between finds a tenant whose copy is not finished, and so begins here again.
   */
  private void takeUp(
      Connection to, Tenant tenant, List<TenantTable> rows, long sourceSystem, TenantPipeline.Manner manner)
      throws SQLException {
    to.setAutoCommit(false);
    Optional<ReplicaState> known = Replicas.find(to, tenant.id());
    if (known.isEmpty()) {
      refuseWrittenRows(to, tenant, rows);
    }
    if (!manner.isAnew()) {
      if (known.isPresent()) {
        refuseStrangers(tenant, known.get());
      } else {
        refuseLostRecord(to, tenant);
      }
    }
    if (manner.isAnew()) {
      Replicas.restart(to, tenant, sourceSystem);
      CopyLedger ledger = new CopyLedger(tenant.id(), tenant.name());
      if (manner == TenantPipeline.Manner.COPY) {
        ledger.discard(to);
      } else {
        ledger.reopen(to);
      }
    }
    Replicas.register(to, tenant, replicated(sourceSystem), Lsn.INVALID);
    to.commit();
    to.setAutoCommit(true);
    ReadOnlyGuard.install(to, tenant, rows);
  }

  /** Users of another tenant write these rows at the target; a replica's guard would stop them, and its copy would mix with them. */
  private void refuseWrittenRows(Connection to, Tenant tenant, List<TenantTable> rows) throws SQLException {
    Optional<SharedRows.Sharer> written = SharedRows.writtenHere(to, tenant, rows);
    if (written.isPresent()) {
      throw written.get().refuses(
          "tenant \"" + tenant.name() + "\" cannot be replicated to \"" + target.settings().name() + "\"", tenant.name());
    }
  }

  /** Known from the first moment on; the source's looks go on from there. */
  private void keepSequences(Connection from, Connection to, List<TenantTable> rows, long sourceSystem)
      throws SQLException {
    Set<TableName> mine = rows.stream()
        .map(row -> TableName.of(row.definition()))
        .collect(Collectors.toSet());
    SequenceLedger.keep(
        to,
        source.settings().name(),
        sourceSystem,
        SequenceSample.read(from, ticker.now(), (schema, table) -> mine.contains(new TableName(schema, table))));
  }

  /** What the target has recorded must come from this very source, and the journal must reach back to it. */
  private void refuseStrangers(Tenant tenant, ReplicaState known) {
    long system = source.requireIdentity().systemIdentifier();
    if (known.sourceSystem() != system) {
      throw needsResync(
          tenant,
          "target \"" + target.settings().name() + "\" was written from another server than source \""
              + source.settings().name() + "\" is now",
          known.position());
    }
    Lsn ends = Lsn.max(source.capturedUpTo(), source.requireIdentity().currentLsn());
    if (known.position().isAfter(ends)) {
      throw needsResync(
          tenant,
          "target \"" + target.settings().name() + "\" is ahead of source \"" + source.settings().name()
              + "\", whose WAL ends at " + ends + ": the source was restored",
          known.position());
    }
  }

  /** The target does not know the tenant: that is right for one that begins, not for one that was copied or applied before. */
  private void refuseLostRecord(Connection to, Tenant tenant) throws SQLException {
    String had =
        !new CopyLedger(tenant.id(), tenant.name()).read(to).isEmpty()
            ? "its row in helios.replica is missing"
            : source.journal().isAcknowledged(tenant.id())
                ? "changes of it were applied to another database, or to this one before it was made anew"
                : null;
    if (had != null) {
      Problem why =
          new Problem(
              ErrorCode.REPLICA_UNKNOWN,
              "target \"" + target.settings().name() + "\" has no record of tenant \"" + tenant.name() + "\"",
              had,
              "helios-repl tenant resync " + tenant.name());
      source.abandon(tenant.id(), why);
      throw new OperatorException(why);
    }
  }

  private void refuseWhatWasDropped(Tenant tenant) {
    Problem lost = source.lost(tenant.id());
    if (lost != null) {
      throw needsResync(tenant, lost.message() + ": " + lost.why(), Lsn.INVALID);
    }
  }

  private static OperatorException needsResync(Tenant tenant, String why, Lsn position) {
    return new OperatorException(
        new Problem(
            ErrorCode.TENANT_NEEDS_RESYNC,
            "tenant \"" + tenant.name() + "\" cannot go on from where it was",
            why,
            "helios-repl tenant resync " + tenant.name(),
            position.equals(Lsn.INVALID) ? null : position.toString(),
            null));
  }

  private void awaitInForce(long version, Tenant tenant, TenantPipeline.Progress progress)
      throws InterruptedException {
    while (!source.isInForce(version)) {
      Problem trouble = source.condition().problem();
      if (trouble != null) {
        throw new TransientException(trouble);
      }
      cancelUnlessWanted(progress);
      Thread.sleep(TURN);
    }
    LOG.debug("tenant {} is routed", tenant.name());
  }

  private TenantCopy copy(Tenant tenant, List<TenantTable> rows, TenantPipeline.Progress progress) {
    CopyLane lane = load.enter(tenant, source.settings(), target.settings());
    try {
      TenantCopy copy =
          new TenantCopy(
              source.snapshots(),
              target.settings().connection(),
              tenant.id(),
              tenant.epoch(),
              tenant.name(),
              rows,
              copySettings,
              lane);
      progress.copying(copy);
      copy.run();
      return copy;
    } finally {
      load.leave(lane);
    }
  }

  /** What a resync has moved, in one line. */
  private static String summary(TenantCopy copy) {
    List<MendedTable> mended = copy.mended();
    List<String> what = new ArrayList<>();
    if (!mended.isEmpty()) {
      what.add("%,d of %,d rows differed in %,d tables".formatted(
          mended.stream().mapToLong(MendedTable::differing).sum(),
          mended.stream().mapToLong(MendedTable::rows).sum(),
          mended.size()));
    }
    if (copy.copied() > 0) {
      what.add("%,d tables were copied".formatted(copy.copied()));
    }
    return "resynced: %s; %,d KiB were moved".formatted(String.join(", ", what), (copy.progress().bytes() + 1023) / 1024);
  }

  private static void cancelUnlessWanted(TenantPipeline.Progress progress) {
    if (!progress.wanted()) {
      throw new CancellationException();
    }
  }
}
