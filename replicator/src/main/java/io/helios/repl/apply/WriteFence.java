package io.helios.repl.apply;

import io.helios.repl.change.CutoverMarker;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes a tenant at its home, in one session that holds the tenant's lock alone from the moment in which none of its
 * writers is in a transaction until {@link #release}: who wants to write meanwhile waits in the guard's trigger. When the
 * session ends by itself, with its process say, they go on, and find the tenant closed.
 *
 * <p>Made ahead, with its connection; for one cutover. One thread at a time.
 */
public final class WriteFence implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(WriteFence.class);

  /** So often the lock is tried while nobody waits behind us, before we get in line. */
  private static final int TRIES = 200;

  private static final long BETWEEN_TRIES_NANOS = TimeUnit.MICROSECONDS.toNanos(250);

  private static final String LOCK_ID = "SELECT " + GuardFunctions.LOCK.formatted("?::pg_catalog.uuid");

  private final Tenant tenant;
  private final String home;
  private final List<SequenceSample> sequences;
  private final Connection connection;
  private final long lock;
  private int tries;
  private boolean held;
  private long sinceNanos;
  private boolean over;

  /**
   * Connects, and looks up what closing must not take time for.
   *
   * @param home the configured name, for messages
   * @param sequences those that feed the tenant's tables there; their values are read when it is closed
   */
  public static WriteFence open(
      ConnectionSettings settings, String home, Tenant tenant, List<SequenceSample> sequences) {
    Connection connection = PgConnections.open(settings, "fence", tenant.name());
    try {
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET synchronous_commit = 'local'");
      }
      try (PreparedStatement query = connection.prepareStatement(LOCK_ID)) {
        query.setString(1, tenant.id().toString());
        try (ResultSet row = query.executeQuery()) {
          row.next();
          return new WriteFence(tenant, home, sequences, connection, row.getLong(1));
        }
      }
    } catch (SQLException e) {
      try {
        connection.close();
      } catch (SQLException close) {
        e.addSuppressed(close);
      }
      throw failed(e, tenant, home);
    }
  }

  private WriteFence(
      Tenant tenant, String home, List<SequenceSample> sequences, Connection connection, long lock) {
    this.tenant = tenant;
    this.home = home;
    this.sequences = List.copyOf(sequences);
    this.connection = connection;
    this.lock = lock;
  }

  /**
   * Waits for a moment in which no writer is at work, keeps them out from then on, closes the tenant and puts the marker
   * behind the last write.
   *
   * @param epoch that the target shall take
   * @param token that the target was told
   * @param patience new writers never wait longer than this for us to get the lock
   * @return the commit LSN of the marker's transaction, or one shortly before it where others wrote at the same time
   * @throws TransientException when a writer holds on for longer; nothing has changed then
   * @throws OperatorException when the tenant is not written here, or another one of the same rows is not; nor then
   */
  public Lsn close(long epoch, UUID token, Duration patience) {
    boolean committing = false;
    try {
      acquire(patience);
      connection.setAutoCommit(false);
      TenantHome.Closing closing = TenantHome.close(connection, tenant.id(), epoch, names());
      if (closing.elsewhere() != null || !closing.done()) {
        connection.rollback();
        throw displaced(epoch, closing.elsewhere());
      }
      CutoverMarker marker = new CutoverMarker(tenant.id(), epoch, token, values(closing.lastValues()));
      committing = true;
      Lsn at = send(marker);
      connection.setAutoCommit(true);
      return at;
    } catch (SQLException e) {
      if (!committing) {
        release(); // rolled back with the session: nothing has changed
      }
      throw failed(e, tenant, home);
    } catch (OperatorException | TransientException e) {
      release();
      throw e;
    }
  }

  /**
   * As {@link #close}, at a home in whose place another database was promoted: there is nobody to be asked any more, so it is closed
   * whatever others of the same rows do. Done again, it puts another marker behind what the first one stands behind.
   *
   * @param epoch that was taken elsewhere
   * @return the position of the marker: what the tenant committed here is before it
   * @throws TransientException with FENCE_BUSY when a writer holds on for longer; nothing has changed then
   * @throws OperatorException when its row says otherwise: it follows here already, or is in a later epoch
   */
  public Lsn fence(long epoch, Duration patience) {
    try {
      acquire(patience);
      connection.setAutoCommit(false);
      if (!TenantHome.fence(connection, tenant.id(), epoch)) {
        connection.rollback();
        throw new OperatorException(
            new Problem(
                ErrorCode.OLD_HOME_DISPLACED,
                "tenant \"" + tenant.name() + "\" cannot be closed at its old home \"" + home + "\" for epoch " + epoch,
                "its row in helios.replica there says neither that it is written there in an epoch before, nor that it is closed",
                "helios-repl failover status " + tenant.name()));
      }
      Lsn at = send(new CutoverMarker(tenant.id(), epoch, UUID.randomUUID(), values()));
      connection.setAutoCommit(true);
      return at;
    } catch (SQLException e) {
      throw failed(e, tenant, home);
    } finally {
      release(); // who waits goes on, and is refused
    }
  }

  /** Tries for the lock without keeping anybody out, and lets it go again; how often it was tried. */
  public int rehearse(Duration patience) {
    try {
      long until = System.nanoTime() + patience.toNanos();
      int before = tries;
      while (!tryLock()) {
        if (System.nanoTime() - until > 0) {
          throw busy(patience);
        }
        LockSupport.parkNanos(BETWEEN_TRIES_NANOS);
      }
      unlock();
      return tries - before;
    } catch (SQLException e) {
      throw failed(e, tenant, home);
    }
  }

  /** Puts a marker into the WAL that nobody takes: what it costs to get to the target is what a cutover's costs. */
  public Lsn markRehearsal() {
    try {
      connection.setAutoCommit(false);
      Lsn at = send(new CutoverMarker(tenant.id(), 0, UUID.randomUUID(), values()));
      connection.setAutoCommit(true);
      return at;
    } catch (SQLException e) {
      throw failed(e, tenant, home);
    }
  }

  /**
   * Waits for the lock as long as it takes within the patience, for opening a tenant again: who closed it may still be at it.
   *
   * @throws TransientException when somebody holds it for longer
   */
  public boolean lift(long epoch, Duration patience) {
    try {
      if (!held) {
        queue(patience);
      }
      return TenantHome.lift(connection, tenant.id(), epoch);
    } catch (SQLException e) {
      throw failed(e, tenant, home);
    }
  }

  /** When the first writer may have begun to wait for us, on {@link System#nanoTime}; 0 while none did. */
  public long sinceNanos() {
    return sinceNanos;
  }

  /** Whether the tenant's lock is ours, as far as is known here. */
  public boolean isHeld() {
    try {
      return held && connection.isValid(1);
    } catch (SQLException e) {
      return false;
    }
  }

  private void acquire(Duration patience) throws SQLException {
    long until = System.nanoTime() + patience.toNanos();
    for (int i = 0; i < TRIES && System.nanoTime() - until < 0; i++) {
      if (tryLock()) {
        return;
      }
      LockSupport.parkNanos(BETWEEN_TRIES_NANOS);
    }
    queue(patience);
  }

  private boolean tryLock() throws SQLException {
    long before = System.nanoTime();
    tries++;
    try (PreparedStatement query = connection.prepareStatement("SELECT pg_catalog.pg_try_advisory_lock(?)")) {
      query.setLong(1, lock);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        if (!row.getBoolean(1)) {
          return false;
        }
      }
    }
    held = true;
    sinceNanos = before;
    return true;
  }

  /** In line: from now on new writers wait behind us. */
  private void queue(Duration patience) throws SQLException {
    tries++;
    long before = System.nanoTime();
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET lock_timeout = " + Math.max(1, patience.toMillis()));
      try (PreparedStatement query = connection.prepareStatement("SELECT pg_catalog.pg_advisory_lock(?)")) {
        query.setLong(1, lock);
        query.executeQuery().close();
      }
      statement.execute("RESET lock_timeout");
    } catch (SQLException e) {
      if ("55P03".equals(e.getSQLState())) {
        throw busy(patience);
      }
      throw e;
    }
    held = true;
    sinceNanos = before;
  }

  private void unlock() throws SQLException {
    try (PreparedStatement query = connection.prepareStatement("SELECT pg_catalog.pg_advisory_unlock(?)")) {
      query.setLong(1, lock);
      query.executeQuery().close();
    }
    held = false;
  }

  private List<String> names() {
    return sequences.stream().map(s -> Identifiers.quote(s.schema(), s.name())).toList();
  }

  /** Of the same sequences as they were looked up, as they are now. */
  private List<CutoverMarker.Sequence> values() throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(TenantHome.LAST_VALUES)) {
      query.setArray(1, connection.createArrayOf("text", names().toArray()));
      try (ResultSet row = query.executeQuery()) {
        return values(TenantHome.lastValues(row));
      }
    }
  }

  private List<CutoverMarker.Sequence> values(List<@Nullable Long> last) {
    List<CutoverMarker.Sequence> values = new ArrayList<>();
    for (int i = 0; i < last.size(); i++) {
      SequenceSample s = sequences.get(i);
      Long value = last.get(i);
      values.add(
          new CutoverMarker.Sequence(
              s.schema(), s.name(), s.tableSchema(), s.table(), s.column(), value == null ? s.lastValue() : value,
              value != null, s.increment()));
    }
    return values;
  }

  /** Puts the marker into the WAL, and commits: one way there and back. */
  private Lsn send(CutoverMarker marker) throws SQLException {
    try (PreparedStatement message = connection.prepareStatement(
        "SELECT pg_catalog.pg_logical_emit_message(true, ?::pg_catalog.text, ?::pg_catalog.bytea)::pg_catalog.text; COMMIT")) {
      message.setString(1, CutoverMarker.PREFIX);
      message.setBytes(2, marker.content());
      message.execute();
      try (ResultSet row = message.getResultSet()) {
        row.next();
        return Lsn.parse(row.getString(1));
      }
    }
  }

  private OperatorException displaced(long epoch, SharedRows.@Nullable Sharer elsewhere) {
    String what = "tenant \"" + tenant.name() + "\" cannot be closed at \"" + home + "\" for epoch " + epoch;
    if (elsewhere != null) {
      return elsewhere.refuses(what, tenant.name());
    }
    return new OperatorException(
        new Problem(
            ErrorCode.FENCE_DISPLACED,
            what,
            "its row in helios.replica there does not say that it is written there, in an epoch before",
            "helios-repl migrate status " + tenant.name()));
  }

  private TransientException busy(Duration patience) {
    return new TransientException(
        new Problem(
            ErrorCode.FENCE_BUSY,
            "tenant \"" + tenant.name() + "\" was written at \"" + home + "\" without a gap",
            "one of its transactions held on for longer than " + patience.toMillis() + " ms",
            "end long transactions of the tenant, or allow a longer pause: --max-pause"));
  }

  private static RuntimeException failed(SQLException e, Tenant tenant, String home) {
    return SqlStates.classify(
        e,
        ErrorCode.SOURCE_QUERY_FAILED,
        "tenant \"" + tenant.name() + "\" cannot be closed or opened at \"" + home + "\"",
        "helios-repl source check " + home);
  }

  /** Lets the tenant's writers go on; they find what was decided. May be called twice. */
  public void release() {
    if (over) {
      return;
    }
    over = true;
    held = false;
    try {
      connection.close(); // the lock is the session's
    } catch (SQLException e) {
      LOG.warn("tenant {}: the session that closed it did not end well", tenant.name(), e);
    }
  }

  @Override
  public void close() {
    release();
  }
}
