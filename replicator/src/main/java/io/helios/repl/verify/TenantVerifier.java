package io.helios.repl.verify;

import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.ParallelWork;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableName;
import io.helios.repl.status.Verification;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Compares one tenant's rows on both sides at one point of the source's WAL, while both are live: the applier stands
 * still only until both snapshots are taken, never while rows are compared. Made for one {@link #run}, which blocks its
 * caller's thread; {@link #cancel} is for any thread.
 *
 * <p>First each table adds up to one digest on each side, in one scan. Only tables whose digests differ are looked at
 * more closely. No row value leaves a server.
 */
public final class TenantVerifier {

  private final ConnectionSettings source;
  private final ConnectionSettings target;
  private final String tenant;
  private final List<TenantTable> tables;
  private final HoldPoint hold;
  private final VerifySettings settings;
  private final ConnectionScope scope = new ConnectionScope();

  /**
   * @param tenant its name, for messages and {@code application_name}
   * @param tables what is compared, as the source's catalog has it
   */
  public TenantVerifier(
      ConnectionSettings source,
      ConnectionSettings target,
      String tenant,
      List<TenantTable> tables,
      HoldPoint hold,
      VerifySettings settings) {
    this.source = source;
    this.target = target;
    this.tenant = tenant;
    this.tables = List.copyOf(tables);
    this.hold = hold;
    this.settings = settings;
  }

  /**
   * Compares.
   *
   * @throws io.helios.repl.error.TransientException when it may be tried again, also when the point was not reached in
   *     time
   * @throws OperatorException when somebody must act first
   * @throws java.util.concurrent.CancellationException when it was cancelled, or the thread interrupted (it then still is)
   */
  public Verification run() {
    try {
      return ParallelWork.<Verification>run(scope, "verify-" + tenant, List.of(this::compare)).getFirst();
    } finally {
      scope.close();
    }
  }

  /** Breaks the verification off. */
  public void cancel() {
    scope.cancel();
  }

  private Verification compare() {
    long started = System.nanoTime();
    Map<TableName, TenantTable> atTarget = TablesAtTarget.read(scope, target, tenant, tables);
    SnapshotPair pair =
        SnapshotPair.take(scope, source, target, tenant, definitions(tables), definitions(atTarget.values()), hold, settings);
    Side left = new Side(
        "source",
        ErrorCode.VERIFY_SOURCE_FAILED,
        pair.source(),
        tables.stream().collect(Collectors.toMap(table -> TableName.of(table.definition()), table -> table)),
        settings);
    Side right = new Side("target", ErrorCode.VERIFY_TARGET_FAILED, pair.target(), atTarget, settings);
    Map<TableName, RowHash> hashes = new LinkedHashMap<>();
    for (TenantTable table : tables) {
      TableName name = TableName.of(table.definition());
      hashes.put(name, RowHash.of(table.definition(), right.table(name).definition()));
    }
    Map<TableName, Digest> leftDigests = new ConcurrentHashMap<>();
    Map<TableName, Digest> rightDigests = new ConcurrentHashMap<>();
    List<Supplier<Boolean>> workers = new ArrayList<>(digesting(left, hashes, leftDigests));
    workers.addAll(digesting(right, hashes, rightDigests));
    ParallelWork.run(scope, "verify-" + tenant + "-scan", workers);

    List<Verification.TableResult> results = new ArrayList<>();
    hashes.forEach((name, hash) -> {
      Digest here = leftDigests.getOrDefault(name, Digest.EMPTY);
      Digest there = rightDigests.getOrDefault(name, Digest.EMPTY);
      long differing = here.equals(there)
          ? 0
          : new TableComparison(scope, left, right, name, hash).differing(Math.max(here.rows(), there.rows()));
      results.add(new Verification.TableResult(name.toString(), here.rows(), there.rows(), differing));
    });
    long millis = Duration.ofNanos(System.nanoTime() - started).toMillis();
    return new Verification(tenant, pair.point(), pair.takenAt(), millis, List.copyOf(results));
  }

  /** Workers that together digest all tables of a side, each over a session of its own. */
  private List<Supplier<Boolean>> digesting(
      Side side, Map<TableName, RowHash> hashes, Map<TableName, Digest> digests) {
    Queue<Side.Scan> scans = new ConcurrentLinkedQueue<>();
    hashes.keySet().forEach(name -> scans.addAll(side.scans(name)));
    List<Supplier<Boolean>> workers = new ArrayList<>();
    for (int i = 0; i < Math.min(settings.parallelism(), scans.size()); i++) {
      workers.add(() -> {
        Connection connection = side.open();
        for (Side.Scan scan = scans.poll(); scan != null; scan = scans.poll()) {
          scope.check();
          RowHash hash = hashes.get(scan.table());
          if (hash == null) {
            throw new IllegalStateException("no columns for " + scan.table());
          }
          digests.merge(scan.table(), side.digest(connection, scan, hash), Digest::plus);
        }
        scope.close(connection);
        return true;
      });
    }
    return workers;
  }

  private static List<TableDefinition> definitions(java.util.Collection<TenantTable> some) {
    return some.stream().map(TenantTable::definition).toList();
  }
}
