package io.helios.repl.server;

import io.helios.repl.error.HeliosException;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.postgres.RelayedSession;
import io.helios.repl.postgres.SessionStart;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.api.StatusCode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session of a target's database for another region's server: begins as PostgreSQL would, logs in by itself, and from then on hands
 * bytes over in both directions. Neither side gets further ahead than what the other one takes. {@link #take} belongs to the
 * WebSocket's reader, what goes back to a thread of its own; {@link #close} is for any.
 */
final class SessionRelay implements AutoCloseable {

  /** What the other side breaks the session's work off with: ours, since the database's own is pgjdbc's secret. */
  record Key(int processId, int secret) {}

  private static final Logger LOG = LoggerFactory.getLogger(SessionRelay.class);
  private static final int PIECE = 32 << 10;
  private static final String NAME = "helios-repl/";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final TargetSettings target;
  private final String region;
  private final Session socket;
  private final Function<Key, Optional<SessionRelay>> others;
  private final ByteArrayOutputStream beginning = new ByteArrayOutputStream();
  private @Nullable OutputStream toDatabase;
  private volatile @Nullable RelayedSession session;
  private volatile @Nullable Key key;
  private volatile boolean closed;

  /** @param others those of this server, by what they are broken off with */
  SessionRelay(TargetSettings target, String region, Session socket, Function<Key, Optional<SessionRelay>> others) {
    this.target = target;
    this.region = region;
    this.socket = socket;
    this.others = others;
  }

  @Nullable Key key() {
    return key;
  }

  /** What came from the other side; waits until the database has taken it. */
  void take(ByteBuffer message) throws InterruptedException {
    try {
      byte[] bytes = new byte[message.remaining()];
      message.get(bytes);
      OutputStream out = toDatabase;
      if (out != null) {
        out.write(bytes);
        out.flush();
        return;
      }
      beginning.writeBytes(bytes);
      SessionStart start = SessionStart.read(ByteBuffer.wrap(beginning.toByteArray()));
      switch (start) {
        case null -> { }
        case SessionStart.Cancel cancel -> cancel(cancel);
        case SessionStart.Session wanted -> begin(wanted);
      }
    } catch (IllegalArgumentException e) {
      LOG.warn("region {} begins no session of target {}: {}", region, target.name(), e.getMessage());
      end(StatusCode.PROTOCOL);
    } catch (IOException e) {
      end(StatusCode.NORMAL); // the database has ended it; who used it learns by the end
    }
  }

  private void begin(SessionStart.Session wanted) throws IOException, InterruptedException {
    String asked = wanted.parameters().getOrDefault("application_name", "");
    RelayedSession made;
    try {
      made = RelayedSession.open(target.connection(), asked.startsWith(NAME) ? asked : NAME + "relay", wanted.replication());
    } catch (HeliosException e) {
      send(SessionStart.refusal(sqlState(e), e.problem().message() + ": " + e.problem().why()), PIECE);
      end(StatusCode.NORMAL);
      return;
    }
    Key mine = new Key(made.processId(), RANDOM.nextInt());
    session = made;
    key = mine;
    toDatabase = made.output();
    if (closed) {
      made.close();
      return;
    }
    send(SessionStart.welcome(made.parameters(), mine.processId(), mine.secret()), PIECE);
    Thread.ofVirtual().name("helios-relay-" + target.name()).start(() -> pump(made));
  }

  /** As the database's own, so that it is classified on the other side as it would be here. */
  private static String sqlState(HeliosException e) {
    return e.getCause() instanceof SQLException sql && sql.getSQLState() != null ? sql.getSQLState() : "08006";
  }

  private void pump(RelayedSession from) {
    byte[] piece = new byte[PIECE];
    try {
      for (int count = from.input().read(piece); count >= 0; count = from.input().read(piece)) {
        send(piece, count);
      }
    } catch (IOException e) {
      LOG.debug("a session of target {} for region {} has ended", target.name(), region, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    end(StatusCode.NORMAL);
  }

  /** Returns when it is on its way. */
  private void send(byte[] bytes, int count) throws IOException, InterruptedException {
    Callback.Completable sent = new Callback.Completable();
    socket.sendBinary(ByteBuffer.wrap(bytes, 0, Math.min(count, bytes.length)), sent);
    try {
      sent.get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    }
  }

  private void cancel(SessionStart.Cancel asked) {
    others.apply(new Key(asked.processId(), asked.secret())).ifPresent(SessionRelay::breakOff);
    end(StatusCode.NORMAL);
  }

  private void breakOff() {
    RelayedSession running = session;
    try {
      if (running != null) {
        running.cancel();
      }
    } catch (SQLException e) {
      LOG.warn("what a session of target {} does cannot be broken off: {}", target.name(), e.getMessage());
    }
  }

  private void end(int status) {
    socket.close(status, "", Callback.NOOP);
    close();
  }

  /** The database's session ends too, and whatever it had open. */
  @Override
  public void close() {
    closed = true;
    RelayedSession running = session;
    try {
      if (running != null) {
        running.close();
      }
      if (socket.isOpen()) {
        socket.close(StatusCode.SHUTDOWN, "", Callback.NOOP);
      }
    } catch (IOException e) {
      LOG.debug("a session of target {} did not close well", target.name(), e);
    }
  }
}
