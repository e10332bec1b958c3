package io.helios.repl.postgres;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The WAL stream over pgjdbc ({@code V3PGReplicationStream}). What one has to know of it:
 *
 * <ul>
 *   <li>Automatic flush is off: with it pgjdbc would release to the server whatever keepalives mention, also what we hold
 *       only in memory. The slot is told what {@link #release} was told, nothing else.
 *   <li>Its "last receive LSN" is each message's start, which also goes backwards (a Begin carries its first record's);
 *       between two transactions it is the last commit's end or a later keepalive's. So it is taken there only.
 *   <li>Polled, it takes the end of the connection for silence. So silence is measured ({@link SocketWatch}), the
 *       server is asked for an answer after {@link #ASK_AFTER_SECONDS}, and without one the stream is broken.
 *   <li>It writes nothing while nobody reads: {@link #keepAlive} does, from any other thread, under the stream's lock.
 *   <li>A server that shuts down waits until its walsenders' clients have everything: going by the flush position when the
 *       last status update had a valid one, else by the write position ({@code walsender.c}, WalSndDone). What we release is
 *       most often behind, and a shutdown would wait for ever. So a release is said once, and all other updates have none,
 *       but for those that say what is applied: a standby without a flush position is no candidate for acknowledging commits
 *       ({@code syncrep.c}, SyncRepGetCandidateStandbys). They have the one that holds already.
 * </ul>
 */
public final class JdbcWalStream implements WalStream {

  private static final Logger LOG = LoggerFactory.getLogger(JdbcWalStream.class);
  private static final int STATUS_INTERVAL_SECONDS = 1;
  private static final long STATUS_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(STATUS_INTERVAL_SECONDS);
  private static final long ASK_AFTER_SECONDS = 5;
  private static final long GIVE_UP_SECONDS = 20;
  /** A walsender reads replies until there are none left, and sends nothing meanwhile ({@code walsender.c}, ProcessRepliesIfAny). */
  private static final long KEEP_ALIVE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final int BUSY_PEEK_MILLIS = 1;
  private static final int IDLE_PEEK_MILLIS = 10;
  private static final int IDLE_AFTER_SILENCES = 200;

  private final ReentrantLock lock = new ReentrantLock();
  private final ConnectionSettings settings;
  private final String slot;
  private final String publication;
  private final boolean binary;
  private final Connection connection;
  private final SourceIdentity identity;
  private final PGReplicationStream stream;
  private final SocketWatch watch;
  private final boolean standby;

  private boolean inTransaction;
  private Lsn received;
  private Lsn released = Lsn.INVALID;
  private Lsn saidReleased;
  private Lsn saidApplied = Lsn.INVALID;
  private long saidNanos = System.nanoTime();
  private long askedNanos;
  private long keptAliveNanos = System.nanoTime() - KEEP_ALIVE_NANOS;
  private boolean asked;
  private int silences;

  private JdbcWalStream(
      ConnectionSettings settings,
      String slot,
      String publication,
      boolean binary,
      Lsn from,
      Connection connection,
      SourceIdentity identity,
      PGReplicationStream stream,
      SocketWatch watch,
      boolean standby) {
    this.settings = settings;
    this.slot = slot;
    this.publication = publication;
    this.binary = binary;
    this.connection = connection;
    this.identity = identity;
    this.stream = stream;
    this.watch = watch;
    this.received = from;
    this.standby = standby;
    this.saidReleased = standby ? from : Lsn.INVALID;
  }

  /**
   * Starts streaming from the slot.
   *
   * @param from transactions whose commit LSN is before it are not sent; {@link Lsn#INVALID} for all that the slot has
   * @param binary whether values come in binary; only where every published type is built in
   * @throws TransientException unreachable, no walsender left, or the slot is being read by somebody else (who)
   * @throws OperatorException login, right, wal_level, slot missing, lost or not ours
   */
  public static JdbcWalStream open(
      ConnectionSettings settings, String slot, String publication, Lsn from, boolean binary) {
    return open(settings, slot, publication, from, binary, false);
  }

  /**
   * The same as a standby whose name, for {@code synchronous_standby_names}, is the slot's: no other stream of the server has it.
   *
   * @param from what the slot has confirmed
   */
  public static JdbcWalStream openStandby(
      ConnectionSettings settings, String slot, String publication, Lsn from, boolean binary) {
    return open(settings, slot, publication, from, binary, true);
  }

  private static JdbcWalStream open(
      ConnectionSettings settings, String slot, String publication, Lsn from, boolean binary, boolean standby) {
    ReplicationSlot.checkName(slot);
    try (SocketWatch watch = new SocketWatch(settings, true)) {
      Connection connection =
          standby
              ? PgConnections.openStandby(settings, slot, watch)
              : PgConnections.openReplication(settings, "capture", watch);
      try {
        SourceIdentity identity = SourceIdentity.read(connection);
        PGReplicationStream stream =
            connection
                .unwrap(PGConnection.class)
                .getReplicationAPI()
                .replicationStream()
                .logical()
                .withSlotName(slot)
                .withStartPosition(LogSequenceNumber.valueOf(from.value()))
                .withStatusInterval(STATUS_INTERVAL_SECONDS, TimeUnit.SECONDS)
                .withAutomaticFlush(false)
                .withSlotOption("proto_version", 1)
                // A list of identifiers inside a literal, and pgjdbc does not quote either.
                .withSlotOption("publication_names", Identifiers.quote(publication).replace("'", "''"))
                .withSlotOption("messages", "true")
                .withSlotOption("binary", binary ? "true" : "false")
                .start();
        watch.quick();
        return new JdbcWalStream(settings, slot, publication, binary, from, connection, identity, stream, watch, standby);
      } catch (SQLException e) {
        closeQuietly(connection);
        throw startRefused(settings, slot, e);
      } catch (RuntimeException e) {
        closeQuietly(connection);
        throw e;
      }
    }
  }

  /** Which server this is, asked over the very connection that streams. */
  public SourceIdentity identity() {
    return identity;
  }

  /**
   * This stream, if it comes from that server and its timeline, asked over the very connection that streams.
   *
   * @throws TransientException when it is another one; the stream is closed then
   */
  public JdbcWalStream of(SourceIdentity server) {
    if (identity.systemIdentifier() != server.systemIdentifier() || identity.timeline() != server.timeline()) {
      close();
      throw new TransientException(
          new Problem(
              ErrorCode.STREAM_BROKEN,
              "the source at " + settings.place() + " became another server while the stream was opened",
              "its address has just gone over to another one",
              "it is opened again by itself"));
    }
    return this;
  }

  @Override
  public @Nullable ByteBuffer poll() {
    lock.lock();
    try {
      ByteBuffer message = stream.readPending();
      if (message == null) {
        nothingWaiting();
        if (++silences == IDLE_AFTER_SILENCES) {
          watch.peekFor(standby ? BUSY_PEEK_MILLIS : IDLE_PEEK_MILLIS);
        }
        return null;
      }
      if (silences >= IDLE_AFTER_SILENCES) {
        watch.peekFor(BUSY_PEEK_MILLIS);
      }
      silences = 0;
      byte tag = message.hasRemaining() ? message.get(message.position()) : 0;
      if (tag == 'B') {
        inTransaction = true;
      } else if (tag == 'C') {
        inTransaction = false;
      }
      return message;
    } catch (SQLException e) {
      throw broken(e);
    } finally {
      lock.unlock();
    }
  }

  private void nothingWaiting() throws SQLException {
    if (!inTransaction) {
      received = Lsn.max(received, new Lsn(stream.getLastReceiveLSN().asLong()));
    }
    if (watch.ended() || stream.isClosed()) {
      throw new TransientException(problem("the server closed the connection"));
    }
    long now = System.nanoTime();
    sayReleased(now, STATUS_INTERVAL_NANOS);
    if (asked && watch.lastReadNanos() - askedNanos > 0) {
      asked = false;
    }
    if (asked) {
      if (now - askedNanos > TimeUnit.SECONDS.toNanos(GIVE_UP_SECONDS)) {
        // The walsender may wait for us as long as we did for it, and nobody else can read the slot meanwhile.
        SilenceWatch.leave(watch);
        throw new TransientException(problem("the server has not answered for " + GIVE_UP_SECONDS + " s"));
      }
    } else if (now - watch.lastReadNanos() > TimeUnit.SECONDS.toNanos(ASK_AFTER_SECONDS)) {
      askForAnswer();
    }
  }

  /** A status update that asks the server to answer at once. Under the lock. */
  private void askForAnswer() throws SQLException {
    stream.forceUpdateStatus();
    if (!asked) {
      asked = true;
      askedNanos = System.nanoTime();
    }
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
    lock.lock();
    try {
      released = Lsn.max(released, endLsn);
      sayReleased(System.nanoTime(), now ? 0 : STATUS_INTERVAL_NANOS);
    } catch (SQLException e) {
      throw broken(e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void applied(Lsn point) {
    lock.lock();
    try {
      if (standby && point.isAfter(saidApplied)) {
        say(saidReleased, point);
        saidApplied = point;
      }
    } catch (SQLException e) {
      throw broken(e);
    } finally {
      lock.unlock();
    }
  }

  /** One status update with these positions; those that follow have none. */
  private void say(Lsn flushed, Lsn applied) throws SQLException {
    stream.setFlushedLSN(LogSequenceNumber.valueOf(flushed.value()));
    stream.setAppliedLSN(LogSequenceNumber.valueOf(applied.value()));
    try {
      askForAnswer();
    } finally {
      stream.setFlushedLSN(LogSequenceNumber.INVALID_LSN);
      stream.setAppliedLSN(LogSequenceNumber.INVALID_LSN);
    }
  }

  /** Tells the server what was released since it was told last, if that is so long ago. Under the lock. */
  private void sayReleased(long now, long afterNanos) throws SQLException {
    if (!released.isAfter(saidReleased) || now - saidNanos < afterNanos) {
      return;
    }
    say(released, standby ? saidApplied : released);
    saidReleased = released;
    saidNanos = now;
  }

  @Override
  public void keepAlive() {
    // Held by the owner: it is reading, and pgjdbc sends status updates by itself meanwhile.
    if (!lock.tryLock()) {
      return;
    }
    try {
      long now = System.nanoTime();
      if (now - keptAliveNanos >= KEEP_ALIVE_NANOS && !stream.isClosed()) {
        keptAliveNanos = now;
        askForAnswer();
      }
    } catch (SQLException e) {
      // The owner meets it at its next poll.
      LOG.debug("keepalive to {} failed: {}", settings.place(), SqlStates.reason(e));
    } finally {
      lock.unlock();
    }
  }

  /** Closes the connection. Nothing is released by it, and nothing is drained: a walsender in full flow would take long. */
  @Override
  public void close() {
    closeQuietly(connection);
  }

  private HeliosException broken(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    if (SqlStates.isTransient(e)) {
      SilenceWatch.leave(watch);
      return new TransientException(problem(SqlStates.reason(e)), SqlStates.clean(e));
    }
    return switch (state) {
      case SqlStates.UNDEFINED_OBJECT ->
          new OperatorException(
              new Problem(
                  ErrorCode.PUBLICATION_MISSING,
                  "publication " + publication + " does not exist in " + settings.place() + " where the slot stands",
                  SqlStates.reason(e),
                  "helios-repl source prepare NAME; if it exists now, drop slot " + slot + " and prepare again"),
              SqlStates.clean(e));
      case SqlStates.FILE_MISSING, SqlStates.NOT_IN_PREREQUISITE_STATE -> lost(settings, slot, e);
      default ->
          SqlStates.classify(
              e,
              ErrorCode.STREAM_BROKEN,
              "the replication stream from " + settings.place() + " failed",
              "helios-repl source check NAME");
    };
  }

  private Problem problem(String why) {
    return new Problem(
        ErrorCode.STREAM_BROKEN,
        "the replication stream from " + settings.place() + " broke off",
        why,
        "it is opened again by itself; if this lasts: helios-repl source check NAME");
  }

  /** Finds out, over an ordinary connection, what is behind the refusal. */
  private static HeliosException startRefused(ConnectionSettings settings, String slot, SQLException e) {
    String state = String.valueOf(e.getSQLState());
    switch (state) {
      case SqlStates.UNDEFINED_OBJECT -> {
        return new OperatorException(
            new Problem(
                ErrorCode.SLOT_MISSING,
                "replication slot " + slot + " does not exist in " + settings.place(),
                SqlStates.reason(e),
                "helios-repl source prepare NAME; then: helios-repl tenant resync --all"),
            SqlStates.clean(e));
      }
      case SqlStates.NO_RIGHT -> {
        return ReplicationSlot.noRight(settings, e);
      }
      case SqlStates.OBJECT_IN_USE, SqlStates.NOT_IN_PREREQUISITE_STATE -> {
        try (Connection ordinary = PgConnections.open(settings, "check", null)) {
          if (state.equals(SqlStates.OBJECT_IN_USE)) {
            return ReplicationSlot.inUse(ordinary, slot, e);
          }
          HeliosException walLevel = ReplicationSlot.walLevel(ordinary, settings);
          if (walLevel != null) {
            return walLevel;
          }
          ReplicationSlot.find(ordinary, slot).ifPresent(found -> ReplicationSlot.checkFit(found, settings));
          return lost(settings, slot, e);
        } catch (HeliosException found) {
          return found;
        } catch (SQLException second) {
          e.addSuppressed(second);
        }
      }
      default -> {
        // Told as it came, below.
      }
    }
    return SqlStates.classify(
        e,
        ErrorCode.STREAM_BROKEN,
        "slot " + slot + " of " + settings.place() + " cannot be read",
        "helios-repl source check NAME");
  }

  private static OperatorException lost(ConnectionSettings settings, String slot, SQLException e) {
    return new OperatorException(
        new Problem(
            ErrorCode.SLOT_LOST,
            "replication slot " + slot + " of " + settings.place() + " has lost WAL that it needs",
            SqlStates.reason(e),
            "SELECT pg_drop_replication_slot('" + slot + "'); then: helios-repl source prepare NAME;"
                + " helios-repl tenant resync --all"),
        SqlStates.clean(e));
  }

  private static void closeQuietly(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      LOG.debug("closing a replication connection failed: {}", SqlStates.reason(e));
    }
  }
}
