package io.helios.repl.pipeline;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameWatch;
import io.helios.repl.tenant.Tenant;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes spans of what a source's journal sees of its frames: of those that are sampled, which both spans of a frame agree on.
 *
 * <p>What it knows of frames on their way is bounded: of a tenant that stands still the oldest are forgotten, and so are whole tenants,
 * those first of which nothing was heard for longest. Their second span is missing then. Any thread, whatever locks it holds.
 */
final class FrameTracer implements FrameWatch {

  private static final int TENANTS = 1_000;
  private static final int FRAMES_PER_TENANT = 64;

  private final String source;
  private final Function<UUID, @Nullable Tenant> tenants;
  private final LongSupplier sourceMicros;
  private final Ticker ticker;
  private final Tracing tracing;
  private final double sample;

  /** Not yet durable. The journal's writer alone. */
  private final List<Appended> appended = new ArrayList<>();

  /** Durable, not yet acknowledged; by tenant, the one touched last at the end. Guarded by itself. */
  private final LinkedHashMap<UUID, Deque<Waiting>> waiting = new LinkedHashMap<>(16, 0.75f, true);

  private record Appended(FrameHeader header, TraceIds ids, long nanos) {}

  private static final class Waiting {
    final FrameHeader header;
    final TraceIds ids;
    final long sinceNanos;
    boolean taken;
    long takenNanos;

    Waiting(FrameHeader header, TraceIds ids, long sinceNanos) {
      this.header = header;
      this.ids = ids;
      this.sinceNanos = sinceNanos;
    }
  }

  /**
   * @param tenants null for one that is gone
   * @param sourceMicros the source's clock now, microseconds since 2000-01-01 UTC
   */
  FrameTracer(
      String source,
      Function<UUID, @Nullable Tenant> tenants,
      LongSupplier sourceMicros,
      Ticker ticker,
      Tracing tracing) {
    this.source = source;
    this.tenants = tenants;
    this.sourceMicros = sourceMicros;
    this.ticker = ticker;
    this.tracing = tracing;
    this.sample = tracing.sample();
  }

  @Override
  public void appended(FrameHeader header) {
    TraceIds ids = TraceIds.of(header);
    if (ids.isWithin(sample)) {
      appended.add(new Appended(header, ids, ticker.nanos()));
    }
  }

  @Override
  public void rewound() {
    appended.clear();
  }

  @Override
  public void durable() {
    if (appended.isEmpty()) {
      return;
    }
    long nanos = ticker.nanos();
    Instant now = ticker.now();
    long nowAtSource = sourceMicros.getAsLong();
    for (Appended one : appended) {
      Instant sealed = now.minusNanos(nanos - one.nanos);
      // By the source's clock, which may be another one's: what counts is how long ago it was there.
      Instant committed = now.minusNanos(Math.max(0, nowAtSource - one.header.firstCommitMicros()) * 1000);
      Instant start = committed.isBefore(sealed) ? committed : sealed;
      end(one.header, one.ids, Span.Stage.CAPTURE, start, now, Map.of("sealed", sealed));
      keep(new Waiting(one.header, one.ids, nanos));
    }
    appended.clear();
  }

  @Override
  public void dropped(UUID tenant) {
    appended.removeIf(one -> one.header.tenant().equals(tenant));
    synchronized (waiting) {
      waiting.remove(tenant);
    }
  }

  @Override
  public void fetched(FrameHeader header) {
    TraceIds ids = TraceIds.of(header);
    if (!ids.isWithin(sample)) {
      return;
    }
    long nanos = ticker.nanos();
    synchronized (waiting) {
      Waiting known = find(header);
      if (known == null) {
        known = new Waiting(header, ids, nanos); // it waited since before this start
        keep(known);
      }
      if (!known.taken) {
        known.taken = true;
        known.takenNanos = nanos;
      }
    }
  }

  @Override
  public void acknowledged(UUID tenant, long position) {
    List<Waiting> applied = applied(tenant, position);
    if (applied.isEmpty()) {
      return;
    }
    long nanos = ticker.nanos();
    Instant now = ticker.now();
    for (Waiting one : applied) {
      end(
          one.header,
          one.ids,
          Span.Stage.APPLY,
          now.minusNanos(nanos - one.sinceNanos),
          now,
          Map.of("taken", now.minusNanos(nanos - one.takenNanos)));
    }
  }

  /** What nobody has taken was at the target before: nothing was applied. */
  private List<Waiting> applied(UUID tenant, long position) {
    synchronized (waiting) {
      Deque<Waiting> frames = waiting.get(tenant);
      if (frames == null) {
        return List.of();
      }
      List<Waiting> applied = new ArrayList<>();
      while (!frames.isEmpty() && Long.compareUnsigned(frames.getFirst().header.lastPosition(), position) <= 0) {
        Waiting first = frames.removeFirst();
        if (first.taken) {
          applied.add(first);
        }
      }
      if (frames.isEmpty()) {
        waiting.remove(tenant);
      }
      return applied;
    }
  }

  private void keep(Waiting frame) {
    synchronized (waiting) {
      Deque<Waiting> frames = waiting.computeIfAbsent(frame.header.tenant(), t -> new ArrayDeque<>());
      frames.addLast(frame);
      if (frames.size() > FRAMES_PER_TENANT) {
        frames.removeFirst();
      }
      if (waiting.size() > TENANTS) {
        waiting.pollFirstEntry();
      }
    }
  }

  private @Nullable Waiting find(FrameHeader header) {
    Deque<Waiting> frames = waiting.get(header.tenant());
    if (frames != null) {
      for (Waiting one : frames) {
        if (one.header.sequence() == header.sequence()) {
          return one;
        }
      }
    }
    return null;
  }

  private void end(
      FrameHeader header, TraceIds ids, Span.Stage stage, Instant start, Instant end, Map<String, Instant> happened) {
    Map<String, Object> attributes = new HashMap<>();
    attributes.put("helios.source", source);
    attributes.put("helios.lsn.first", new Lsn(header.firstPosition()).toString());
    attributes.put("helios.lsn.last", new Lsn(header.lastPosition()).toString());
    attributes.put("helios.frame", header.sequence());
    attributes.put("helios.rows", (long) header.changes());
    attributes.put("helios.bytes.raw", (long) header.plainLength());
    attributes.put("helios.bytes.sealed", (long) header.sealedLength());
    Tenant tenant = tenants.apply(header.tenant());
    if (tenant != null) {
      attributes.put("helios.tenant", tenant.name());
      attributes.put("helios.target", tenant.target());
    }
    tracing.ended(
        new Span(
            ids.trace(),
            ids.span(stage),
            stage == Span.Stage.APPLY ? ids.span(Span.Stage.CAPTURE) : null,
            stage,
            start,
            end,
            happened,
            attributes));
  }
}
