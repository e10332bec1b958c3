package io.helios.repl.postgres;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketOption;
import java.util.Objects;
import javax.net.SocketFactory;
import jdk.net.ExtendedSocketOptions;

/**
 * The sockets of all connections: TCP keepalives that find a dead peer in a minute instead of two hours, and a {@link
 * SocketWatch} each. pgjdbc makes this class by its name; the argument is a watch's id.
 */
public final class PgSocketFactory extends SocketFactory {

  private final SocketWatch watch;

  public PgSocketFactory(String watchId) {
    this.watch = Objects.requireNonNull(SocketWatch.of(watchId), "no watch");
  }

  @Override
  public Socket createSocket() throws IOException {
    Socket socket = watch.newSocket();
    try {
      socket.setKeepAlive(true);
      set(socket, ExtendedSocketOptions.TCP_KEEPIDLE, 30);
      set(socket, ExtendedSocketOptions.TCP_KEEPINTERVAL, 10);
      set(socket, ExtendedSocketOptions.TCP_KEEPCOUNT, 3);
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private static void set(Socket socket, SocketOption<Integer> option, int value) throws IOException {
    if (socket.supportedOptions().contains(option)) {
      socket.setOption(option, value);
    }
  }

  // pgjdbc uses the factory's plain method only (PGStream.createSocket).

  @Override
  public Socket createSocket(String host, int port) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort) {
    throw new UnsupportedOperationException();
  }
}
