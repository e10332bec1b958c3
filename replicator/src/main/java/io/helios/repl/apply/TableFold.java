package io.helios.repl.apply;

import io.helios.repl.postgres.Tuple;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Changes of one table, of any number of transactions and tenants, folded to one net change for each key. What the first
 * change of a key expects of the target (that the row is there, or is not) is kept, and held against the row counts; so a
 * fold that succeeds had no conflict in it, and its result is that of the changes one by one.
 *
 * <p>Keys are independent of each other but for further unique keys. Where the fold's order (deletes, updates, inserts)
 * breaks one of those that the source's order did not, the target rejects it, and the batch is applied change by change.
 */
final class TableFold {

  /** So many new rows are worth the round trips that a COPY takes. */
  private static final int COPIED = 500;

  /** As the sink takes it: any number of rows. */
  private static final int ANY = -1;

  private final TableSql sql;
  private final TablePlan plan;
  private final Map<RowKey, Net> nets = new LinkedHashMap<>();
  private final List<Tuple> keylessInserts = new ArrayList<>();

  /** Text or binary for each column; 0 as long as only nulls came. */
  private final byte[] formats;

  /** Whether a key's first change expects the row to be there. */
  private enum Was {
    THERE,
    ABSENT,
    /** A poll found the row, and does not know. */
    EITHER
  }

  /** What happens to one key. */
  private static final class Net {
    final Was was;
    Tuple key;
    @Nullable Tuple row;
    boolean reborn;

    Net(Was was, Tuple key, @Nullable Tuple row) {
      this.was = was;
      this.key = key;
      this.row = row;
    }
  }

  TableFold(TableSql sql) {
    this.sql = sql;
    this.plan = sql.plan();
    this.formats = new byte[plan.relation().columns().size()];
  }

  TableSql sql() {
    return sql;
  }

  /** Whether the tuple's columns come in the form of those before; if so, they are noted. A set has one form a column. */
  boolean takes(Tuple tuple, boolean keyOnly) {
    if (keyOnly) {
      for (int place : plan.key()) {
        if (!fits(tuple.kind(place), formats[place])) {
          return false;
        }
      }
      for (int place : plan.key()) {
        note(tuple.kind(place), place);
      }
      return true;
    }
    int columns = tuple.columnCount();
    for (int i = 0; i < columns; i++) {
      if (!fits(tuple.kind(i), formats[i])) {
        return false;
      }
    }
    for (int i = 0; i < columns; i++) {
      note(tuple.kind(i), i);
    }
    return true;
  }

  private static boolean fits(byte kind, byte format) {
    return format == 0 || kind == format || kind == Tuple.NULL || kind == Tuple.UNCHANGED;
  }

  private void note(byte kind, int place) {
    if (kind == Tuple.TEXT || kind == Tuple.BINARY) {
      formats[place] = kind;
    }
  }

  void insert(Tuple row) throws RejectedBatchException {
    if (plan.keyless()) {
      keylessInserts.add(row);
      return;
    }
    RowKey key = new RowKey(row, plan.key());
    Net net = nets.get(key);
    if (net == null) {
      nets.put(key, new Net(Was.ABSENT, row, row));
    } else if (net.row != null) {
      throw new RejectedBatchException("a key is inserted twice");
    } else {
      net.row = row;
      net.reborn = net.was == Was.THERE;
    }
  }

  /** @param row all of it */
  void upsert(Tuple row) {
    RowKey key = new RowKey(row, plan.key());
    Net net = nets.get(key);
    if (net == null) {
      nets.put(key, new Net(Was.EITHER, row, row));
    } else {
      net.reborn |= net.row == null && net.was == Was.THERE;
      net.row = row;
    }
  }

  /** @param keyTuple carries the key: the row itself, or the old tuple with the same key */
  void update(Tuple keyTuple, Tuple row) throws RejectedBatchException {
    RowKey key = new RowKey(keyTuple, plan.key());
    Net net = nets.get(key);
    if (net == null) {
      nets.put(key, new Net(Was.THERE, keyTuple, row));
    } else if (net.row == null) {
      throw new RejectedBatchException("a deleted key is updated");
    } else {
      net.row = FilledTuple.of(net.row, row);
    }
  }

  void delete(Tuple keyTuple) throws RejectedBatchException {
    RowKey key = new RowKey(keyTuple, plan.key());
    Net net = nets.get(key);
    if (net == null) {
      nets.put(key, new Net(Was.THERE, keyTuple, null));
    } else if (net.row == null) {
      throw new RejectedBatchException("a key is deleted twice");
    } else {
      net.row = null;
      net.reborn = false;
    }
  }

