package io.helios.repl.failover.coordination;

import io.helios.repl.error.TransientException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The registers that servers agree on. Everything that is agreed (epochs, votes, leases) is built on reading one and on
 * changing it if it is still what was read; nothing here decides anything. Reads are linearizable. Any thread.
 *
 * <p>Every method throws {@link TransientException} when no quorum answers; after {@link #swap} it is then not known whether
 * the register was changed, and {@link #read} tells.
 */
public interface Coordination extends AutoCloseable {

  /** @param version never the same for two values of a key, and above 0 */
  record Entry(String key, String value, long version) {}

  Optional<Entry> read(String key);

  /** By key, all of one moment. */
  List<Entry> list(String prefix);

  /**
   * Changes the register if it is what was read.
   *
   * @param version that was read; 0 when there was none
   * @param value null removes it
   * @return false, with nothing changed, when it is another by now
   */
  boolean swap(String key, long version, @Nullable String value);

  /** Whether other servers see the same registers; a single server's own are as dead as it is. */
  boolean isShared();

  @Override
  void close();
}
