package io.helios.repl.capture;

import io.helios.repl.change.ChangeWriter;
import io.helios.repl.postgres.Lsn;
import org.jspecify.annotations.Nullable;

/** One tenant's frame while it is being filled, and how its part of the open transaction stands. Capture thread. */
final class OpenFrame {

  TenantRoute route;

  /** Null while nothing is in it. */
  @Nullable ChangeWriter writer;

  Lsn firstPosition = Lsn.INVALID;
  Lsn lastPosition = Lsn.INVALID;
  long firstCommitMicros;
  long lastCommitMicros;

  /** Whether it is among those that are to be looked at when all are cut. */
  boolean listed;

  /** Whether the open transaction has changed anything of this tenant. */
  boolean touched;

  /** Whether a part of the open transaction is in the journal already. */
  boolean continued;

  boolean failed;

  OpenFrame(TenantRoute route) {
    this.route = route;
  }

  int size() {
    return writer == null ? 0 : writer.size();
  }
}
