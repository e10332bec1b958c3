package io.helios.repl.pipeline;

import io.helios.repl.capture.Synchronous;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whose commits at one source wait for their replicas, and how far all of these are. A standby has one position, so the commits
 * of all of them wait for the one that is furthest behind; hence a tenant whose replica does not follow for too long is left
 * out, by name, until it has caught up again.
 *
 * <p>Nothing is said before it was looked for the first time: a server that has just started knows of nobody, and would
 * acknowledge everybody's commits.
 *
 * <p>The supervisor's thread looks; {@link #point} is the capture thread's, {@link #findings} and {@link #degraded} are any's.
 */
final class SynchronousTenants {

  /** Where a tenant of a synchronous tier stands. */
  enum Standing {
    /** Nobody waits for it: it was not started, is being copied, was paused or stopped, or is written elsewhere. */
    APART,
    /** Changes are applied at its replica. */
    FOLLOWING,
    /** They should be, and are not. */
    INTERRUPTED
  }

  /** A tenant as the supervisor sees it. */
  interface Follower {
    UUID tenant();

    String name();

    Standing standing();

    /** The commit LSN of the last transaction at its replica; null while nothing is applied. Any thread may ask. */
    @Nullable Lsn position();
  }

  /** What has changed for a tenant. */
  record Change(String tenant, boolean waitedFor, String message, @Nullable Problem problem) {}

  private static final class Membership {
    private final String name;
    private boolean waitedFor = true;
    private Lsn goal;
    private long goalNanos;

    private Membership(String name, Lsn goal, long now) {
      this.name = name;
      this.goal = goal;
      this.goalNanos = now;
    }
  }

  private final String source;
  private final Synchronous settings;
  private final RelayJournal journal;
  private final Map<UUID, Membership> known = new HashMap<>();
  private volatile @Nullable List<Follower> waitedFor;
  private volatile List<String> degraded = List.of();

  /** @param journal the source's: what waits in it is not at a replica yet */
  SynchronousTenants(String source, Synchronous settings, RelayJournal journal) {
    this.source = source;
    this.settings = settings;
    this.journal = journal;
  }

  Synchronous settings() {
    return settings;
  }

  /**
   * Everything that was committed before this at the source and that a commit waits for is at its replica; null while that
   * cannot be said.
   *
   * @param captured everything of every tenant that committed before this can be read from the journal
   */
  @Nullable Lsn point(Lsn captured) {
    List<Follower> all = waitedFor;
    if (all == null) {
      return null;
    }
    Lsn least = captured;
    for (Follower follower : all) {
      Lsn through = through(follower, captured);
      if (through == null) {
        return null;
      }
      least = Lsn.min(least, through);
    }
    return least;
  }

  private @Nullable Lsn through(Follower follower, Lsn captured) {
    Lsn position = follower.position();
    return position == null ? null : AppliedMarks.through(journal, captured, follower.tenant(), position);
  }

  /**
   * Takes up who follows, leaves out who does not for too long.
   *
   * @param followers all of the source whose tier is synchronous
   * @param captured asked for before
   * @param now nanoseconds of a clock that only goes forward
   */
  List<Change> look(Collection<Follower> followers, Lsn captured, long now) {
    List<Change> changes = new ArrayList<>();
    List<Follower> next = new ArrayList<>();
    Map<UUID, Membership> before = new HashMap<>(known);
    known.clear();
    for (Follower follower : followers) {
      Membership member = before.remove(follower.tenant());
      if (follower.standing() == Standing.APART) {
        if (member != null) {
          changes.add(left(follower.name(), "it is not to follow for the time being"));
        }
        continue;
      }
      if (member == null) {
        member = new Membership(follower.name(), captured, now);
        changes.add(taken(follower.name()));
      }
      known.put(follower.tenant(), member);
      judge(member, follower, captured, now, changes);
      if (member.waitedFor) {
        next.add(follower);
      }
    }
    before.values().forEach(gone -> changes.add(left(gone.name, "it is no synchronous tenant of this source any more")));
    waitedFor = List.copyOf(next);
    degraded = known.values().stream().filter(member -> !member.waitedFor).map(member -> member.name).sorted().toList();
    return changes;
  }

  private void judge(Membership member, Follower follower, Lsn captured, long now, List<Change> changes) {
    Lsn through = follower.standing() == Standing.FOLLOWING ? through(follower, captured) : null;
    Duration patience = settings.degradeAfter();
    if (through != null && !through.isBefore(member.goal)) {
      member.goal = captured;
      member.goalNanos = now;
      if (!member.waitedFor) {
        member.waitedFor = true;
        changes.add(taken(follower.name()));
      }
    } else if (member.waitedFor && patience != null && now - member.goalNanos > patience.toNanos()) {
      member.waitedFor = false;
      Problem problem = problem(follower.name());
      changes.add(new Change(follower.name(), false, problem.message(), problem));
    }
    if (!member.waitedFor) {
      member.goal = captured; // waited for again when it keeps up, not when it has come to where it was left behind
    }
  }

  private static Change taken(String tenant) {
    return new Change(tenant, true, "commits of the tenant wait for its replica", null);
  }

  private static Change left(String tenant, String why) {
    return new Change(tenant, false, "commits of the tenant no longer wait for its replica: " + why, null);
  }

  private Problem problem(String tenant) {
    return new Problem(
        ErrorCode.SYNCHRONY_DEGRADED,
        "commits of tenant \"" + tenant + "\" at source \"" + source + "\" no longer wait for its replica",
        "it has been behind or out of reach for longer than degrade-after allows; what is acknowledged until it keeps up again"
            + " could be lost in a failover",
        "helios-repl tenant describe " + tenant);
  }

  private static Finding finding(Problem problem) {
    return new Finding(Severity.WARN, problem.code(), problem.message(), problem.why(), problem.hint());
  }

  /** Those that are not waited for though they ought to be. */
  List<String> degraded() {
    return degraded;
  }

  /** The same for {@code doctor}. */
  List<Finding> findings() {
    return degraded.stream().map(tenant -> finding(problem(tenant))).toList();
  }
}
