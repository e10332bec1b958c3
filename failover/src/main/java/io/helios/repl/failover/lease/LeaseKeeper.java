package io.helios.repl.failover.lease;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews the lease of one database, turn by turn: first the hold in the coordination, then, under a reading of the database's
 * clock that is older than that, the lease in the database. Whatever fails, nothing is renewed, and the database closes by itself.
 *
 * <p>{@link #runOnce} belongs to one thread; what else is public, to any.
 */
final class LeaseKeeper {

  private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

  /** What checks at commits leave is swept out once in so many turns. */
  private static final int SWEEP = 50;

  private final String database;
  private final LeaseSettings settings;
  private final LeaseHold hold;
  private final LeaseHome home;
  private final LongSupplier nanos;
  private final Consumer<LeaseStatus> changed;
  private final LeaseTerm term;
  private final Set<UUID> withheld = new HashSet<>();
  private @Nullable Long heldSince;
  private LeaseHome.@Nullable Session session;
  private int turns;
  private volatile LeaseStatus status;

  /**
   * @param longest lease that somebody before us may have given until now
   * @param changed told of each change of what {@link #status} says
   */
  LeaseKeeper(
      String database, LeaseSettings settings, Duration longest, LeaseHold hold, LeaseHome home, LongSupplier nanos,
      Consumer<LeaseStatus> changed) {
    this.database = database;
    this.settings = settings;
    this.hold = hold;
    this.home = home;
    this.nanos = nanos;
    this.changed = changed;
    // A lease that was longer than ours counts as one of ours that was given later.
    this.term = new LeaseTerm(
        settings, nanos.getAsLong() + 2 * Math.max(0, longest.minus(settings.ttl()).toNanos()));
    this.status = new LeaseStatus(database, false, null);
  }

  LeaseStatus status() {
    return status;
  }

  /** Nothing is renewed from now on, until each tenant that it is withheld for was released. */
  void withhold(UUID tenant) {
    synchronized (term) {
      withheld.add(tenant);
    }
  }

  /** The tenant is closed in the database by its role, or written there again. */
  void release(UUID tenant) {
    synchronized (term) {
      withheld.remove(tenant);
    }
  }

  /** How long until nobody writes under a lease there, if none is given any more; while it is withheld, that is so. */
  Duration untilOver() {
    synchronized (term) {
      return term.untilOver(nanos.getAsLong());
    }
  }

  /** Whether nobody else can hold it now: it was renewed a shorter while ago than anybody has to see it stand still. */
  boolean isHeld() {
    synchronized (term) {
      Long since = heldSince;
      return since != null && nanos.getAsLong() - since < settings.over().toNanos();
    }
  }

  /** One turn; returns how long to wait until the next. */
  Duration runOnce() {
    long begun = nanos.getAsLong();
    try {
      Problem why = turn();
      tell(new LeaseStatus(database, why == null, why));
    } catch (HeliosException e) {
      disconnect();
      tell(new LeaseStatus(database, false, e.problem()));
    } catch (SQLException e) {
      LOG.debug("the lease at {} was not renewed", database, e);
      disconnect();
      tell(new LeaseStatus(database, false, unanswered(database)));
    }
    return settings.period().minusNanos(nanos.getAsLong() - begun);
  }

  /** Returns why nothing was renewed; null when it was. */
  private @Nullable Problem turn() throws SQLException {
    Problem lost = renewHold();
    if (lost != null) {
      return lost;
    }
    LeaseHome.Session open = session;
    if (open == null) {
      open = home.open();
      session = open;
    }
    if (isStale()) {
      read(open.clockMillis());
      lost = renewHold();
      if (lost != null) {
        return lost;
      }
    }
    Long since;
    int waiting;
    synchronized (term) {
      waiting = withheld.size();
      since = waiting == 0 ? term.give(nanos.getAsLong()) : null;
    }
    if (since == null) {
      return waiting > 0 ? withheldFor(waiting) : unanswered(database);
    }
    read(open.renew(since, settings.ttl().toMillis()));
    if (++turns % SWEEP == 0) {
      open.sweep();
    }
    return null;
  }

  /** Returns why this server does not hold it; null when it does. */
  private @Nullable Problem renewHold() {
    String why = "another server holds it";
    boolean held = false;
    long sent = nanos.getAsLong();
    try {
      held = hold.renew();
    } catch (TransientException e) {
      why = e.problem().message();
    }
    synchronized (term) {
      if (held) {
        term.held();
        heldSince = sent;
      } else {
        term.lost();
        heldSince = null;
      }
    }
    return held
        ? null
        : new Problem(
            ErrorCode.LEASE_NOT_HELD, "this server does not hold the lease of \"" + database + "\"", why,
            "helios-repl failover status");
  }

  private boolean isStale() {
    synchronized (term) {
      return term.isStale(nanos.getAsLong());
    }
  }

  private void read(long clockMillis) {
    synchronized (term) {
      term.read(clockMillis, nanos.getAsLong());
    }
  }

  private Problem withheldFor(int tenants) {
    return new Problem(
        ErrorCode.LEASE_RUN_OUT,
        "the lease at \"" + database + "\" is not renewed",
        tenants + " of its tenants are being promoted elsewhere, or were and are not closed there yet",
        "helios-repl failover status");
  }

  static Problem unanswered(String place) {
    return new Problem(
        ErrorCode.LEASE_RUN_OUT,
        "the lease at \"" + place + "\" cannot be renewed",
        "it does not answer in time",
        "helios-repl source check; writes of tenants with fencing: lease are refused there meanwhile");
  }

  private void tell(LeaseStatus now) {
    LeaseStatus before = status;
    status = now;
    if (before.given() != now.given() || before.problem() == null && now.problem() != null) {
      changed.accept(now);
    }
  }

  private void disconnect() {
    LeaseHome.Session gone = session;
    session = null;
    synchronized (term) {
      term.disconnected();
    }
    if (gone != null) {
      try {
        gone.close();
      } catch (SQLException e) {
        LOG.debug("the session that renewed the lease at {} did not end well", database, e);
      }
    }
  }

  /** Ends its session; the lease runs out by itself. */
  void close() {
    disconnect();
  }
}
