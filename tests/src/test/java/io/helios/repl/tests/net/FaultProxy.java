package io.helios.repl.tests.net;

import io.helios.repl.postgres.ConnectionSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Stands on loopback before a server, and can be told at any time to be a bad network. Faults are of a direction and concern
 * links that are open as well as later ones, but for {@link #cut} and {@link #loseOpenLinks}. It owns each connection and
 * closes all of them in the end. Any thread.
 */
public final class FaultProxy implements AutoCloseable {

  public enum Direction {
    TO_SERVER,
    TO_CLIENT
  }

  /** What becomes of bytes. */
  public sealed interface Fault {}

  public record Pass() implements Fault {}

  /** Half-open: they vanish, and the link never works again; each end believes that the other one is there. */
  public record Swallow() implements Fault {}

  /** Each piece of at most 64 KiB waits so long. */
  public record Delay(Duration pause) implements Fault {}

  public record Throttle(int bytesPerSecond) implements Fault {}

  /** After so many bytes of all links together, the link that carries the next one is reset. */
  public record CutAfter(long bytes, AtomicLong passed) implements Fault {
    CutAfter(long bytes) {
      this(bytes, new AtomicLong());
    }
  }

  private final int serverPort;
  private final int port;
  private final Set<Link> links = ConcurrentHashMap.newKeySet();
  private volatile Fault toServer = new Pass();
  private volatile Fault toClient = new Pass();
  private volatile @Nullable ServerSocket listening;

  public FaultProxy(int serverPort) {
    this.serverPort = serverPort;
    this.port = listen(0);
  }

  public int port() {
    return port;
  }

  /** The same login through here. */
  public ConnectionSettings through(ConnectionSettings direct) {
    return new ConnectionSettings(
        "127.0.0.1", port, direct.database(), direct.user(), direct.password(), direct.parameters());
  }

  public int openLinks() {
    return links.size();
  }

  /** Both directions. */
  public void set(Fault fault) {
    toServer = fault;
    toClient = fault;
  }

  public void set(Direction direction, Fault fault) {
    switch (direction) {
      case TO_SERVER -> toServer = fault;
      case TO_CLIENT -> toClient = fault;
    }
  }

  /** Ends the open links: with RST, or as if either end had closed. */
  public void cut(boolean reset) {
    links.forEach(link -> link.end(reset));
  }

  /** Open links become half-open, in both directions and for ever; later ones are as they should be. */
  public void loseOpenLinks() {
    links.forEach(link -> link.lost = true);
  }

  /** Later connections are refused; open links go on. */
  public void refuse() {
    closeQuietly(listening);
    listening = null;
  }

  /** Ends {@link #refuse}. */
  public void accept() {
    listen(port);
  }

  /** No fault any more; links that were half-open stay so. */
  public void heal() {
    set(new Pass());
    if (listening == null) {
      accept();
    }
  }

  @Override
  public void close() {
    refuse();
    cut(false);
  }

  private int listen(int onPort) {
    try {
      ServerSocket server = new ServerSocket();
      server.setReuseAddress(true);
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), onPort), 200);
      listening = server;
      Thread.ofVirtual().name("fault-proxy").start(() -> acceptFrom(server));
      return server.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void acceptFrom(ServerSocket server) {
    while (true) {
      Socket client;
      try {
        client = server.accept();
      } catch (IOException e) {
        return; // closed
      }
      try {
        Socket upstream = new Socket(InetAddress.getLoopbackAddress(), serverPort);
        client.setTcpNoDelay(true);
        upstream.setTcpNoDelay(true);
        Link link = new Link(client, upstream);
        links.add(link);
        link.start();
      } catch (IOException e) {
        closeQuietly(client);
      }
    }
  }

  private Fault fault(Direction direction) {
    return direction == Direction.TO_SERVER ? toServer : toClient;
  }

  private static void closeQuietly(@Nullable AutoCloseable open) {
    try {
      if (open != null) {
        open.close();
      }
    } catch (Exception e) {
      // Closed it is.
    }
  }

  private final class Link {

    private final Socket client;
    private final Socket server;
    private volatile boolean lost;

    Link(Socket client, Socket server) {
      this.client = client;
      this.server = server;
    }

    void start() {
      Thread.ofVirtual().start(() -> pump(client, server, Direction.TO_SERVER));
      Thread.ofVirtual().start(() -> pump(server, client, Direction.TO_CLIENT));
    }

    private void pump(Socket from, Socket to, Direction direction) {
      byte[] piece = new byte[64 << 10];
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        while (true) {
          Fault now = fault(direction);
          int most = now instanceof Throttle(int rate) ? Math.clamp(rate / 20, 1, piece.length) : piece.length;
          int count = in.read(piece, 0, most);
          if (count < 0) {
            break;
          }
          carry(piece, count, out, direction);
        }
      } catch (IOException e) {
        // An end is gone.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      if (!lost && !(fault(direction) instanceof Swallow)) {
        end(false);
      }
      // Else the other end never learns of it, until the proxy is closed.
    }

    private void carry(byte[] piece, int count, OutputStream out, Direction direction)
        throws IOException, InterruptedException {
      Fault fault = fault(direction);
      if (lost || fault instanceof Swallow) {
        lost = true;
        return;
      }
      switch (fault) {
        case Pass _, Swallow _ -> { }
        case Delay(Duration pause) -> Thread.sleep(pause);
        case Throttle(int rate) -> Thread.sleep(Duration.ofNanos(1_000_000_000L * count / rate));
        case CutAfter(long bytes, AtomicLong passed) -> {
          if (passed.addAndGet(count) > bytes) {
            end(true);
            throw new SocketException("cut");
          }
        }
      }
      if (!lost) {
        out.write(piece, 0, count);
      }
    }

    void end(boolean reset) {
      links.remove(this);
      for (Socket socket : new Socket[] {client, server}) {
        try {
          if (reset) {
            socket.setSoLinger(true, 0);
          }
          socket.close();
        } catch (IOException e) {
          // Closed it is.
        }
      }
    }
  }
}
