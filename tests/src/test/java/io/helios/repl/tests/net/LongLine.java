package io.helios.repl.tests.net;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A line of 80 ms round trip and 100 Mbit/s: each direction carries so many bytes a second, each of which arrives so much later; unlike a
 * delay, it holds up no other.
 */
final class LongLine implements Closeable {

  static final Duration ONE_WAY = Duration.ofMillis(40);
  static final double BYTES_PER_SECOND = 100e6 / 8;

  private record Piece(byte[] bytes, long due) {}

  private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final int serverPort;

  LongLine(int serverPort) throws IOException {
    this.serverPort = serverPort;
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return listening.getLocalPort();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listening.accept();
        try {
          Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
          sockets.addAll(List.of(client, server));
          carry(client, server);
          carry(server, client);
        } catch (IOException e) {
          client.close(); // nobody listens there
        }
      }
    } catch (IOException closed) {
      // the test is over
    }
  }

  private static void carry(Socket from, Socket to) {
    BlockingQueue<Piece> line = new LinkedBlockingQueue<>();
    Thread.ofVirtual().start(() -> {
      long free = System.nanoTime();
      try {
        InputStream in = from.getInputStream();
        byte[] buffer = new byte[16 << 10];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          free = Math.max(free, System.nanoTime()) + (long) (n / BYTES_PER_SECOND * 1e9);
          line.add(new Piece(Arrays.copyOf(buffer, n), free + ONE_WAY.toNanos()));
        }
      } catch (IOException e) {
        // that end is gone, which the other one learns
      }
      line.add(new Piece(new byte[0], System.nanoTime() + ONE_WAY.toNanos()));
    });
    Thread.ofVirtual().start(() -> {
      try (to) {
        OutputStream out = to.getOutputStream();
        for (Piece piece = line.take(); piece.bytes().length > 0; piece = line.take()) {
          TimeUnit.NANOSECONDS.sleep(Math.max(0, piece.due() - System.nanoTime()));
          out.write(piece.bytes());
        }
      } catch (IOException | InterruptedException closed) {
        // that end is gone
      }
    });
  }

  @Override
  public void close() throws IOException {
    listening.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
