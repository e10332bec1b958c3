package io.helios.repl.tests.simulation;

import io.helios.repl.change.Change;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** pgoutput's messages, protocol version 1, as PostgreSQL writes them (its chapter "Logical Replication Message Formats"). */
final class WalBytes {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream(96);

  private WalBytes(char tag) {
    out.write(tag);
  }

  static byte[] begin(long commitLsn, long micros) {
    return new WalBytes('B').int64(commitLsn).int64(micros).int32(7).out.toByteArray();
  }

  static byte[] commit(long commitLsn, long endLsn, long micros) {
    return new WalBytes('C').int8(0).int64(commitLsn).int64(endLsn).int64(micros).out.toByteArray();
  }

  static byte[] relation(Relation relation) {
    WalBytes bytes = new WalBytes('R')
        .int32(relation.oid())
        .string(relation.schema())
        .string(relation.name())
        .int8(relation.replicaIdentity())
        .int16(relation.columns().size());
    for (Relation.Column column : relation.columns()) {
      bytes.int8(column.key() ? 1 : 0).string(column.name()).int32(column.typeOid()).int32(column.typeModifier());
    }
    return bytes.out.toByteArray();
  }

  static byte[] insert(SimulatedTable table, Object[] row) {
    return new WalBytes('I').int32(table.relation().oid()).int8('N').tuple(row).out.toByteArray();
  }

  /** @param old null when the key did not change and only the key is the identity */
  static byte[] update(SimulatedTable table, Object[] old, Object[] row) {
    WalBytes bytes = new WalBytes('U').int32(table.relation().oid());
    if (old != null) {
      bytes.int8(table.relation().replicaIdentity() == 'f' ? 'O' : 'K').tuple(old);
    }
    return bytes.int8('N').tuple(row).out.toByteArray();
  }

  static byte[] delete(SimulatedTable table, Object[] old) {
    char kind = table.relation().replicaIdentity() == 'f' ? 'O' : 'K';
    return new WalBytes('D').int32(table.relation().oid()).int8(kind).tuple(old).out.toByteArray();
  }

  static byte[] truncate(SimulatedTable table) {
    return new WalBytes('T').int32(1).int8(0).int32(table.relation().oid()).out.toByteArray();
  }

  /** A transactional logical message. */
  static byte[] logical(String prefix, byte[] content) {
    WalBytes bytes = new WalBytes('M').int8(1).int64(0).string(prefix).int32(content.length);
    bytes.out.writeBytes(content);
    return bytes.out.toByteArray();
  }

  /** What a change was that somebody has applied, as his own database's WAL holds it. */
  static SourceTransaction.Change of(Change change) {
    SimulatedTable table = SimulatedTable.of(change.relation());
    return new SourceTransaction.Change(
        table,
        switch (change) {
          case Change.Insert(var _, Tuple row) -> insert(table, values(row));
          case Change.Delete(var _, Tuple old, boolean _) -> delete(table, values(old));
          case Change.Update(var _, Tuple old, boolean _, Tuple row) ->
              update(table, old == null ? null : values(old), values(row));
          case Change.Truncate _ -> truncate(table);
          case Change.Upsert _ -> throw new Violation("the WAL has no upserts");
        });
  }

  private static Object[] values(Tuple tuple) {
    Object[] values = new Object[tuple.columnCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = tuple.isUnchanged(i) ? UNCHANGED : tuple.text(i);
    }
    return values;
  }

  /** Stands for a large value that did not change and was not sent. */
  static final Object UNCHANGED = new Object();

  private WalBytes tuple(Object[] row) {
    int16(row.length);
    for (Object value : row) {
      if (value == null) {
        int8('n');
      } else if (value == UNCHANGED) {
        int8('u');
      } else {
        byte[] utf8 = value.toString().getBytes(StandardCharsets.UTF_8);
        int8('t').int32(utf8.length);
        out.writeBytes(utf8);
      }
    }
    return this;
  }

  private WalBytes int8(int value) {
    out.write(value);
    return this;
  }

  private WalBytes int16(int value) {
    return int8(value >>> 8).int8(value);
  }

  private WalBytes int32(int value) {
    return int16(value >>> 16).int16(value);
  }

  private WalBytes int64(long value) {
    out.writeBytes(ByteBuffer.allocate(8).putLong(value).array());
    return this;
  }

  private WalBytes string(String text) {
    out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    return int8(0);
  }
}
