package io.helios.repl.postgres;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The changes of one replication slot as they come: a seam, so that a simulated stream can take its place.
 *
 * <p>Order: transactions come whole, in the order of their commit LSN, starting with the first whose commit LSN is not
 * before the slot's {@code confirmed_flush_lsn}. What was released is never sent again; what was not may be, after a
 * reconnect.
 *
 * <p>Owned by the capture thread, but for {@link #keepAlive}, which any thread may call at any time.
 */
public interface WalStream extends AutoCloseable {

  /**
   * The next pgoutput message, or null when none is waiting; waits a millisecond at the most, ten when it has
   * been silent for a while. The buffer has an array that is the caller's to keep: nobody writes it again.
   *
   * @throws io.helios.repl.error.TransientException when the connection is lost
   * @throws io.helios.repl.error.OperatorException when the server refuses for good (slot gone, no right)
   */
  @Nullable ByteBuffer poll();

  /** Whether values come in binary: then only those of types whose binary form reads everywhere are of use. */
  boolean isBinary();

  /**
   * Everything that committed before this has been returned by {@link #poll}. Only meaningful between two
   * transactions, right after {@code poll} returned null; an idle source advances it by its keepalives.
   */
  Lsn receivedUpTo();

  /**
   * Lets the server forget everything before {@code endLsn}. It is told at once when {@code now}, else with the next
   * status update, a second later at most. Never moves back.
   */
  void release(Lsn endLsn, boolean now);

  /**
   * Tells the server at once that what commits at it wait for, before this, is at the replicas: it acknowledges them then. Only
   * of use where the stream was opened as a standby that the server knows by name. Never moves back.
   */
  void applied(Lsn point);

  /** Whether it takes a release: not before it is known to be the source that was captured. What may go by then is asked then. */
  default boolean mayRelease() {
    return true;
  }

  /** Tells the server that we live, whatever the owner is doing. Cheap, and a no-op when the owner is reading. */
  void keepAlive();

  @Override
  void close();
}
