package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.WalStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A stream that says what it was told to say: messages, silences, keepalives. */
final class ScriptedWalStream implements WalStream {

  private final Deque<Optional<ByteBuffer>> script = new ArrayDeque<>();
  private Lsn received = Lsn.INVALID;
  private Lsn released = Lsn.INVALID;
  private Lsn applied = Lsn.INVALID;
  private boolean binary;
  private boolean known = true;
  private boolean broken;

  ScriptedWalStream say(ByteBuffer... messages) {
    for (ByteBuffer message : messages) {
      script.add(Optional.of(message));
    }
    return this;
  }

  ScriptedWalStream silence() {
    script.add(Optional.empty());
    return this;
  }

  /** Once everything is said it breaks off, instead of being silent. */
  ScriptedWalStream breaks() {
    broken = true;
    return this;
  }

  void keepAliveAt(long lsn) {
    received = new Lsn(lsn);
  }

  /** Whether it is known whose history it is. */
  void known(boolean now) {
    known = now;
  }

  ScriptedWalStream inBinary() {
    binary = true;
    return this;
  }

  boolean isSpent() {
    return script.isEmpty();
  }

  Lsn applied() {
    return applied;
  }

  @Override
  public void applied(Lsn point) {
    applied = point;
  }

  Lsn released() {
    return released;
  }

  @Override
  public @Nullable ByteBuffer poll() {
    if (broken && script.isEmpty()) {
      throw new TransientException(new Problem(ErrorCode.STREAM_BROKEN, "the stream broke off", "the server died", "wait"));
    }
    return script.isEmpty() ? null : script.poll().orElse(null);
  }

  @Override
  public boolean isBinary() {
    return binary;
  }

  @Override
  public Lsn receivedUpTo() {
    return received;
  }

  @Override
  public void release(Lsn endLsn, boolean now) {
    released = Lsn.max(released, endLsn);
  }

  @Override
  public boolean mayRelease() {
    return known;
  }

  @Override
  public void keepAlive() {}

  @Override
  public void close() {}
}
