package io.helios.repl.postgres;

import java.io.IOException;
import java.net.Socket;
import java.util.Objects;
import java.util.Properties;
import org.postgresql.PGProperty;
import org.postgresql.ssl.LibPQFactory;
import org.postgresql.util.PSQLException;

/** pgjdbc's own TLS, which tells the {@link SocketWatch} what a session goes on in. pgjdbc makes this class by its name. */
public final class RelayTlsFactory extends LibPQFactory {

  private final SocketWatch watch;

  public RelayTlsFactory(Properties properties) throws PSQLException {
    super(properties);
    String id = Objects.requireNonNull(PGProperty.SOCKET_FACTORY_ARG.getOrDefault(properties), "no watch");
    this.watch = Objects.requireNonNull(SocketWatch.of(id), "no watch");
  }

  @Override
  public Socket createSocket(Socket plain, String host, int port, boolean autoClose) throws IOException {
    Socket tls = super.createSocket(plain, host, port, autoClose);
    watch.carriedBy(tls);
    return tls;
  }
}
