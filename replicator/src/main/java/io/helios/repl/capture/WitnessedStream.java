package io.helios.repl.capture;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgOutputDecoder;
import io.helios.repl.postgres.PgOutputMessage;
import io.helios.repl.postgres.WalStream;
import io.helios.repl.relay.Provenance;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A stream that is looked at until it is past what the journal holds. The slot is never told more than the position of the
 * last transaction captured, so that a server whose history is the one that was captured sends this transaction again, with
 * the same position, commit time and id, and nothing between it and the journal's end. A server that was restored from an
 * older copy of its own files, and has written more since than it had when we left it, cannot: what it sends is another
 * history, and the stream ends with {@link ErrorCode#SOURCE_HISTORY} before anything of it is used.
 *
 * <p>Until then it neither tells of progress nor releases anything. Owned by the capture thread; {@link #keepAlive} is for
 * any.
 */
public final class WitnessedStream implements WalStream {

  private final WalStream stream;
  private final String source;
  private final Provenance witness;
  private final Lsn witnessed;
  private final Lsn heldUpTo;
  private final PgOutputDecoder decoder = new PgOutputDecoder();
  private boolean seen;
  private boolean past;

  /**
   * Watches a stream that begins at or before the last transaction captured.
   *
   * @param source its name, for messages
   * @param witness what the journal's mark says of the last transaction
   * @param heldUpTo where the journal ends
   */
  public WitnessedStream(WalStream stream, String source, Provenance witness, Lsn heldUpTo) {
    this.stream = stream;
    this.source = source;
    this.witness = witness;
    this.witnessed = new Lsn(witness.position());
    this.heldUpTo = heldUpTo;
  }

  @Override
  public @Nullable ByteBuffer poll() {
    ByteBuffer message = stream.poll();
    if (past) {
      return message;
    }
    if (message == null) {
      Lsn received = stream.receivedUpTo();
      if (!seen && received.isAfter(witnessed)) {
        throw otherHistory("the last transaction that was captured, at " + witnessed + ", is not in it");
      }
      if (seen && !received.isBefore(heldUpTo)) {
        past = true;
      }
    } else if (message.hasRemaining()
        && message.get(message.position()) == 'B'
        && decoder.decode(message.duplicate()) instanceof PgOutputMessage.Begin begin) {
      look(begin);
    }
    return message;
  }

  private void look(PgOutputMessage.Begin begin) {
    Lsn lsn = begin.commitLsn();
    if (lsn.equals(witnessed)) {
      if (begin.xid() != witness.transaction() || begin.commitTimeMicros() != witness.commitMicros()) {
        throw otherHistory("the transaction at " + lsn + " is another one than the one captured there");
      }
      seen = true;
    } else if (lsn.isAfter(witnessed)) {
      if (!seen) {
        throw otherHistory("the last transaction that was captured, at " + witnessed + ", is not in it");
      }
      if (lsn.isBefore(heldUpTo)) {
        throw otherHistory("there is a transaction at " + lsn + ", where there was none up to " + heldUpTo);
      }
      past = true;
    }
  }

  private OperatorException otherHistory(String why) {
    return new OperatorException(
        new Problem(
            ErrorCode.SOURCE_HISTORY,
            "the history of source \"" + source + "\" is not the one that was captured",
            why + ": the server was restored from an older copy and has gone on from there",
            SourceContinuity.hint(source)));
  }

  @Override
  public boolean isBinary() {
    return stream.isBinary();
  }

  @Override
  public Lsn receivedUpTo() {
    return past ? stream.receivedUpTo() : Lsn.INVALID;
  }

  @Override
  public void applied(Lsn point) {
    stream.applied(point);
  }

  @Override
  public void release(Lsn endLsn, boolean now) {
    if (past) {
      stream.release(endLsn, now);
    }
  }

  /** What might go before may have to stay by then: a tenant has begun to stream that is not as far. */
  @Override
  public boolean mayRelease() {
    return past;
  }

  @Override
  public void keepAlive() {
    stream.keepAlive();
  }

  @Override
  public void close() {
    stream.close();
  }
}
