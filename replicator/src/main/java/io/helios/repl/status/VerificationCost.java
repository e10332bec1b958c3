package io.helios.repl.status;

/**
 * What a verification cost both databases.
 *
 * @param millis how long it worked; pauses between two attempts do not count
 * @param rows read, of both sides together; those of a table that differs are read three times
 * @param bytes read, of both sides together, by the tables' sizes on disk
 * @param pausedMillis how long its sessions stood idle to stay within the wanted rate, all of them together
 * @param heldMillis how long the tenant's applier stood still
 * @param snapshotMillis the age that a snapshot of it reached: for so long vacuum could not remove what died meanwhile
 * @param points at how many points of the WAL it looked: 1 unless it was interrupted or long
 */
public record VerificationCost(
    long millis, long rows, long bytes, long pausedMillis, long heldMillis, long snapshotMillis, int points) {

  public static final VerificationCost NONE = new VerificationCost(0, 0, 0, 0, 0, 0, 0);

  /** Both, one after the other. */
  public VerificationCost plus(VerificationCost other) {
    return new VerificationCost(
        millis + other.millis,
        rows + other.rows,
        bytes + other.bytes,
        pausedMillis + other.pausedMillis,
        heldMillis + other.heldMillis,
        Math.max(snapshotMillis, other.snapshotMillis),
        points + other.points);
  }
}
