package io.helios.repl.peer;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameSource;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal of a peer's source, over HTTP. What TLS there is, the client brings along. Any thread.
 *
 * <p>Frames come in large pieces, the next one asked for while the last one is applied, so that a long line is filled; of all tenants
 * together no more than {@value #BUFFER_BYTES} bytes are held ahead. One request, which waits at the peer, brings the news of all tenants, and with
 * it, where they are small, the new frames of those that had some last: such a frame takes half a round trip to come.
 * What is applied is told by a thread of its own, the latest of each tenant, again and again until it has arrived: nobody waits for it, and
 * where this process ends before, the tenant's next turn tells it.
 */
public final class HttpFrameSource implements FrameSource, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(HttpFrameSource.class);

  static final long BUFFER_BYTES = 64 << 20;

  private static final int LARGEST_PIECE = 4 << 20;
  private static final int SMALLEST_PIECE = 64 << 10;
  private static final Duration FIRST_BYTE = Duration.ofSeconds(10);
  private static final Duration WHOLE_ANSWER = Duration.ofSeconds(60);
  private static final Duration NEWS_WAIT = Duration.ofSeconds(20);
  private static final Duration PAUSE = Duration.ofMillis(500);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final HttpClient http;
  private final URI base;
  private final String what;
  private final Map<UUID, Ahead> tenants = new ConcurrentHashMap<>();
  private final AtomicLong buffered = new AtomicLong();
  private final SequencedMap<UUID, UUID> followed = new LinkedHashMap<>(64, 0.75f, true);
  private final Object lock = new Object();
  private final Map<UUID, Long> news = new HashMap<>();
  private final Map<UUID, Long> applied = new HashMap<>();
  private final List<Thread> threads = new ArrayList<>();
  private long mark;
  private boolean closed;
  private final AtomicBoolean probing = new AtomicBoolean();
  private volatile @Nullable TransientException away;
  private volatile long capturedUpTo;
  private volatile int piece = LARGEST_PIECE;

  /** What is here of a tenant, and on its way. Guarded by its lock, but for what is volatile. */
  private static final class Ahead {
    final ReentrantLock lock = new ReentrantLock();
    final FrameWindow window;
    long counted;
    @Nullable Asked asked;

    /** Followed from here, as far as that is known; 0: not. */
    volatile long next;

    /** Where what is here ends: what comes next is behind it, and what is applied by then is not. */
    volatile long end;

    /** Whether everything that the news speak of is here: then nothing need be asked for. Made true by the news alone. */
    volatile boolean complete;

    Ahead(UUID tenant) {
      this.window = new FrameWindow(tenant);
    }
  }

  private record Asked(long after, long from, int bytes, CompletableFuture<HttpResponse<byte[]>> answer) {}

  private HttpFrameSource(HttpClient http, URI peer, String source) {
    this.http = http;
    this.base = peer.resolve("/peer/v1/sources/" + source + "/");
    this.what = "the frames of source \"" + source + "\" at " + peer;
  }

  /**
   * Begins to ask for news.
   *
   * @param peer of which only scheme, host and port count
   * @param source its name there
   */
  public static HttpFrameSource open(HttpClient http, URI peer, String source) {
    HttpFrameSource made = new HttpFrameSource(http, peer, source);
    made.threads.add(Thread.ofVirtual().name("helios-news-" + source).start(made::listen));
    made.threads.add(Thread.ofVirtual().name("helios-applied-" + source).start(made::tell));
    return made;
  }

  /**
   * As {@link FrameSource#fetch}.
   *
   * @throws TransientException when the peer is out of reach
   * @throws OperatorException what the peer says: the tenant is not given to this region, or the journal has let go of what is asked for
   */
  @Override
  public List<Frame> fetch(UUID tenant, long afterPosition, long fromSequence, int maxBytes) {
    while (true) {
      Ahead ahead = tenants.computeIfAbsent(tenant, Ahead::new);
      ahead.lock.lock();
      try {
        if (tenants.get(tenant) == ahead) { // else it was given up by another thread meanwhile
          return fetch(ahead, tenant, afterPosition, fromSequence, maxBytes);
        }
      } finally {
        leave(ahead, tenant);
        ahead.lock.unlock();
      }
    }
  }

  private void leave(Ahead ahead, UUID tenant) {
    count(ahead);
    ahead.next = ahead.window.next();
    ahead.end = ahead.window.end();
    if (ahead.window.isEmpty() && ahead.asked == null && !isFollowed(tenant)) {
      tenants.remove(tenant, ahead);
    }
  }

  private List<Frame> fetch(Ahead ahead, UUID tenant, long after, long from, int maxBytes) {
    FrameWindow window = ahead.window;
    window.seek(after, from);
    Asked asked = ahead.asked;
    boolean more = false;
    if (asked != null && (window.isEmpty() || asked.answer().isDone())) {
      ahead.asked = null;
      more = take(window, asked);
      window.seek(after, from);
    }
    boolean followsOn = from != 0 ? window.next() == from : window.end() != 0 && window.end() == after;
    if (window.isEmpty() && ahead.complete && followsOn) {
      return List.of(); // the news would have brought more
    }
    if (window.isEmpty()) {
      // Also where what was asked for ahead brought nothing: that was before the caller knew how far the source is captured.
      int bytes = room(maxBytes);
      List<Frame> came = askNow(tenant, after, from, bytes);
      if (!window.offer(came, after, from)) {
        return came; // who reads them says what is wrong with them
      }
      window.seek(after, from);
      more = isFull(came, bytes);
    }
    if (more) {
      askAhead(ahead, tenant, after);
    }
    List<Frame> frames = window.first(maxBytes);
    if (!frames.isEmpty()) {
      follow(tenant);
    }
    return frames;
  }

  /**
   * Who asks waits, and is an applier that others need as well. So where the peer was out of reach, one at a time finds out whether it still is.
   */
  private List<Frame> askNow(UUID tenant, long after, long from, int bytes) {
    TransientException before = away;
    boolean probes = before != null;
    if (before != null && !probing.compareAndSet(false, true)) {
      throw new TransientException(before.problem(), before);
    }
    try {
      HttpResponse<byte[]> answer = answer(ask(tenant, after, from, bytes));
      away = null;
      return FrameWire.decodeFrames(body(answer));
    } catch (TransientException e) {
      if (e.problem().code() == ErrorCode.PEER_UNREACHABLE) {
        away = e;
      }
      throw e;
    } finally {
      if (probes) {
        probing.set(false);
      }
    }
  }

  /**
   * A failure shows when it is asked for again.
   *
   * @return whether there is probably more
   */
  private boolean take(FrameWindow window, Asked asked) {
    try {
      List<Frame> came = FrameWire.decodeFrames(body(answer(asked.answer())));
      return asked.from() == window.next()
          && window.offer(came, asked.after(), asked.from())
          && isFull(came, asked.bytes());
    } catch (HeliosException e) {
      LOG.debug("{} did not come ahead: {}", what, e.getMessage());
      return false;
    }
  }

  private void askAhead(Ahead ahead, UUID tenant, long after) {
    long from = ahead.window.next();
    if (from > 0 && ahead.window.bytes() < LARGEST_PIECE * 2L && buffered.get() < BUFFER_BYTES) {
      int bytes = piece;
      ahead.asked = new Asked(after, from, bytes, ask(tenant, after, from, bytes));
    }
  }

  /** As much as fits: more than was asked for, where there is room for the rest. */
  private int room(int maxBytes) {
    int least = Math.min(maxBytes, FrameWire.LARGEST_FETCH);
    return buffered.get() < BUFFER_BYTES ? piece : Math.min(least, piece);
  }

  private static boolean isFull(List<Frame> frames, int asked) {
    return frames.stream().mapToLong(f -> f.sealed().length).sum() >= asked / 2;
  }

  private void count(Ahead ahead) {
    long now = ahead.window.bytes();
    buffered.addAndGet(now - ahead.counted);
    ahead.counted = now;
  }

  private CompletableFuture<HttpResponse<byte[]>> ask(UUID tenant, long after, long from, int bytes) {
    return send(
        HttpRequest.newBuilder(
                base.resolve(
                    "frames?tenant=" + tenant + "&position=" + Long.toUnsignedString(after) + "&sequence=" + from + "&max=" + bytes))
            .timeout(FIRST_BYTE)
            .build());
  }

  private CompletableFuture<HttpResponse<byte[]>> send(HttpRequest request) {
    return http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), FrameWire.LARGEST_BYTES));
  }

  /** What came, whole; a line that is too slow for a piece gets smaller ones. */
  private HttpResponse<byte[]> answer(CompletableFuture<HttpResponse<byte[]>> asked) {
    try {
      HttpResponse<byte[]> answer = asked.get(WHOLE_ANSWER.toMillis(), TimeUnit.MILLISECONDS);
      piece = Math.min(LARGEST_PIECE, piece * 2);
      return answer;
    } catch (ExecutionException e) {
      throw unreachable(e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException e) {
      asked.cancel(true);
      piece = Math.max(SMALLEST_PIECE, piece / 4);
      throw unreachable(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unreachable(e);
    }
  }

  private byte[] body(HttpResponse<byte[]> answer) {
    return PeerAnswer.body(answer, what);
  }

  private TransientException unreachable(Throwable cause) {
    return new TransientException(
        new Problem(
            ErrorCode.PEER_UNREACHABLE,
            what + " cannot be had",
            cause.getClass().getSimpleName() + (cause instanceof IOException && cause.getMessage() != null ? ": " + cause.getMessage() : ""),
            "helios-repl server status shows how the peer is; it is tried again"),
        cause);
  }

  /** As the peer last said: never more than what it has captured by now. */
  @Override
  public long capturedUpTo() {
    return capturedUpTo;
  }

  @Override
  public void acknowledge(UUID tenant, long position) {
    synchronized (lock) {
      applied.put(tenant, position);
      lock.notifyAll();
    }
  }

  @Override
  public Arrivals arrivals(long since, Duration timeout) throws InterruptedException {
    long end = System.nanoTime() + timeout.toNanos();
    synchronized (lock) {
      while (mark <= since && !closed) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0) {
          break;
        }
        lock.wait(left);
      }
      List<UUID> tenantsWithNews = new ArrayList<>();
      news.forEach(
          (tenant, at) -> {
            if (at > since) {
              tenantsWithNews.add(tenant);
            }
          });
      return new Arrivals(mark, List.copyOf(tenantsWithNews));
    }
  }

  /** It is one of those that had frames last: the next ones come with their news. */
  private void follow(UUID tenant) {
    UUID left = null;
    synchronized (followed) {
      followed.put(tenant, tenant);
      if (followed.size() > FrameWire.MOST_FOLLOWED) {
        left = followed.firstEntry().getKey();
        followed.remove(left);
      }
    }
    Ahead ahead = left == null ? null : tenants.get(left);
    if (ahead != null) {
      ahead.complete = false;
    }
  }

  private boolean isFollowed(UUID tenant) {
    synchronized (followed) {
      return followed.containsKey(tenant);
    }
  }

  private Map<UUID, FrameWire.Followed> followed() {
    List<UUID> all;
    synchronized (followed) {
      all = List.copyOf(followed.keySet());
    }
    Map<UUID, FrameWire.Followed> from = new LinkedHashMap<>();
    for (UUID tenant : all) {
      Ahead ahead = tenants.get(tenant);
      if (ahead != null && ahead.next != 0) {
        from.put(tenant, new FrameWire.Followed(tenant, ahead.end, ahead.next));
      }
    }
    return from;
  }

  /**
   * Frames that came with the news of them. Where somebody is just asking for others of the tenant, he is not waited for: these are asked
   * for then.
   *
   * @param wanted from where on; what stands before that, when it was begun anew meanwhile, they say nothing of
   */
  private void take(FrameWire.Enclosed enclosed, FrameWire.@Nullable Followed wanted) {
    Ahead ahead = tenants.get(enclosed.tenant());
    if (ahead == null || wanted == null || !ahead.lock.tryLock()) {
      return;
    }
    try {
      FrameWindow window = ahead.window;
      long next = window.next();
      List<Frame> further = enclosed.frames().stream().filter(frame -> frame.header().sequence() >= next).toList();
      boolean follows =
          next >= wanted.sequence()
              && (further.isEmpty() || further.getFirst().header().sequence() == next)
              && window.bytes() < LARGEST_PIECE * 2L
              && tenants.get(enclosed.tenant()) == ahead;
      if (follows && window.offer(further, ahead.end, next)) {
        count(ahead);
        ahead.next = window.next();
        ahead.end = window.end();
        ahead.complete = !enclosed.more();
      }
    } finally {
      ahead.lock.unlock();
    }
  }

  /** One thread: the peer's news, as they come. */
  private void listen() {
    long theirs = 0;
    try {
      while (!Thread.currentThread().isInterrupted()) {
        try {
          Map<UUID, FrameWire.Followed> wanted = followed();
          FrameWire.News came = FrameWire.decodeNews(body(answer(askNews(theirs, wanted.values()))));
          theirs = came.arrivals().mark();
          note(came, wanted);
        } catch (HeliosException e) {
          LOG.debug("no news: {}", e.getMessage());
          tenants.values().forEach(ahead -> ahead.complete = false);
          theirs = 0; // another process may answer next: its marks are others, and all it has is news
          Thread.sleep(PAUSE);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private CompletableFuture<HttpResponse<byte[]>> askNews(long since, Collection<FrameWire.Followed> wanted) {
    String query =
        "news?mark=" + since + "&captured=" + Long.toUnsignedString(capturedUpTo) + "&wait=" + NEWS_WAIT.toMillis() + "ms&followed="
            + wanted.stream().map(FrameWire.Followed::toString).collect(Collectors.joining(","));
    return send(HttpRequest.newBuilder(base.resolve(query)).timeout(NEWS_WAIT.plus(FIRST_BYTE)).build());
  }

  private void note(FrameWire.News came, Map<UUID, FrameWire.Followed> wanted) {
    for (UUID tenant : came.arrivals().tenants()) {
      Ahead ahead = tenants.get(tenant);
      if (ahead != null) {
        ahead.complete = false;
      }
    }
    came.enclosed().forEach(enclosed -> take(enclosed, wanted.get(enclosed.tenant())));
    synchronized (lock) {
      capturedUpTo = came.capturedUpTo();
      if (!came.arrivals().tenants().isEmpty()) {
        mark++;
        came.arrivals().tenants().forEach(tenant -> news.put(tenant, mark));
        lock.notifyAll();
      }
    }
  }

  /** One thread: what is applied, to the peer. */
  private void tell() {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        Map<UUID, Long> telling;
        synchronized (lock) {
          while (applied.isEmpty()) {
            lock.wait();
          }
          telling = new HashMap<>(applied);
        }
        try {
          body(
              answer(
                  send(
                      HttpRequest.newBuilder(base.resolve("applied"))
                          .timeout(FIRST_BYTE)
                          .POST(HttpRequest.BodyPublishers.ofByteArray(FrameWire.encode(telling)))
                          .build())));
          synchronized (lock) {
            telling.forEach(applied::remove);
          }
        } catch (HeliosException e) {
          LOG.debug("what is applied is told later: {}", e.getMessage());
          Thread.sleep(PAUSE);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  /** Leaves the client to whom it belongs. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
    threads.forEach(Thread::interrupt);
    try {
      for (Thread thread : threads) {
        if (!thread.join(PATIENCE)) {
          LOG.warn("{} does not end; it is left behind", thread.getName());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
