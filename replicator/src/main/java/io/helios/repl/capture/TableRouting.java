package io.helios.repl.capture;

import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import org.jspecify.annotations.Nullable;

/**
 * Who takes one table's rows, worked out once a definition. Immutable.
 */
final class TableRouting {

  private final Relation relation;
  private final int[] takers;
  private final int keyColumn;
  private final boolean padded;
  private final @Nullable KeyIndex text;
  private final @Nullable KeyIndex binary;

  private TableRouting(
      Relation relation, int[] takers, int keyColumn, boolean padded, @Nullable KeyIndex text, @Nullable KeyIndex binary) {
    this.relation = relation;
    this.takers = takers;
    this.keyColumn = keyColumn;
    this.padded = padded;
    this.text = text;
    this.binary = binary;
  }

  /** All rows go to all takers. */
  static TableRouting whole(Relation relation, int[] takers) {
    return new TableRouting(relation, takers, -1, false, null, null);
  }

  /** @param padded whether trailing blanks of a value do not count (bpchar) */
  static TableRouting byKey(
      Relation relation, int[] takers, int keyColumn, boolean padded, KeyIndex text, KeyIndex binary) {
    return new TableRouting(relation, takers, keyColumn, padded, text, binary);
  }

  Relation relation() {
    return relation;
  }

  /** Everybody who takes any row of it. */
  int[] takers() {
    return takers;
  }

  boolean isWhole() {
    return keyColumn < 0;
  }

  /** Whether the replica identity says whose a row is. */
  boolean identityCarriesTenant() {
    return keyColumn < 0 || relation.columns().get(keyColumn).key();
  }

  /** Whether the tenant column's value was left out because it did not change. */
  boolean tenantIsUnchanged(Tuple row) {
    return row.isUnchanged(keyColumn);
  }

  int[] tenantsOf(Tuple row) {
    return at(row.array(), row.columnOffset(keyColumn));
  }

  /**
   * Whether a message about this table concerns anybody, read from its bytes without decoding it. Says yes whenever it
   * is not sure: decoding then finds out.
   */
  boolean concerns(byte[] message, int start, int limit) {
    if (takers.length == 0) {
      return false;
    }
    if (keyColumn < 0 || limit - start < 8) {
      return true;
    }
    byte tag = message[start];
    byte kind = message[start + 5];
    if (kind == 'N') {
      return (tag == 'U' && !identityCarriesTenant()) || concernsTuple(message, start + 6, limit);
    }
    if (kind == 'K' && !identityCarriesTenant() || concernsTuple(message, start + 6, limit)) {
      return true;
    }
    if (tag == 'D') {
      return false;
    }
    int next = columnAt(message, start + 6, limit, Integer.MAX_VALUE);
    return next < 0 || next >= limit || concernsTuple(message, next + 1, limit);
  }

  private boolean concernsTuple(byte[] message, int tuple, int limit) {
    int at = columnAt(message, tuple, limit, keyColumn);
    return at < 0 || message[at] == Tuple.UNCHANGED || at(message, at).length > 0;
  }

  /** Where the column starts, or the tuple ends when it has fewer columns; -1 when the bytes are no tuple. */
  private static int columnAt(byte[] bytes, int tuple, int limit, int column) {
    if (limit - tuple < 2) {
      return -1;
    }
    int columns = (bytes[tuple] & 0xFF) << 8 | bytes[tuple + 1] & 0xFF;
    int at = tuple + 2;
    boolean toEnd = column >= columns;
    if (toEnd && column != Integer.MAX_VALUE) {
      return -1;
    }
    for (int i = 0; i < (toEnd ? columns : column); i++) {
      if (at >= limit) {
        return -1;
      }
      byte kind = bytes[at];
      if (kind == Tuple.TEXT || kind == Tuple.BINARY) {
        int length = limit - at < 5 ? -1 : int32(bytes, at + 1);
        if (length < 0 || length > limit - at - 5) {
          return -1;
        }
        at += 5 + length;
      } else {
        at++;
      }
    }
    if (toEnd) {
      return at;
    }
    if (at >= limit) {
      return -1;
    }
    byte kind = bytes[at];
    boolean whole =
        kind != Tuple.TEXT && kind != Tuple.BINARY
            || limit - at >= 5 && int32(bytes, at + 1) >= 0 && int32(bytes, at + 1) <= limit - at - 5;
    return whole ? at : -1;
  }

  /** The tenants of the value whose kind byte is at {@code at}. */
  private int[] at(byte[] bytes, int at) {
    byte kind = bytes[at];
    KeyIndex index = kind == Tuple.TEXT ? text : kind == Tuple.BINARY ? binary : null;
    if (index == null) {
      return KeyIndex.NOBODY;
    }
    int length = int32(bytes, at + 1);
    if (padded) {
      while (length > 0 && bytes[at + 4 + length] == ' ') {
        length--;
      }
    }
    return index.find(bytes, at + 5, length);
  }

  private static int int32(byte[] bytes, int at) {
    return (bytes[at] & 0xFF) << 24 | (bytes[at + 1] & 0xFF) << 16 | (bytes[at + 2] & 0xFF) << 8 | bytes[at + 3] & 0xFF;
  }
}
