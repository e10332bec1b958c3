package io.helios.repl.capture;

import org.jspecify.annotations.Nullable;

/**
 * How far a table has been polled. Values are in the text form of the column's type. Immutable.
 *
 * @param oid at the source: a table that was renamed is the same one, one that was made again is not
 * @param highest the highest value found that was not in the future; null before there was one
 * @param horizon every row with a lower value that will ever be committed has been found, less the margin of the type; null
 *     while nothing is known
 */
public record TableMark(int oid, @Nullable String highest, @Nullable String horizon) {

  /** Of a table that joins. */
  static TableMark of(int oid) {
    return new TableMark(oid, null, null);
  }

  TableMark reached(@Nullable String value) {
    return value == null ? this : new TableMark(oid, value, horizon);
  }

  TableMark settled(@Nullable String value) {
    return value == null ? this : new TableMark(oid, highest, value);
  }
}
