package io.helios.repl.verify;

import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.ParallelWork;
import io.helios.repl.postgres.SourceSnapshots;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableName;
import io.helios.repl.status.DifferingKeys;
import io.helios.repl.status.TableEvidence;
import io.helios.repl.status.Verification;
import io.helios.repl.status.VerificationCost;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One pass of a verification: compares one tenant's tables on both sides at one point of the source's WAL, while both are
 * live. The applier stands still only until both snapshots are taken, never while rows are compared. Made for one run,
 * which blocks its caller's thread; {@link #cancel}, {@link #cost} and {@link #bytesExpected} are for any thread.
 *
 * <p>First each table adds up to one digest on each side, in one scan, in chunks. Only tables whose digests differ are
 * looked at more closely, one after the other. No row value leaves a server.
 */
public final class TenantVerifier {

  private final SourceSnapshots source;
  private final ConnectionSettings target;
  private final String tenant;
  private final List<TenantTable> tables;
  private final HoldPoint hold;
  private final VerifySettings settings;
  private final ReadGate gate;
  private final ConnectionScope scope = new ConnectionScope();
  private final Throttle atSource;
  private final Throttle atTarget;
  private final LongAdder rows = new LongAdder();
  private final LongAdder gatedNanos = new LongAdder();
  private final long startedNanos = System.nanoTime();
  private volatile @Nullable SnapshotPair pair;
  private volatile long bytesExpected;

  /**
   * @param tenant its name, for messages and {@code application_name}
   * @param tables what is compared, as the source's catalog has it
   */
  public TenantVerifier(
      SourceSnapshots source,
      ConnectionSettings target,
      String tenant,
      List<TenantTable> tables,
      HoldPoint hold,
      VerifySettings settings) {
    this(source, target, tenant, tables, hold, settings, ReadGate.OPEN);
  }

  /** @param gate where it may have to wait, also within what the settings allow */
  public TenantVerifier(
      SourceSnapshots source,
      ConnectionSettings target,
      String tenant,
      List<TenantTable> tables,
      HoldPoint hold,
      VerifySettings settings,
      ReadGate gate) {
    this.gate = gate;
    this.source = source;
    this.target = target;
    this.tenant = tenant;
    this.tables = List.copyOf(tables);
    this.hold = hold;
    this.settings = settings;
    this.atSource = new Throttle(settings.bytesPerSecond());
    this.atTarget = new Throttle(settings.bytesPerSecond());
  }

  /** Compares all tables under one pair of snapshots, however long that takes; the rest is as in {@link #run(Consumer)}. */
  public Verification run() {
    List<TableEvidence> found = new ArrayList<>();
    run(found::add, Duration.ofDays(365));
    return new Verification(
        tenant,
        taken().point(),
        taken().takenAt(),
        cost().millis(),
        found.stream()
            .map(t -> new Verification.TableResult(t.table(), t.sourceRows(), t.targetRows(), t.differing()))
            .sorted(Comparator.comparing(Verification.TableResult::table))
            .toList());
  }

  /**
   * Compares tables until all are done or the settings' time for a snapshot is over; then the rest needs another pass.
   *
   * @param found takes each table once it is done, one at a time, on any thread; what it throws ends the pass
   * @throws io.helios.repl.error.TransientException when it may be tried again, also when the point was not reached in
   *     time
   * @throws OperatorException when somebody must act first
   * @throws java.util.concurrent.CancellationException when it was cancelled, or the thread interrupted (it then still is)
   */
  public void run(Consumer<TableEvidence> found) {
    run(found, settings.snapshotBudget());
  }

  private void run(Consumer<TableEvidence> found, Duration snapshotBudget) {
    try {
      ParallelWork.<Boolean>run(scope, "verify-" + tenant, List.of(() -> compare(found, snapshotBudget)));
    } finally {
      scope.close();
    }
  }

  /** Breaks the pass off. */
  public void cancel() {
    scope.cancel();
  }

  /** What it has cost so far. */
  public VerificationCost cost() {
    SnapshotPair both = pair;
    return new VerificationCost(
        Duration.ofNanos(System.nanoTime() - startedNanos).toMillis(),
        rows.sum(),
        atSource.bytes() + atTarget.bytes(),
        atSource.paused().plus(atTarget.paused()).plusNanos(gatedNanos.sum()).toMillis(),
        both == null ? 0 : both.held().toMillis(),
        both == null ? 0 : Duration.between(both.takenAt(), Instant.now()).toMillis(),
        both == null ? 0 : 1);
  }

  /** About how much there is to read on both sides together; 0 as long as nobody knows. */
  public long bytesExpected() {
    return bytesExpected;
  }

  private SnapshotPair taken() {
    return Objects.requireNonNull(pair);
  }

