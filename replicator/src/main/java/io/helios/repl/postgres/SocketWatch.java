package io.helios.repl.postgres;

import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one connection below pgjdbc, which tells neither that a peer went silent nor, when polled, that it closed
 * the connection. pgjdbc makes the {@link PgSocketFactory} by its name, so a watch is handed to it by {@link #id}. Any thread.
 */
final class SocketWatch implements AutoCloseable {

  private static final Map<String, SocketWatch> WATCHES = new ConcurrentHashMap<>();

  /** pgjdbc looks whether a message is waiting by reading with this timeout, in milliseconds. */
  static final int PEEK_MILLIS = 1;

  final String id = UUID.randomUUID().toString();
  final ConnectionSettings settings;
  private final boolean streams;
  private volatile @Nullable ServerSession session;
  private volatile boolean quick;
  private final AtomicBoolean left = new AtomicBoolean();
  private volatile long lastReadNanos = System.nanoTime();
  private volatile boolean ended;
  private volatile int peekMillis = PEEK_MILLIS;
  private volatile boolean limited;
  private volatile long deadlineNanos;
  private volatile @Nullable Socket carrier;
  private final boolean relays;

  /** @param streams whether it is read by polling, in large pieces, and never silent in the middle of a message */
  SocketWatch(ConnectionSettings settings, boolean streams) {
    this(settings, streams, false);
  }

  private SocketWatch(ConnectionSettings settings, boolean streams, boolean relays) {
    this.settings = settings;
    this.streams = streams;
    this.relays = relays;
    WATCHES.put(id, this);
  }

  /** For a session that somebody else uses, who has a watch of his own: this one only keeps what carries it. */
  static SocketWatch relaying(ConnectionSettings settings) {
    return new SocketWatch(settings, false, true);
  }

  /** One whose sockets wait for this long at the most, all their waits together, until {@link #unlimited}. */
  static SocketWatch within(ConnectionSettings settings, Duration patience) {
    SocketWatch watch = new SocketWatch(settings, false);
    watch.deadlineNanos = System.nanoTime() + patience.toNanos();
    watch.limited = true;
    return watch;
  }

  boolean isLimited() {
    return limited;
  }

  void unlimited() {
    limited = false;
  }

  /** How long to wait where somebody would wait for so long; 0 is for ever. */
  int left(int millis) {
    if (!limited) {
      return millis;
    }
    long left = Math.max(1, (deadlineNanos - System.nanoTime()) / 1_000_000);
    return Math.toIntExact(millis == 0 ? left : Math.min(millis, left));
  }

  /** Not connected yet. */
  Socket newSocket() {
    Socket made = relays ? new Socket() : new WatchedSocket(this);
    carrier = made;
    return made;
  }

  /** The session goes on inside of this one. */
  void carriedBy(Socket tls) {
    carrier = tls;
  }

  /** What the session's bytes go through: the last socket that was made for it. */
  Socket carrier() {
    return Objects.requireNonNull(carrier);
  }

  static @Nullable SocketWatch of(String id) {
    return WATCHES.get(id);
  }

  boolean streams() {
    return streams;
  }

  /** The session that answers, to be asked about at the server; null while it is not known. */
  @Nullable ServerSession session() {
    return session;
  }

  void session(ServerSession known) {
    session = known;
  }

  /** Whether an answer that takes long is a lost one, and nobody need be asked. */
  boolean isQuick() {
    return quick || session == null;
  }

  void quick() {
    quick = true;
  }

  /** True for whoever is the first to give the session up, and has to see that it ends. */
  boolean leave() {
    return left.compareAndSet(false, true);
  }

  /** When bytes last came from the server. */
  long lastReadNanos() {
    return lastReadNanos;
  }

  /** Whether the server has closed. */
  boolean ended() {
    return ended;
  }

  /** How long a look for a message may wait for one: a thousand looks a second cost an idle source some CPU. */
  void peekFor(int millis) {
    peekMillis = millis;
  }

  int peekMillis() {
    return peekMillis;
  }

  /** Told by whoever reads. */
  void read(int count) {
    if (count < 0) {
      ended = true;
    } else {
      lastReadNanos = System.nanoTime();
    }
  }

  /** No further socket will join it; those that did go on. */
  @Override
  public void close() {
    WATCHES.remove(id);
  }
}
