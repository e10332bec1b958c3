package io.helios.repl.server;

import io.helios.repl.config.ListenAddress;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.javalin.Javalin;
import io.javalin.config.RoutesConfig;
import java.net.BindException;
import java.net.SocketException;
import java.nio.channels.UnresolvedAddressException;
import java.util.function.Consumer;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.NetworkConnector;
import org.jspecify.annotations.Nullable;

/** How a server listens: where, with which certificate, how long bodies may be. */
final class HttpListener {

  private static final long LARGEST_BODY = 8 << 20;
  private static final long STOP_MILLIS = 2_000;

  /** From the acceptor's hands to a selector's, which knows it from then on. */
  private static final long LETTING_IN_MILLIS = 100;

  private HttpListener() {}

  /**
   * Listens.
   *
   * @param https null for plain HTTP
   * @throws OperatorException when it cannot
   */
  static Javalin start(ListenAddress listen, @Nullable TlsConnector https, Consumer<RoutesConfig> routes) {
    Javalin http =
        Javalin.create(
            c -> {
              c.startup.showJavalinBanner = false;
              c.startup.showOldJavalinVersionWarning = false;
              c.startup.startupWatcherEnabled = false;
              c.concurrency.useVirtualThreads = true;
              c.http.maxRequestSize = LARGEST_BODY;
              c.http.prefer405over404 = true;
              c.jetty.modifyServer(server -> server.setStopTimeout(STOP_MILLIS));
              c.jetty.modifyHttpConfiguration(h -> h.setSendServerVersion(false));
              if (https != null) {
                c.jetty.addConnector((server, h) -> https.connector(server, h, listen));
              }
              routes.accept(c.routes);
            });
    try {
      http.start(listen.host(), listen.port());
      return http;
    } catch (RuntimeException e) {
      http.stop();
      throw refused(listen, e);
    }
  }

  /**
   * Lets nobody in any more, then those who are in end, then stops. Jetty alone does it in one: who is let in at that very moment is neither answered
   * nor hung up on, and waits for as long as this process lives.
   */
  static void stop(Javalin http) {
    for (Connector connector : http.jettyServer().server().getConnectors()) {
      if (connector instanceof NetworkConnector listening) {
        listening.close();
      }
    }
    try {
      Thread.sleep(LETTING_IN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    http.stop();
  }

  private static RuntimeException refused(ListenAddress listen, RuntimeException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof BindException || cause instanceof UnresolvedAddressException || cause instanceof SocketException) {
        return new OperatorException(
            new Problem(
                ErrorCode.LISTEN_FAILED,
                "the server cannot listen on " + listen,
                String.valueOf(cause.getMessage()),
                "stop what listens there, or choose another address: --listen 127.0.0.1:7401"),
            e);
      }
    }
    return e;
  }
}
