package io.helios.repl.pipeline;

import io.helios.repl.pipeline.CopyThrottle.Pace;
import io.helios.repl.pipeline.CopyThrottle.Sample;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Looks, as long as there are copies or verifications, what others feel of them, and tells each how fast it may go. {@link #look} is called
 * once a second by one thread, and waits for nothing; the rest is for any.
 */
final class CopyLoad implements AutoCloseable {

  /** A copy whose pace changes often says so no more often than this. */
  private static final Duration TOLD_EVERY = Duration.ofMinutes(1);

  /** Who tells operators that something is slowed down, and that it goes on. */
  interface News {
    void tell(Tenant tenant, String kind, String line);
  }

  private record Way(LoadProbe source, LoadProbe target) {}

  /** What was said last of a copy: when, and whether it was that it is held. */
  private record Told(long nanos, boolean held) {}

  private final CopyLimits limits;
  private final Supplier<Collection<TenantStatus>> statuses;
  private final Executor passing;
  private final News told;
  private final Ticker ticker;
  private final Map<CopyLane, Way> lanes = new ConcurrentHashMap<>();
  private final Map<String, LoadProbe> probes = new ConcurrentHashMap<>();
  private final Map<CopyLane, Told> lastTold = new ConcurrentHashMap<>();
  private final Set<String> settled = new HashSet<>();
  private @Nullable Instant began;

  /**
   * @param statuses of all tenants, as they are now
   * @param passing runs what may block
   * @param told is told, in one line, that something is slowed down and that it goes on
   */
  CopyLoad(
      CopyLimits limits,
      Supplier<Collection<TenantStatus>> statuses,
      Executor passing,
      News told,
      Ticker ticker) {
    this.limits = limits;
    this.statuses = statuses;
    this.passing = passing;
    this.told = told;
    this.ticker = ticker;
  }

  /** A copy begins. What is known already holds for it at once. */
  CopyLane enter(Tenant tenant, SourceSettings source, TargetSettings target) {
    return enter(tenant, "copy", source, target);
  }

  /**
   * What does the same to both databases begins.
   *
   * @param work what it is, in a word
   */
  synchronized CopyLane enter(Tenant tenant, String work, SourceSettings source, TargetSettings target) {
    CopyLane lane = new CopyLane(tenant, work, ticker);
    Way way =
        new Way(
            probe("source \"" + source.name() + "\"", source.connection()),
            probe("target \"" + target.name() + "\"", target.connection()));
    lanes.put(lane, way);
    judge(lane, way, noted(statuses.get()));
    return lane;
  }

  /** It is over. */
  synchronized void leave(CopyLane lane) {
    lanes.remove(lane);
    lane.pace(Pace.FULL);
    lastTold.remove(lane);
  }

  /** Judges by what is known, and asks anew. */
  synchronized void look() {
    if (lanes.isEmpty()) {
      began = null;
      probes.values().forEach(probe -> probe.rest(passing));
      return;
    }
    Collection<TenantStatus> all = noted(statuses.get());
    lanes.forEach((lane, way) -> judge(lane, way, all));
    lanes.values().stream()
        .flatMap(way -> Stream.of(way.source(), way.target()))
        .distinct()
        .forEach(probe -> probe.ask(passing));
  }

  private LoadProbe probe(String name, ConnectionSettings settings) {
    return probes.computeIfAbsent(name, any -> new LoadProbe(name, settings, ticker));
  }

  private void judge(CopyLane lane, Way way, Collection<TenantStatus> all) {
    List<Sample> samples = new ArrayList<>(way.source().samples());
    samples.addAll(way.target().samples());
    for (TenantStatus status : all) {
      Double lag = status.lagSeconds();
      boolean other = !status.tenant().equals(lane.tenant().name()); // what it does to itself is its own
      if (lag != null && other && status.target().equals(lane.tenant().target()) && settled.contains(status.tenant())) {
        samples.add(
            new Sample.Lag("tenant \"" + status.tenant() + "\"", Duration.ofMillis((long) (lag * 1000))));
      }
    }
    Pace next = CopyThrottle.decide(limits, samples);
    Pace before = lane.pace(next);
    if (before.isFull() != next.isFull()) {
      tell(lane, next);
    }
  }

  /**
   * Whose lag counts: who streams, has changes waiting for its target, and did not just come out of a copy, whose own time is
   * what it has to make up for. That one counts as soon as it has caught up once.
   */
  private Collection<TenantStatus> noted(Collection<TenantStatus> all) {
    Instant since = began;
    if (since == null) {
      since = ticker.now();
      began = since;
      settled.clear();
    }
    for (TenantStatus status : all) {
      Double lag = status.lagSeconds();
      if (status.state() != TenantState.STREAMING) {
        settled.remove(status.tenant());
      } else if (status.since().isBefore(since) || lag != null && lag <= limits.maxLag().toMillis() / 1000.0) {
        settled.add(status.tenant());
      }
    }
    return all.stream()
        .filter(status -> status.state() == TenantState.STREAMING)
        .filter(status -> status.lagBytes() != null && status.lagBytes() > 0)
        .toList();
  }

  private void tell(CopyLane lane, Pace pace) {
    Told last = lastTold.get(lane);
    long now = ticker.nanos();
    if (pace.isFull() ? last != null && last.held() : last == null || now - last.nanos() > TOLD_EVERY.toNanos()) {
      lastTold.put(lane, new Told(now, !pace.isFull()));
      told.tell(
          lane.tenant(),
          lane.work() + "-throttled",
          pace.isFull() ? "the " + lane.work() + " goes on at full speed" : lane.work() + " throttled: " + pace.why());
    }
  }

  /** Closes its connections; {@link #look} is not called any more. */
  @Override
  public void close() {
    probes.values().forEach(probe -> probe.close(passing));
  }
}
