package io.helios.repl.apply;

import io.helios.repl.postgres.Tuple;
import java.util.Arrays;

/**
 * A row's key within a batch, as the bytes that the source sent. Two rows with different bytes are different rows here
 * even where SQL calls the values equal; at worst a batch is then rejected and applied change by change.
 */
final class RowKey {

  private final Tuple tuple;
  private final int[] places;
  private final int hash;

  RowKey(Tuple tuple, int[] places) {
    this.tuple = tuple;
    this.places = places;
    byte[] bytes = tuple.array();
    int h = 1;
    for (int place : places) {
      int end = tuple.columnOffset(place + 1);
      for (int i = tuple.columnOffset(place); i < end; i++) {
        h = 31 * h + bytes[i];
      }
    }
    this.hash = h;
  }

  static boolean sameColumn(Tuple a, Tuple b, int place) {
    return Arrays.equals(
        a.array(), a.columnOffset(place), a.columnOffset(place + 1),
        b.array(), b.columnOffset(place), b.columnOffset(place + 1));
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof RowKey that) || hash != that.hash) {
      return false;
    }
    for (int place : places) {
      if (!sameColumn(tuple, that.tuple, place)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