  private boolean compare(Consumer<TableEvidence> found, Duration snapshotBudget) {
    Map<TableName, TenantTable> tablesAtTarget = TablesAtTarget.read(scope, target, tenant, tables);
    SnapshotPair both = SnapshotPair.take(
        scope, source, target, tenant, definitions(tables), definitions(tablesAtTarget.values()), hold, settings);
    pair = both;
    long late = System.nanoTime() + snapshotBudget.toNanos();
    Side left = new Side(
        "source",
        ErrorCode.VERIFY_SOURCE_FAILED,
        both.source(),
        tables.stream().collect(Collectors.toMap(table -> TableName.of(table.definition()), table -> table)),
        settings);
    Side right = new Side("target", ErrorCode.VERIFY_TARGET_FAILED, both.target(), tablesAtTarget, settings);
    Queue<Piece> atLeft = new ConcurrentLinkedQueue<>();
    Queue<Piece> atRight = new ConcurrentLinkedQueue<>();
    plan(left, right, atLeft, atRight);

    Queue<TableTally> differing = new ConcurrentLinkedQueue<>();
    Consumer<TableTally> done = tally -> {
      if (tally.source().equals(tally.target()) || !settings.closely()) {
        tell(found, tally, left, new Differences(0));
      } else {
        differing.add(tally);
      }
    };
    List<Supplier<Boolean>> workers = new ArrayList<>(workers(left, atLeft, atSource, late, done));
    workers.addAll(workers(right, atRight, atTarget, late, done));
    ParallelWork.run(scope, "verify-" + tenant + "-scan", workers);
    for (TableTally tally : differing) {
      // Buckets first, then the rows of some of them: the table is read twice more.
      await(atSource, 2 * left.table(tally.name()).definition().bytes());
      await(atTarget, 2 * right.table(tally.name()).definition().bytes());
      long largest = Math.max(tally.source().rows(), tally.target().rows());
      Differences differences =
          new TableComparison(scope, left, right, tally.name(), tally.hash()).compare(largest, settings.keysKept());
      rows.add(2 * (tally.source().rows() + tally.target().rows()));
      tell(found, tally, left, differences);
    }
    return true;
  }

  private void await(Throttle throttle, long bytes) {
    throttle.await(scope, bytes);
    long begun = System.nanoTime();
    gate.pass(bytes, scope);
    gatedNanos.add(System.nanoTime() - begun);
  }

  /** A scan of one side, and where its sum belongs. */
  private record Piece(TableTally tally, Side.Scan scan) {}

  private void plan(Side left, Side right, Queue<Piece> atLeft, Queue<Piece> atRight) {
    Connection here = left.open();
    Connection there = right.open();
    long expected = 0;
    for (TenantTable table : tables) {
      TableName name = TableName.of(table.definition());
      List<Side.Scan> scansHere = left.scans(here, name);
      List<Side.Scan> scansThere = right.scans(there, name);
      TableTally tally = new TableTally(
          name,
          RowHash.of(table.definition(), right.table(name).definition()),
          scansHere.size() + scansThere.size(),
          atLeft.isEmpty());
      scansHere.forEach(scan -> atLeft.add(new Piece(tally, scan)));
      scansThere.forEach(scan -> atRight.add(new Piece(tally, scan)));
      expected += expected(scansHere) + expected(scansThere);
    }
    bytesExpected = expected;
    scope.close(here);
    scope.close(there);
  }

  private static long expected(List<Side.Scan> scans) {
    return scans.stream().filter(scan -> !scan.byIndex()).mapToLong(Side.Scan::bytes).sum();
  }

  /** Workers that together digest all tables of a side, each over a session of its own. */
  private List<Supplier<Boolean>> workers(
      Side side, Queue<Piece> pieces, Throttle throttle, long late, Consumer<TableTally> done) {
    List<Supplier<Boolean>> workers = new ArrayList<>();
    for (int i = 0; i < Math.min(settings.parallelism(), pieces.size()); i++) {
      workers.add(() -> {
        Connection connection = side.open();
        for (Piece piece = pieces.poll(); piece != null; piece = pieces.poll()) {
          scope.check();
          if (piece.tally().admit(System.nanoTime() - late >= 0)) {
            Digest part = side.digest(connection, piece.scan(), piece.tally().hash(), bytes -> await(throttle, bytes));
            rows.add(part.rows());
            if (piece.tally().add(throttle == atSource, part)) {
              done.accept(piece.tally());
            }
          }
        }
        scope.close(connection);
        return true;
      });
    }
    return workers;
  }

  private synchronized void tell(Consumer<TableEvidence> found, TableTally tally, Side atSourceSide, Differences differences) {
    TenantTable table = atSourceSide.table(tally.name());
    String column = table.keyColumn();
    DifferingKeys keys = differences.count() == 0
        ? null
        : new DifferingKeys(
            table.definition().sqlName(),
            column == null ? null : Identifiers.quote(column),
            tally.hash().keySql("t"),
            !tally.hash().keyed(),
            differences.keys());
    found.accept(new TableEvidence(
        tally.name().toString(),
        taken().point(),
        taken().takenAt(),
        tally.source().rows(),
        tally.target().rows(),
        tally.source().hex(),
        tally.target().hex(),
        tally.hash().columns(),
        differences.altered(),
        differences.missing(),
        differences.extra(),
        keys));
  }

  private static List<TableDefinition> definitions(Collection<TenantTable> some) {
    return some.stream().map(TenantTable::definition).toList();
  }
}
