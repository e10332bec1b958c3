package io.helios.repl.postgres;

import io.helios.repl.error.Backoff;
import io.helios.repl.error.HeliosException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends waits for servers that will never answer. pgjdbc waits for an answer, and for room to send, as long as the socket
 * lives; one whose peer has gone silent lives for a quarter of an hour (tcp(7): tcp_retries2), and for ever where something in
 * between answers in the peer's place. No timeout tells that from a statement that rightly takes hours. So after a while of
 * silence the server is asked, over a connection of its own, what our session does there:
 *
 * <ul>
 *   <li>It works, or waits for something of the server's: we wait on, and ask again.
 *   <li>It waits for us, or is not there any more: what we wait for will never come. The session is ended there, so that it
 *       holds no lock any longer, and the socket is closed here.
 *   <li>The server cannot be asked: the socket is closed, and the session is ended as soon as the server can be.
 * </ul>
 *
 * A login, and a stream in the middle of a message, are given up without asking. One thread for all sockets of the process;
 * each question has a passing one.
 */
final class SilenceWatch {

  private static final Logger LOG = LoggerFactory.getLogger(SilenceWatch.class);

  /** Nothing is asked before. */
  private static final Duration SILENCE = Duration.ofSeconds(15);

  /** What was sent may still be on its way, as far as the kernels at both ends hold so much, if it is not slower than this. */
  private static final long KERNEL_BYTES = 4 << 20;
  private static final long SLOWEST_BYTES_PER_SECOND = 128 << 10;

  /** An answer may be on its way just while we ask. */
  private static final Duration SECOND_LOOK = Duration.ofSeconds(2);

  /** How long a server's life is enough, if it does not let us ask. */
  private static final Duration UNTOLD = Duration.ofMinutes(5);

  private static final Duration TURN = Duration.ofSeconds(1);

  /** How long a session is looked for that was left behind at a server out of reach. By then the server's own limits have it. */
  private static final Duration LEFT_BEHIND = Duration.ofMinutes(10);

  private static final Set<WatchedSocket> OPEN = ConcurrentHashMap.newKeySet();
  private static final Set<WatchedSocket> ASKED_ABOUT = ConcurrentHashMap.newKeySet();

  static {
    Thread.ofPlatform().daemon().name("helios-silence").start(SilenceWatch::run);
  }

  private SilenceWatch() {}

  static void add(WatchedSocket socket) {
    OPEN.add(socket);
  }

  static void remove(WatchedSocket socket) {
    OPEN.remove(socket);
  }

  private static void run() {
    try {
      while (true) {
        Thread.sleep(TURN);
        OPEN.forEach(SilenceWatch::look);
      }
    } catch (InterruptedException e) {
      LOG.warn("{} was interrupted by a stranger and has ended", Thread.currentThread().getName());
    }
  }

  private static void look(WatchedSocket socket) {
    long since = socket.waitingSince();
    if (since == 0 || System.nanoTime() - since < patience(socket).toNanos()) {
      return;
    }
    ServerSession session = socket.watch.session();
    if (session == null || socket.watch.isQuick()) {
      socket.giveUp("the server has not answered for " + patience(socket).toSeconds() + " s");
      if (socket.watch.streams()) {
        leave(socket.watch);
      }
    } else if (ASKED_ABOUT.add(socket)) {
      Thread.ofVirtual().name("helios-ask").start(() -> {
        try {
          ask(socket, since, session);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        } finally {
          ASKED_ABOUT.remove(socket);
        }
      });
    }
  }

  private static Duration patience(WatchedSocket socket) {
    return SILENCE.plusSeconds(Math.min(socket.unanswered(), KERNEL_BYTES) / SLOWEST_BYTES_PER_SECOND);
  }

  private static void ask(WatchedSocket socket, long since, ServerSession session) throws InterruptedException {
    try (Connection other = PgConnections.openQuick(socket.watch.settings, "watch")) {
      if (session.look(other) == ServerSession.Doing.WORKS) {
        Thread.sleep(SILENCE);
        return;
      }
      Thread.sleep(SECOND_LOOK);
      ServerSession.Doing doing = session.look(other);
      if (doing == ServerSession.Doing.WORKS || socket.waitingSince() != since) {
        return;
      }
      socket.giveUp(
          doing == ServerSession.Doing.ENDED
              ? "the server has ended our session, and nothing of that came here"
              : "nothing comes through the connection any more: the server waits for us, and we wait for it");
      session.end(other);
    } catch (HeliosException | SQLException e) {
      if (e instanceof HeliosException refused && isAnswer(refused) && System.nanoTime() - since < UNTOLD.toNanos()) {
        // It lives, and does not tell: all of its connections are taken, say.
        Thread.sleep(SILENCE);
      } else if (socket.waitingSince() == since) {
        socket.giveUp("nothing was heard of the server for " + patience(socket).toSeconds() + " s, and it cannot be asked");
        leave(socket.watch);
      }
    }
  }

  private static boolean isAnswer(HeliosException refused) {
    return switch (refused.problem().code()) {
      case UNREACHABLE -> false;
      default -> true;
    };
  }

  /** Its connection was given up: the session is ended at the server as soon as that can be reached. Does not wait. */
  static void leave(SocketWatch watch) {
    ServerSession session = watch.session();
    if (session != null && watch.leave()) {
      Thread.ofVirtual().name("helios-ask").start(() -> {
        try {
          endLater(watch.settings, session);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      });
    }
  }

  private static void endLater(ConnectionSettings settings, ServerSession session) throws InterruptedException {
    Backoff backoff = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(15));
    long until = System.nanoTime() + LEFT_BEHIND.toNanos();
    for (int failures = 1; System.nanoTime() - until < 0; failures++) {
      try (Connection other = PgConnections.openQuick(settings, "watch")) {
        session.end(other);
        return;
      } catch (HeliosException | SQLException e) {
        LOG.debug("a session of ours at {} cannot be ended yet", settings.place(), e);
      }
      Thread.sleep(backoff.pause(failures));
    }
  }
}
