package io.helios.repl.change;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes one frame's payload: one tenant's changes, self-contained. Integers are big-endian; a tuple stands as pgoutput
 * sent it (see {@link Tuple}); an index counts the payload's relations from 0 in the order of their appearance.
 *
 * <pre>
 *   payload  := entry*                       entries follow the order Begin (change | marker)* End, again and again
 *   entry    := tag byte, then
 *     'B'  flags int8 (1: continued)  commit LSN int64  commit time int64 (micros since 2000-01-01)
 *     'E'  commit LSN int64
 *     'R'  oid int32  replica identity int8  schema string  name string  columns uint16
 *          { key int8  type int32  typmod int32  name string } for each column
 *     'I'  index uint16  row tuple
 *     'U'  index uint16  row tuple                        update, the key is the row's
 *     'K'  index uint16  old key tuple  row tuple         update, the key changed
 *     'O'  index uint16  old row tuple  row tuple         update, replica identity full
 *     'D'  index uint16  old key tuple
 *     'F'  index uint16  old row tuple                    delete, replica identity full
 *     'T'  index uint16  restart identity int8
 *     'P'  index uint16  row tuple                        upsert: a row that a poll found
 *     'M'  length int32  bytes                            a cutover's marker: see {@link CutoverMarker}
 *   string   := length uint16, UTF-8 bytes
 * </pre>
 *
 * <p>A payload may end inside a transaction; the tenant's next one then starts with a continued Begin. A reader refuses the
 * whole frame for one tag that it does not know ({@link ChangeReader}), so a new kind needs no new format version: frames
 * without it stay readable for older readers. Not thread-safe; owned by the capture thread. Reused by {@link #reset}.
 */
public final class ChangeWriter {

  static final byte BEGIN = 'B';
  static final byte END = 'E';
  static final byte RELATION = 'R';
  static final byte INSERT = 'I';
  static final byte UPDATE = 'U';
  static final byte UPDATE_OLD_KEY = 'K';
  static final byte UPDATE_OLD_ROW = 'O';
  static final byte DELETE_KEY = 'D';
  static final byte DELETE_ROW = 'F';
  static final byte TRUNCATE = 'T';
  static final byte UPSERT = 'P';
  static final byte MARKER = 'M';

  private static final int INITIAL_CAPACITY = 4 << 10;
  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private final Map<Relation, Integer> relations = new IdentityHashMap<>();
  private byte[] bytes = new byte[INITIAL_CAPACITY];
  private int size;
  private int changes;
  private boolean open;
  private @Nullable Relation lastRelation;
  private int lastIndex;

  /** @param continued whether the transaction's first part stands in an earlier frame */
  public void begin(Lsn commitLsn, long commitTimeMicros, boolean continued) {
    if (open) {
      throw new IllegalStateException("a transaction is open");
    }
    open = true;
    room(18);
    bytes[size++] = BEGIN;
    bytes[size++] = (byte) (continued ? 1 : 0);
    int64(commitLsn.value());
    int64(commitTimeMicros);
  }

  public void insert(Relation relation, Tuple row) {
    change(INSERT, relation, row.byteLength());
    tuple(row);
  }

  /** See {@link io.helios.repl.postgres.PgOutputMessage.Update}. */
  public void update(Relation relation, @Nullable Tuple old, boolean oldIsKey, Tuple row) {
    if (old == null) {
      change(UPDATE, relation, row.byteLength());
    } else {
      change(
          oldIsKey ? UPDATE_OLD_KEY : UPDATE_OLD_ROW,
          relation,
          Math.addExact(old.byteLength(), row.byteLength()));
      tuple(old);
    }
    tuple(row);
  }

  public void delete(Relation relation, Tuple old, boolean oldIsKey) {
    change(oldIsKey ? DELETE_KEY : DELETE_ROW, relation, old.byteLength());
    tuple(old);
  }

  /** See {@link Change.Upsert}. */
  public void upsert(Relation relation, Tuple row) {
    change(UPSERT, relation, row.byteLength());
    tuple(row);
  }

  public void truncate(Relation relation, boolean restartIdentity) {
    change(TRUNCATE, relation, 1);
    bytes[size++] = (byte) (restartIdentity ? 1 : 0);
  }

  public void marker(CutoverMarker marker) {
    if (!open) {
      throw new IllegalStateException("no transaction is open");
    }
    byte[] content = marker.content();
    room(5 + content.length);
    bytes[size++] = MARKER;
    int32(content.length);
    System.arraycopy(content, 0, bytes, size, content.length);
    size += content.length;
  }

  public void end(Lsn commitLsn) {
    if (!open) {
      throw new IllegalStateException("no transaction is open");
    }
    open = false;
    room(9);
    bytes[size++] = END;
    int64(commitLsn.value());
  }

  /** Bytes written so far: the payload is {@code array()[0 .. size())}. */
  public int size() {
    return size;
  }

  /** Rows changed, truncations included. */
  public int changes() {
    return changes;
  }

  /** Whether a transaction has begun and not ended here. */
  public boolean inTransaction() {
    return open;
  }

  /** The bytes; good until the next call that writes. */
  public byte[] array() {
    return bytes;
  }

  /** Starts an empty payload. An array that one huge row has blown up is not kept. */
  public void reset() {
    if (bytes.length > 1 << 20) {
      bytes = new byte[INITIAL_CAPACITY];
    }
    size = 0;
    changes = 0;
    open = false;
    relations.clear();
    lastRelation = null;
  }

  private void change(byte tag, Relation relation, int bodyLength) {
    if (!open) {
      throw new IllegalStateException("no transaction is open");
    }
    int index = relation == lastRelation ? lastIndex : index(relation);
    room(Math.addExact(3, bodyLength));
    bytes[size++] = tag;
    int16(index);
    changes++;
  }

  private int index(Relation relation) {
    Integer known = relations.get(relation);
    int index;
    if (known != null) {
      index = known;
    } else {
      index = relations.size();
      if (index > 0xFFFF) {
        throw new IllegalStateException("too many relations in one frame");
      }
      relation(relation);
      relations.put(relation, index);
    }
    lastRelation = relation;
    lastIndex = index;
    return index;
  }

  private void relation(Relation relation) {
    room(6);
    bytes[size++] = RELATION;
    int32(relation.oid());
    bytes[size++] = (byte) relation.replicaIdentity();
    string(relation.schema());
    string(relation.name());
    room(2);
    int16(relation.columns().size());
    for (Relation.Column column : relation.columns()) {
      room(9);
      bytes[size++] = (byte) (column.key() ? 1 : 0);
      int32(column.typeOid());
      int32(column.typeModifier());
      string(column.name());
    }
  }

  private void string(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    room(2 + utf8.length);
    int16(utf8.length);
    System.arraycopy(utf8, 0, bytes, size, utf8.length);
    size += utf8.length;
  }

  private void tuple(Tuple tuple) {
    int length = tuple.byteLength();
    System.arraycopy(tuple.array(), tuple.start(), bytes, size, length);
    size += length;
  }

  private void int16(int value) {
    bytes[size++] = (byte) (value >>> 8);
    bytes[size++] = (byte) value;
  }

  private void int32(int value) {
    int16(value >>> 16);
    int16(value);
  }

  private void int64(long value) {
    int32((int) (value >>> 32));
    int32((int) value);
  }

  private void room(int needed) {
    if (bytes.length - size < needed) {
      int wanted = Math.addExact(size, needed);
      long doubled = Math.max(wanted, 2L * bytes.length);
      bytes = Arrays.copyOf(bytes, (int) Math.min(doubled, MAX_ARRAY));
    }
  }
}
