package io.helios.repl.failover.observation;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.failover.coordination.Coordination;
import io.helios.repl.failover.coordination.Coordination.Entry;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Observers' ballots in the registers {@code vote/OBSERVER}. Whether one is fresh is told by how long ago, by our own monotonic clock, its
 * register changed under our eyes: no two clocks are compared, and what was found there is not fresh before it changes. One thread at a time
 * exchanges; {@link #votes} is for any.
 */
final class BallotBox {

  private static final String PREFIX = "vote/";

  private record Heard(Ballot ballot, long version, long changedNanos, boolean changed) {}

  private final Coordination coordination;
  private final String observer;
  private final long freshNanos;
  private final String incarnation = UUID.randomUUID().toString();
  private volatile Map<String, Heard> heard = Map.of();
  private long sequence;
  private volatile @Nullable Problem taken;

  BallotBox(Coordination coordination, String observer, long freshNanos) {
    this.coordination = coordination;
    this.observer = observer;
    this.freshNanos = freshNanos;
  }

  Ballot ballot(Map<String, Verdict> verdicts) {
    return new Ballot(incarnation, ++sequence, verdicts);
  }

  /**
   * Puts ours in, and looks at the others'. Throws {@link HeliosException} as registers do.
   *
   * @param nanos before the call: what changes during it is as old as that
   */
  void exchange(Ballot ours, long nanos) {
    String key = PREFIX + observer;
    Optional<Entry> before = coordination.read(key);
    Optional<Ballot> there = before.flatMap(e -> Ballot.parse(e.value()));
    boolean foreign = ours.sequence() > 1 && there.isPresent() && !there.get().incarnation().equals(incarnation);
    if (foreign && isChanging(observer, before.get())) {
      taken =
          new Problem(
              ErrorCode.OBSERVER_NAME_TAKEN,
              "another server observes as \"" + observer + "\" too",
              "its votes are written over ours, so one of us has no voice",
              "failover: { observer: NAME }, another one for each server");
    }
    coordination.swap(key, before.map(Entry::version).orElse(0L), ours.text());
    List<Entry> all = coordination.list(PREFIX);
    Map<String, Heard> now = new HashMap<>();
    for (Entry entry : all) {
      String name = entry.key().substring(PREFIX.length());
      Heard last = heard.get(name);
      if (last != null && last.version() == entry.version()) {
        now.put(name, last);
      } else {
        Ballot.parse(entry.value()).ifPresent(ballot -> now.put(name, new Heard(ballot, entry.version(), nanos, last != null)));
      }
    }
    heard = Map.copyOf(now);
  }

  private boolean isChanging(String name, Entry entry) {
    Heard last = heard.get(name);
    return last != null && last.version() != entry.version();
  }

  /** Takes ours out: who stops in order is known no more. */
  void leave() {
    coordination.read(PREFIX + observer)
        .filter(entry -> Ballot.parse(entry.value()).filter(b -> b.incarnation().equals(incarnation)).isPresent())
        .ifPresent(entry -> coordination.swap(PREFIX + observer, entry.version(), null));
  }

  @Nullable Problem taken() {
    return taken;
  }

  /** What others observe. */
  Set<String> endpoints() {
    Set<String> endpoints = new TreeSet<>();
    heard.forEach((name, said) -> {
      if (!name.equals(observer)) {
        endpoints.addAll(said.ballot().verdicts().keySet());
      }
    });
    return endpoints;
  }

  /** Of each observer that observes this, with ours as it is now. */
  List<Quorum.Vote> votes(String endpoint, Ballot ours, long nanos) {
    Map<String, Quorum.Vote> votes = new LinkedHashMap<>();
    Verdict own = ours.verdicts().get(endpoint);
    if (own != null) {
      votes.put(observer, new Quorum.Vote(observer, own, true, ours.isSighted()));
    }
    heard.forEach((name, said) -> {
      Verdict verdict = said.ballot().verdicts().get(endpoint);
      if (verdict != null && !name.equals(observer)) {
        boolean fresh = said.changed() && nanos - said.changedNanos() <= freshNanos;
        votes.put(name, new Quorum.Vote(name, verdict, fresh, said.ballot().isSighted()));
      }
    });
    return List.copyOf(votes.values());
  }
}