  /** The statements, in order, each with the rows it must find. */
  void emit(ApplyBatch.Sink sink) throws SQLException, RejectedBatchException {
    List<Tuple> gone = new ArrayList<>();
    List<Tuple> passing = new ArrayList<>();
    List<Tuple> goneIfThere = new ArrayList<>();
    List<Tuple> upserted = new ArrayList<>();
    List<Tuple> born = new ArrayList<>(keylessInserts);
    Map<List<Integer>, Updates> updates = new LinkedHashMap<>();
    Updates whole = null;
    for (Net net : nets.values()) {
      if (net.was == Was.EITHER) {
        if (net.row == null) {
          goneIfThere.add(net.key);
        } else {
          upserted.add(net.row);
        }
        continue;
      }
      boolean wasThere = net.was == Was.THERE;
      if (wasThere && (net.row == null || net.reborn)) {
        gone.add(net.key);
      } else if (!wasThere && net.row == null) {
        passing.add(net.key);
      }
      if (net.row != null && (!wasThere || net.reborn)) {
        born.add(net.row);
      } else if (net.row != null) {
        Updates group;
        if (!net.row.hasUnchanged()) {
          whole = whole == null ? new Updates(plan.assigned(net.row, false)) : whole;
          group = whole;
        } else {
          int[] assigned = plan.assigned(net.row, false);
          group = updates.computeIfAbsent(
              Arrays.stream(assigned).boxed().toList(), columns -> new Updates(assigned));
        }
        group.rows.add(net.row);
        group.keys.add(net.key);
      }
    }
    if (whole != null) {
      updates.put(List.of(-1), whole);
    }
    byte[] noted = formats.clone();
    for (int i = 0; i < formats.length; i++) {
      formats[i] = formats[i] == 0 ? Tuple.TEXT : formats[i];
    }
    boolean sets = sql.asArrays(formats);
    delete(gone, 1, sets, sink);
    delete(passing, 0, sets, sink);
    delete(goneIfThere, ANY, sets, sink);
    for (Updates group : updates.values()) {
      update(group, sets, sink);
    }
    upsert(upserted, sets, sink);
    insert(born, noted, sets, sink);
  }

  private static final class Updates {
    final int[] assigned;
    final List<Tuple> rows = new ArrayList<>();
    final List<Tuple> keys = new ArrayList<>();

    Updates(int[] assigned) {
      this.assigned = assigned;
    }
  }

  private void delete(List<Tuple> keys, int each, boolean sets, ApplyBatch.Sink sink)
      throws SQLException, RejectedBatchException {
    if (keys.isEmpty()) {
      return;
    }
    if (sets) {
      sink.add(sql.delete(keys, formats), each == ANY ? ANY : (long) each * keys.size());
    } else {
      for (Tuple key : keys) {
        sink.add(sql.deleteRow(key), each);
      }
    }
  }

  private void update(Updates group, boolean sets, ApplyBatch.Sink sink)
      throws SQLException, RejectedBatchException {
    if (group.assigned.length == 0) {
      if (plan.fixed().length > 0) {
        throw new RejectedBatchException("whether columns changed that no update may set is to be seen one by one");
      }
      return;
    }
    if (sets) {
      sink.add(sql.update(group.rows, group.keys, group.assigned, formats), group.rows.size());
    } else {
      for (int i = 0; i < group.rows.size(); i++) {
        sink.add(sql.updateRow(group.keys.get(i), group.rows.get(i), group.assigned), 1);
      }
    }
  }

  private void upsert(List<Tuple> rows, boolean sets, ApplyBatch.Sink sink) throws SQLException, RejectedBatchException {
    if (rows.isEmpty()) {
      return;
    }
    int[] assigned = plan.assigned(rows.getFirst(), true);
    if (assigned.length == 0) {
      throw new RejectedBatchException("nothing of the row may be set: it is to be seen one by one");
    }
    if (sets) {
      sink.add(sql.upsert(rows, assigned, formats), rows.size());
    } else {
      for (Tuple row : rows) {
        sink.add(sql.upsertRow(row, assigned), 1);
      }
    }
  }

  private void insert(List<Tuple> rows, byte[] noted, boolean sets, ApplyBatch.Sink sink)
      throws SQLException, RejectedBatchException {
    if (rows.isEmpty()) {
      return;
    }
    CopyRows copy = rows.size() < COPIED ? null : sql.copy(rows, noted);
    if (copy != null) {
      sink.copy(copy);
    } else if (sets) {
      sink.add(sql.insert(rows, formats), rows.size());
    } else {
      for (Tuple row : rows) {
        sink.add(sql.insertRow(row, ""), 1);
      }
    }
  }
}
