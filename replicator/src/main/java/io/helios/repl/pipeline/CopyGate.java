package io.helios.repl.pipeline;

import io.helios.repl.postgres.ConnectionScope;
import org.jspecify.annotations.Nullable;

/** Where a copy may have to wait, between what it read and what it writes. Any thread. */
public interface CopyGate {

  /** Nobody waits. */
  CopyGate OPEN =
      new CopyGate() {
        @Override
        public void pass(long bytes, ConnectionScope scope) {}

        @Override
        public @Nullable String held() {
          return null;
        }
      };

  /**
   * Returns when so many bytes may go on.
   *
   * @param scope the copy's: a wait ends with {@link java.util.concurrent.CancellationException} when it is broken off
   */
  void pass(long bytes, ConnectionScope scope);

  /** Why it goes slowly just now, in a few words for an operator; null when it does not. */
  @Nullable String held();
}
