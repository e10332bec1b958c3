package io.helios.repl.apply;

import io.helios.repl.postgres.Lsn;
import java.util.Map;

/**
 * What the target has recorded of one tenant.
 *
 * @param position commit LSN of the last transaction applied; {@link Lsn#INVALID} before the first
 * @param copiedAt consistent point of each copied table, by its quoted name: older transactions are in the copy
 */
public record ReplicaState(long epoch, long sourceSystem, Lsn position, Map<String, Lsn> copiedAt) {

  public ReplicaState {
    copiedAt = Map.copyOf(copiedAt);
  }
}
