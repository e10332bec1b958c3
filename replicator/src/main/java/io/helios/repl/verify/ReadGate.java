package io.helios.repl.verify;

import io.helios.repl.postgres.ConnectionScope;

/** Where a verification may have to wait before it reads on, because others feel it. A seam. Any thread. */
@FunctionalInterface
public interface ReadGate {

  /** Nobody waits. */
  ReadGate OPEN = (bytes, scope) -> {};

  /**
   * Returns when so many bytes more may be read.
   *
   * @param scope the verification's: a wait ends with {@link java.util.concurrent.CancellationException} when it is broken off
   */
  void pass(long bytes, ConnectionScope scope);
}
