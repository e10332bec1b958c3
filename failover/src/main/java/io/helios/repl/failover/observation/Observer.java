package io.helios.repl.failover.observation;

import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.failover.FailoverSettings;
import io.helios.repl.failover.coordination.Coordination;
import io.helios.repl.failover.observation.ObservedEndpoints.Observation;
import io.helios.repl.pipeline.Ticker;
import io.helios.repl.postgres.Lsn;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at databases again and again, says what it sees to other observers and hears them, and holds what follows. Probes and the exchange of
 * votes run elsewhere, since each may wait; what they come to is put into a queue that the owner of {@link #runOnce}, the thread {@code
 * helios-observe}, takes from. So nothing here is seen by two threads but {@link #latest}, which is for any.
 */
public final class Observer implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Observer.class);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final FailoverSettings settings;
  private final Coordination coordination;
  private final Executor executor;
  private final Ticker ticker;
  private final Consumer<ObservedEndpoints> told;
  private final BallotBox box;
  private final Map<String, Watched> watched = new LinkedHashMap<>();
  private final Map<String, Held> held = new HashMap<>();
  private final LinkedBlockingQueue<Runnable> news = new LinkedBlockingQueue<>();
  private final Thread thread = Thread.ofPlatform().name("helios-observe").daemon(true).unstarted(this::run);
  private volatile ObservedEndpoints latest = ObservedEndpoints.NONE;
  private volatile boolean closing;
  private boolean exchanging;
  private long exchangedNanos;
  private Map<String, Verdict> said = Map.of();
  private @Nullable Problem unheard;

  /** What all held of one endpoint, whether we observe it or others do. */
  private record Held(Verdict verdict, Instant since) {}

  private final class Watched {
    final Probe probe;
    FaultDetector detector = FaultDetector.of(settings.thresholds());
    boolean busy;
    long begunNanos = ticker.nanos() - settings.thresholds().probeEvery().toNanos();
    Probe.@Nullable Seen seen;
    @Nullable Lsn lastWal;
    @Nullable Instant lastAnswer;

    Watched(Probe probe) {
      this.probe = probe;
    }
  }

  /**
   * @param executor where what may wait runs; a thread each, for probes that hang must not hold up others
   * @param told on the observer's thread after each turn; must not wait
   */
  public Observer(
      FailoverSettings settings,
      List<Endpoint> endpoints,
      Function<Endpoint, Probe> probes,
      Coordination coordination,
      Executor executor,
      Ticker ticker,
      Consumer<ObservedEndpoints> told) {
    this.settings = settings;
    this.coordination = coordination;
    this.executor = executor;
    this.ticker = ticker;
    this.told = told;
    this.box = new BallotBox(coordination, settings.observer(), settings.votesFresh().toNanos());
    this.exchangedNanos = ticker.nanos() - settings.votesFresh().toNanos();
    endpoints.forEach(endpoint -> watched.put(endpoint.id(), new Watched(probes.apply(endpoint))));
  }

  public void start() {
    thread.start();
  }

  private void run() {
    try {
      while (!closing) {
        runOnce();
        Runnable next = news.poll(settings.thresholds().probeEvery().toMillis() / 2, TimeUnit.MILLISECONDS);
        if (next != null) {
          next.run();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      LOG.warn("{} was interrupted by a stranger and has ended", thread.getName());
    } catch (RuntimeException | Error bug) {
      LOG.error("a bug has stopped {}: nothing is observed, and nothing fails over by itself", thread.getName(), bug);
      latest = ObservedEndpoints.NONE;
    }
  }

  /** Begins the probes and the exchange that are due, takes what others came to, and holds what follows. Returns how many probes it began. */
  public int runOnce() {
    takeNews();
    int begun = 0;
    for (Watched one : watched.values()) {
      if (!one.busy && ticker.nanos() - one.begunNanos >= settings.thresholds().probeEvery().toNanos()) {
        begin(one);
        begun++;
      }
    }
    takeNews();
    Map<String, Verdict> verdicts = verdicts();
    if (coordination.isShared() && !exchanging && isDue(verdicts)) {
      exchange(verdicts);
      takeNews();
    }
    hold(verdicts);
    return begun;
  }

  private void takeNews() {
    for (Runnable next = news.poll(); next != null; next = news.poll()) {
      next.run();
    }
  }

  private void begin(Watched one) {
    one.busy = true;
    one.begunNanos = ticker.nanos();
    long begun = one.begunNanos;
    executor.execute(
        () -> {
          Probe.Seen seen = one.probe.look();
          long ended = ticker.nanos();
          if (closing) {
            one.probe.close();
          }
          news.add(() -> take(one, seen, begun, ended));
        });
  }

  private void take(Watched one, Probe.Seen seen, long begun, long ended) {
    one.busy = false;
    one.seen = seen;
    one.detector = one.detector.after(new Sample(seen.kind(), begun, ended));
    if (seen.kind() == Sample.Kind.ANSWERED) {
      one.lastAnswer = ticker.now();
      one.lastWal = seen.wal() == null ? one.lastWal : seen.wal();
    }
  }

  private Map<String, Verdict> verdicts() {
    long now = ticker.nanos();
    Map<String, Verdict> verdicts = new LinkedHashMap<>();
    watched.forEach((id, one) -> verdicts.put(id, one.detector.at(now)));
    return verdicts;
  }

  /** Twice as often as it must be, and at once when there is something to say. */
  private boolean isDue(Map<String, Verdict> verdicts) {
    return !verdicts.equals(said) || ticker.nanos() - exchangedNanos >= settings.votesFresh().toNanos() / 4;
  }

  private void exchange(Map<String, Verdict> verdicts) {
    exchanging = true;
    exchangedNanos = ticker.nanos();
    said = verdicts;
    Ballot ours = box.ballot(verdicts);
    long before = exchangedNanos;
    executor.execute(
        () -> {
          Problem failed = null;
          try {
            box.exchange(ours, before);
          } catch (HeliosException e) {
            failed = e.problem();
          }
          Problem problem = failed;
          news.add(
              () -> {
                exchanging = false;
                unheard = problem;
              });
        });
  }

  private void hold(Map<String, Verdict> verdicts) {
    long now = ticker.nanos();
    Ballot ours = new Ballot("", 0, verdicts);
    List<Observation> observations = new ArrayList<>();
    Set<String> all = new LinkedHashSet<>(watched.keySet());
    all.addAll(box.endpoints());
    held.keySet().retainAll(all);
    for (String id : all) {
      List<Quorum.Vote> votes = box.votes(id, ours, now);
      Quorum.Outcome outcome = Quorum.of(votes, settings.observers());
      Held last = held.get(id);
      if (last == null || last.verdict() != outcome.verdict()) {
        LOG.info("{} is {}: dead say {} of {} votes, {} would have to", id, outcome.verdict().label(), outcome.dead(), outcome.counted(), outcome.needed());
        last = new Held(outcome.verdict(), ticker.now());
        held.put(id, last);
      }
      Watched one = watched.get(id);
      observations.add(
          new Observation(
              id,
              outcome,
              verdicts.getOrDefault(id, Verdict.SUSPECT),
              last.since(),
              one == null ? null : one.seen,
              one == null ? null : one.lastWal,
              one == null ? null : one.lastAnswer,
              votes));
    }
    latest = new ObservedEndpoints(now, settings.observer(), observations, unheard == null ? box.taken() : unheard);
    told.accept(latest);
  }

  /** What is held now; {@link ObservedEndpoints#takenNanos} tells how old it is. Any thread. */
  public ObservedEndpoints latest() {
    return latest;
  }

  /** Stops looking. A probe that is under way ends by itself. */
  @Override
  public void close() {
    closing = true;
    try {
      if (thread.isAlive() && !thread.join(PATIENCE)) {
        LOG.warn("{} does not end; it is left behind", thread.getName());
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    for (Watched one : watched.values()) {
      if (!one.busy) {
        one.probe.close();
      }
    }
    if (coordination.isShared() && !exchanging) {
      try {
        box.leave();
      } catch (HeliosException e) {
        LOG.info("the vote of {} stays until others see that it is old: {}", settings.observer(), e.getMessage());
      }
    }
  }
}
