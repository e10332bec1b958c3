package io.helios.repl.relay;

/**
 * Where what the journal holds comes from, up to a mark: the server, and the last transaction that its stream brought, be it
 * of tenants or of nobody. Who streams on after the mark is shown that transaction again first, and so can tell whether the
 * source's history is still the one that was captured: a server that was restored from an old copy of its own files has the
 * same identifier, and may have written more than it had when we left it.
 *
 * @param systemIdentifier the source's; 0 when nobody knows
 * @param timeline of the source
 * @param position of the last transaction; 0 when there was none
 * @param commitMicros its commit time, microseconds since 2000-01-01 UTC
 * @param transaction its id at the source
 */
public record Provenance(long systemIdentifier, int timeline, long position, long commitMicros, int transaction) {

  public static final Provenance UNKNOWN = new Provenance(0, 0, 0, 0, 0);

  /** Of this server, with no transaction yet. */
  public static Provenance of(long systemIdentifier, int timeline) {
    return new Provenance(systemIdentifier, timeline, 0, 0, 0);
  }

  public boolean isKnown() {
    return systemIdentifier != 0;
  }

  /** Whether there is a transaction to know the source's history by. */
  public boolean hasTransaction() {
    return position != 0;
  }

  /** The same server's next transaction. */
  public Provenance with(long nextPosition, long nextCommitMicros, int nextTransaction) {
    return new Provenance(systemIdentifier, timeline, nextPosition, nextCommitMicros, nextTransaction);
  }
}
