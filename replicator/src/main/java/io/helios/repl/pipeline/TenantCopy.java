package io.helios.repl.pipeline;

import io.helios.repl.apply.CopyLedger;
import io.helios.repl.apply.CopyWriter;
import io.helios.repl.apply.KeyCollisions;
import io.helios.repl.capture.CopyPart;
import io.helios.repl.capture.SnapshotCopier;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.LargestRow;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.ConnectionScope;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.CopyFormat;
import io.helios.repl.postgres.ExportedSnapshot;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.ParallelWork;
import io.helios.repl.postgres.SourceSnapshots;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import io.helios.repl.postgres.TableName;
import io.helios.repl.status.MendedTable;
import io.helios.repl.status.TenantStatus.CopyProgress;
import io.helios.repl.verify.Repair;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The copy of one tenant: all of its tables from one consistent point of the source to the target, in parallel, with no
 * disk and no queue in between. Made for one {@link #run}; after a {@code TransientException} the caller makes a new one,
 * which keeps the tables that are done, each with its own consistent point, and takes a new snapshot for the rest. Tables
 * that hold rows of ours already, from an attempt before or because of a resync, are compared, and only what differs moves.
 *
 * <p>The tenant's changes must be captured before this runs, and the tables must be there at the target. {@link #run}
 * blocks its caller's thread; the other methods are for any thread.
 */
public final class TenantCopy {

  private final SourceSnapshots source;
  private final ConnectionSettings target;
  private final UUID id;
  private final long epoch;
  private final String tenant;
  private final List<TenantTable> tables;
  private final CopySettings settings;
  private final CopyGate gate;
  private final CopyLedger ledger;
  private final ConnectionScope scope = new ConnectionScope();

  private final AtomicInteger done = new AtomicInteger();
  private final LongAdder rows = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private volatile int targetMajor;
  private volatile long estimatedRows;
  private volatile long estimatedBytes;
  private final AtomicInteger copied = new AtomicInteger();
  private final List<MendedTable> mended = new CopyOnWriteArrayList<>();
  private volatile String activity = "";

  /**
   * @param epoch the tenant's: where the target knows another, nothing is written
   * @param tenant its name, for messages and {@code application_name}
   * @param tables as the source's catalog has them now
   */
  public TenantCopy(
      SourceSnapshots source,
      ConnectionSettings target,
      UUID id,
      long epoch,
      String tenant,
      List<TenantTable> tables,
      CopySettings settings) {
    this(source, target, id, epoch, tenant, tables, settings, CopyGate.OPEN);
  }

  /** @param gate where its rows may have to wait */
  public TenantCopy(
      SourceSnapshots source,
      ConnectionSettings target,
      UUID id,
      long epoch,
      String tenant,
      List<TenantTable> tables,
      CopySettings settings,
      CopyGate gate) {
    this.gate = gate;
    this.source = source;
    this.target = target;
    this.id = id;
    this.epoch = epoch;
    this.tenant = tenant;
    this.tables = List.copyOf(tables);
    this.settings = settings;
    this.ledger = new CopyLedger(id, tenant);
  }

  /**
   * Copies what is not copied yet.
   *
   * @return each table's consistent point: transactions with a commit LSN before it are in the copy
   * @throws io.helios.repl.error.TransientException when it may be tried again
   * @throws OperatorException when somebody must act first; what is done stays done
   * @throws CancellationException when it was cancelled, or the thread interrupted (it then still is)
   */
  public Map<TableName, Lsn> run() {
    try {
      return ParallelWork.<Map<TableName, Lsn>>run(scope, "copy-" + tenant, List.of(this::copy)).getFirst();
    } finally {
      scope.close();
    }
  }

  /** Breaks the copy off. What is done stays done. */
  public void cancel() {
    scope.cancel();
  }

  /** Tables, rows and bytes so far; the estimates are there once the snapshot is taken. */
  public CopyProgress progress() {
    return new CopyProgress(tables.size(), done.get(), rows.sum(), bytes.sum(), estimatedRows, estimatedBytes, gate.held());
  }

  /** Tables that were compared and repaired instead of being copied, so far. */
  public List<MendedTable> mended() {
    return List.copyOf(mended);
  }

  /** How many tables were copied, so far. */
  public int copied() {
    return copied.get();
  }

  /** What it does or waits for just now, in a few words for an operator. */
  public String activity() {
    return activity;
  }

  private Map<TableName, Lsn> copy() {
    activity = "looking at what the target has";
    Connection control = CopyWriter.session(scope, target, tenant);
    try {
      targetMajor = Catalog.majorVersion(control);
      Map<TableName, CopyLedger.Entry> entries = ledger.read(control);
      Map<TableName, Lsn> points = new LinkedHashMap<>();
      List<TenantTable> remaining = new ArrayList<>();
      for (TenantTable table : tables) {
        CopyLedger.Entry entry = entries.get(TableName.of(table.definition()));
        if (entry != null && entry.finished()) {
          points.put(TableName.of(table.definition()), entry.copiedAt());
        } else {
          remaining.add(table);
        }
      }
      done.set(points.size());
      if (remaining.isEmpty()) {
        activity = "";
        return points;
      }
      Map<TableName, TenantTable> atTarget = atTarget(control, remaining);
      ledger.claim(control, those(atTarget, name -> !entries.containsKey(name)));
      activity = "waiting for the transactions that are open at the source to end, to take a snapshot";
      try (SnapshotCopier copier = SnapshotCopier.open(scope, source, tenant, remaining)) {
        Lsn point = copier.consistentPoint();
        activity = "waiting for sessions of an earlier copy to end at the target";
        Set<TableName> begun = atTarget.keySet().stream()
            .filter(name -> entries.containsKey(name) && !require(entries, name).copiedAt().equals(Lsn.INVALID))
            .collect(Collectors.toSet());
        ledger.stamp(
            control, atTarget.keySet(), point,
            those(atTarget, name -> entries.containsKey(name) && !begun.contains(name)));
        Set<TableName> repaired = repair(copier, atTarget, begun, point);
        for (TenantTable table : those(atTarget, name -> begun.contains(name) && !repaired.contains(name))) {
          activity = "removing what an earlier copy left in " + table.qualifiedName();
          ledger.clear(control, table);
        }
        scope.close(control);
        refuseTakenKeys(
            copier,
            remaining.stream().filter(table -> !repaired.contains(TableName.of(table.definition()))).toList(),
            atTarget,
            point);
        activity = "copying";
        copyParts(copier, atTarget, repaired, point);
        atTarget.keySet().forEach(name -> points.put(name, point));
        activity = "";
        return points;
      }
    } catch (SQLException e) {
      throw SqlStates.classify(
          e,
          ErrorCode.COPY_TARGET_FAILED,
          "preparing the copy of tenant \"" + tenant + "\" at the target failed",
          "helios-repl target check");
    }
  }

  /** No row is copied before it is known that all of them can be. A repair finds out by itself. */
  private void refuseTakenKeys(
      SnapshotCopier copier, List<TenantTable> remaining, Map<TableName, TenantTable> atTarget, Lsn point) {
    activity = "looking for keys that rows of other tenants hold at the target";
    try (KeyCollisions collisions = KeyCollisions.open(scope, target, id, tenant)) {
      for (TenantTable table : remaining) {
        TenantTable there = require(atTarget, TableName.of(table.definition()));
        CopyFormat format = CopyFormat.between(table.definition(), there.definition(), targetMajor);
        collisions.look(
            there,
            columns(table.definition()),
            format,
            point,
            (columns, sink) -> copier.readColumns(table, columns, format, sink));
      }
      collisions.refuse();
    }
  }

  private static List<String> columns(TableDefinition definition) {
    return CopyFormat.copied(definition).stream().map(ColumnDefinition::name).toList();
  }

  /**
   * Tables that an earlier attempt has begun, or a resync begins again, hold rows of the tenant that we brought: they are
   * compared, and what differs is repaired. Returns those that are done; where too much differs, copying is cheaper.
   */
  private Set<TableName> repair(
      SnapshotCopier copier, Map<TableName, TenantTable> atTarget, Set<TableName> begun, Lsn point) throws SQLException {
    Set<TableName> repaired = new HashSet<>();
    if (begun.isEmpty()) {
      return repaired;
    }
    Map<TableName, TenantTable> there = new LinkedHashMap<>(atTarget);
    there.keySet().retainAll(begun);
    Map<TableName, TenantTable> here = tables.stream()
        .filter(table -> begun.contains(TableName.of(table.definition())))
        .collect(Collectors.toMap(table -> TableName.of(table.definition()), table -> table));
    try (ExportedSnapshot snapshot = ExportedSnapshot.now(
            scope, target, "copy", tenant, there.values().stream().map(TenantTable::definition).toList());
        Repair repair = new Repair(
            scope, target, tenant, copier.snapshot(), here, snapshot, there, new Repair.Moved(rows, bytes))) {
      for (Map.Entry<TableName, TenantTable> entry : there.entrySet()) {
        TableName name = entry.getKey();
        activity = "comparing " + name;
        long expected = copier.estimatedRows(require(here, name));
        long found = CopyLedger.rows(snapshot.anchor(), entry.getValue());
        if (Repair.isWorthTrying(expected, found)) {
          repair.mend(name, Math.max(expected, found), ledger.permit(name, point, epoch)).ifPresent(table -> {
            repaired.add(name);
            mended.add(table);
            done.incrementAndGet();
          });
        }
      }
    }
    return repaired;
  }

  private void copyParts(
      SnapshotCopier copier, Map<TableName, TenantTable> atTarget, Set<TableName> except, Lsn point) {
    List<CopyPart> parts = copier.parts(
        table -> !except.contains(TableName.of(table.definition())), settings.parallelism(), settings.smallestPartBytes());
    estimatedRows = parts.stream().mapToLong(CopyPart::estimatedRows).sum();
    estimatedBytes = parts.stream().mapToLong(CopyPart::estimatedBytes).sum();
    Map<TableName, AtomicInteger> open = new HashMap<>();
    parts.forEach(part -> open.computeIfAbsent(name(part), name -> new AtomicInteger()).incrementAndGet());
    Queue<CopyPart> queue = new ConcurrentLinkedQueue<>(parts);
    List<Supplier<Boolean>> workers = new ArrayList<>();
    for (int i = 0; i < Math.min(settings.parallelism(), parts.size()); i++) {
      workers.add(() -> {
        SnapshotCopier.Reader reader = copier.reader();
        CopyWriter writer = CopyWriter.open(scope, target, tenant);
        for (CopyPart part = queue.poll(); part != null; part = queue.poll()) {
          scope.check();
          boolean whole = part.parts() == 1;
          copyPart(reader, writer, part, require(atTarget, name(part)), point, whole);
          if (require(open, name(part)).decrementAndGet() == 0) {
            if (!whole) {
              writer.finish(require(atTarget, name(part)), ledger.permit(name(part), point, epoch));
            }
            done.incrementAndGet();
            copied.incrementAndGet();
          }
        }
        return true;
      });
    }
    ParallelWork.run(scope, "copy-" + tenant + "-part", workers);
  }

  private void copyPart(
      SnapshotCopier.Reader reader, CopyWriter writer, CopyPart part, TenantTable table, Lsn point, boolean whole) {
    TableDefinition definition = part.table().definition();
    CopyFormat format = CopyFormat.between(definition, table.definition(), targetMajor);
    try {
      writer.write(
          table,
          columns(definition),
          format,
          ledger.permit(name(part), point, epoch),
          whole,
          sink -> reader.read(part, format, rows, (array, offset, length) -> {
            gate.pass(length, scope);
            sink.write(array, offset, length);
            bytes.add(length);
          }));
    } catch (OutOfMemoryError e) {
      throw new OperatorException(
          LargestRow.outOfMemory("copying a row of " + table.qualifiedName()).at(null, table.qualifiedName()), e);
    }
  }

  /** The same tables with the definitions that the target has. */
  private Map<TableName, TenantTable> atTarget(Connection connection, List<TenantTable> wanted) throws SQLException {
    Map<TableName, TenantTable> byName =
        wanted.stream().collect(Collectors.toMap(table -> TableName.of(table.definition()), table -> table));
    Map<TableName, TenantTable> found = new LinkedHashMap<>();
    for (TableDefinition definition :
        Catalog.tables(connection, (schema, name) -> byName.containsKey(new TableName(schema, name)))) {
      TenantTable table = require(byName, TableName.of(definition));
      found.put(TableName.of(definition), new TenantTable(definition, table.keyColumn(), table.key()));
    }
    List<String> missing = new ArrayList<>();
    for (TenantTable table : wanted) {
      TenantTable there = found.get(TableName.of(table.definition()));
      String column = table.keyColumn();
      if (there == null) {
        missing.add(table.qualifiedName());
      } else if (column != null && there.definition().column(column).isEmpty()) {
        missing.add(table.qualifiedName() + " (column " + column + ")");
      }
    }
    if (!missing.isEmpty()) {
      throw new OperatorException(new Problem(
          ErrorCode.COPY_TABLE_MISSING,
          "the target lacks " + String.join(", ", missing),
          "rows are copied into tables that are there and fit",
          "helios-repl target prepare"));
    }
    return found;
  }

  private static List<TenantTable> those(Map<TableName, TenantTable> tables, Predicate<TableName> which) {
    return tables.entrySet().stream().filter(entry -> which.test(entry.getKey())).map(Map.Entry::getValue).toList();
  }

  private static TableName name(CopyPart part) {
    return TableName.of(part.table().definition());
  }

  private static <V> V require(Map<TableName, V> map, TableName name) {
    V value = map.get(name);
    if (value == null) {
      throw new IllegalStateException("no entry for " + name);
    }
    return value;
  }
}
