package io.helios.repl.tests.faults;

/** Where a process that runs the engine ends itself, at the n-th time it gets there. */
enum KillStep {
  /** Nowhere. */
  NONE,
  /** A message has come from the source. */
  CAPTURE,
  /** A frame is about to be sealed: its key is asked for. */
  SEAL,
  /** Half of a write to the journal is in the file. */
  APPEND,
  /** The journal has been written, and not yet made durable. */
  FSYNC,
  /** The journal is durable, and nobody has been told. */
  FSYNCED,
  /** The source is about to be told how far its slot may be released. */
  RELEASE,
  /** It has been told. */
  RELEASED,
  /** Some changes of a target transaction are applied. */
  APPLY,
  /** A target transaction is about to be committed. */
  COMMIT,
  /** It is, and nobody has been told. */
  COMMITTED,
  /** So many rows of the initial copy have passed. */
  COPY,
  /** The same, of the copy of a resync. */
  RESYNC
}
