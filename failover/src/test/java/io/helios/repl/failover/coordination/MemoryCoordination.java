package io.helios.repl.failover.coordination;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Registers in memory, shared by all who hold it; may lose its quorum. */
public final class MemoryCoordination implements Coordination {

  private final TreeMap<String, Entry> registers = new TreeMap<>();
  private long revision;
  private boolean lost;

  public synchronized void lose(boolean quorum) {
    lost = quorum;
  }

  @Override
  public synchronized Optional<Entry> read(String key) {
    check();
    return Optional.ofNullable(registers.get(key));
  }

  @Override
  public synchronized List<Entry> list(String prefix) {
    check();
    return registers.values().stream().filter(e -> e.key().startsWith(prefix)).toList();
  }

  @Override
  public synchronized boolean swap(String key, long version, @Nullable String value) {
    check();
    Entry there = registers.get(key);
    if ((there == null ? 0 : there.version()) != version) {
      return false;
    }
    if (value == null) {
      registers.remove(key);
    } else {
      registers.put(key, new Entry(key, value, ++revision));
    }
    return true;
  }

  private void check() {
    if (lost) {
      throw new TransientException(new Problem(ErrorCode.COORDINATION_UNAVAILABLE, "no quorum", "a test", "none"));
    }
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public void close() {}
}
