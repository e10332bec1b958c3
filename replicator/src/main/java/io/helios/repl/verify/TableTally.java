package io.helios.repl.verify;

import io.helios.repl.postgres.TableName;

/** One table of a pass: what has been added up so far on both sides, and what is still to come. Any thread. */
final class TableTally {

  private enum Admission { OPEN, ADMITTED, TURNED_AWAY }

  private final TableName name;
  private final RowHash hash;
  private final int scans;
  private final boolean first;
  private Admission admission = Admission.OPEN;
  private int done;
  private Digest source = Digest.EMPTY;
  private Digest target = Digest.EMPTY;

  /**
   * @param scans of both sides together
   * @param first whether it is the pass's first table, which is compared in any case, so that each pass comes to something
   */
  TableTally(TableName name, RowHash hash, int scans, boolean first) {
    this.name = name;
    this.hash = hash;
    this.scans = scans;
    this.first = first;
  }

  TableName name() {
    return name;
  }

  RowHash hash() {
    return hash;
  }

  /** Whether the table is compared in this pass: if it is the first, or not too late. What one scan was told holds for all. */
  synchronized boolean admit(boolean late) {
    if (admission == Admission.OPEN) {
      admission = late && !first ? Admission.TURNED_AWAY : Admission.ADMITTED;
    }
    return admission == Admission.ADMITTED;
  }

  /** Adds a scan's sum; true when it was the last one. */
  synchronized boolean add(boolean atSource, Digest part) {
    if (atSource) {
      source = source.plus(part);
    } else {
      target = target.plus(part);
    }
    done++;
    return done == scans;
  }

  synchronized Digest source() {
    return source;
  }

  synchronized Digest target() {
    return target;
  }
}
